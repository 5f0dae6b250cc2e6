import {
  type DecisionAction,
  type FrozenState,
  type MonitorDecision,
  RULES,
} from '../../core/monitor-decision.ts';

const HELD: Readonly<Record<FrozenState | 'widened', string>> = {
  'comparisons-frozen': 'comparisons across the assay change are frozen',
  'release-frozen': 'the release is frozen',
  'out-of-domain-frozen': 'predictions outside the domain are frozen',
  widened: 'the monitoring is widened',
};

/** A decision in a few sentences, the action first. */
export function decisionWords({
  policy,
  actions,
  rules,
  missing,
  inForce,
  outcome,
}: Omit<MonitorDecision, 'id' | 'inWords'>): string {
  if (!policy) return 'Not evaluable: no policy was in effect when this was seen. Nothing is decided.';
  const fired = rules.filter(({ rule, state }) => state === 'fired' && rule !== 'labels-not-ready');
  const waiting = rules.filter(({ state }) => state === 'cooldown');
  const barred = missing.map(({ inWords }) => inWords).join('; ');
  const told = [
    ...actions.map(actionWords),
    ...fired.map(({ rule }) => `Rule ${rule}: ${RULES[rule]}.`),
    ...waiting.map(({ rule, reasons }) => `Rule ${rule} is met, and waits: ${reasons.at(-1)}.`),
    ...inForce.map(({ state, since }) => `In force since ${since.slice(0, 10)}: ${HELD[state]}.`),
  ];
  if (outcome === 'carry-on') {
    // What labels lack is told below.
    const silent = rules.filter(
      ({ rule, state }) => state === 'not-evaluable' && (rule === 'drift-only' || rule === 'out-of-domain'),
    );
    told.unshift(
      'Carry on.',
      ...silent.map(({ rule, reasons }) => `Not judged: ${rule} (${reasons.join('; ')}).`),
    );
  }
  if (outcome === 'not-evaluable') {
    const reasons = new Set(
      rules.filter(({ state }) => state === 'not-evaluable').flatMap((one) => one.reasons),
    );
    told.unshift(`Not evaluable: ${[...reasons].join('; ')}.`);
  }
  if (barred) told.push(`Nothing is retrained: ${barred}.`);
  return told.join(' ');
}

function actionWords(action: DecisionAction): string {
  switch (action.action) {
    case 'freeze-comparisons': {
      const since = action.changedFrom
        ? ` of ${action.changedFrom.slice(0, 10)}`
        : ' that bridge compounds show';
      return `Freeze comparisons across the change${since}; a new dataset version is required.`;
    }
    case 'freeze-release':
      return action.answer === 'mark'
        ? 'Freeze the release: its answers are marked as frozen.'
        : 'Freeze the release: it refuses to answer.';
    case 'freeze-out-of-domain':
      return 'Freeze predictions outside the domain: they are marked, and not returned as valid.';
    case 'retrain':
      return 'Retrain; what comes of it is a candidate at the release gate.';
    case 'widen': {
      const { intervalFactor, series, labelsAsked } = action;
      return `Widen the monitoring: the time between checks times ${intervalFactor}, ${series.length} more series, ${labelsAsked} labels asked for.`;
    }
    case 'return-to-normal':
      return 'Return to normal monitoring.';
  }
}
