import type { LabelEvidence, Missing, MonitorEvidence, RuleJudgement } from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import { checkBound, numberText, type Seen } from './bound-check.ts';
import { wealth } from './drift-in-check.ts';
import { concludeRun, type Judging, judgement, type Run, runOf } from './judging.ts';

/** What the labels and losses of a check lead to. */
export interface LossJudgement {
  readonly loss: RuleJudgement;
  readonly retrain: RuleJudgement;
  readonly labels: RuleJudgement;
  readonly missing: readonly Missing[];
}

/** Whether the release is frozen, and whether that is worth a retrain; what labels lack where it cannot be said. */
export function judgeLoss(judging: Judging, isAcrossChange: boolean): LossJudgement {
  const { policy, state, checks } = judging;
  const { id, evidence } = checks[checks.length - 1];
  const since = Math.max(state.resumedAt('release-frozen'), state.resumedAt('comparisons-frozen'));
  const needed = { checks: policy.sustainedLoss.sustained, field: 'sustainedLoss.sustained' };
  const run = runOf(judging, since, needed, (check) => see(policy, check.evidence, isAcrossChange));
  const missing = missingIn(policy, evidence.labels);
  const labels = judgement('labels-not-ready', labelsState(evidence.labels, missing), {
    reasons: missing.map(({ inWords }) => inWords),
    bounds: evidence.labels ? labelBounds(policy, evidence.labels) : [],
    rests: [id],
  });
  return {
    loss: concludeRun(judging, 'sustained-loss', run, { action: 'freeze-release', begins: 'release-frozen' }),
    retrain: judgeRetrain(judging, run, evidence, missing),
    // Of labels the bounds that hold are good news: what would end the bar is the one that does not.
    labels: labels.state === 'fired' ? { ...labels, ...untilReady(labels) } : labels,
    missing,
  };
}

function see(policy: MonitorPolicy, { labels, loss }: MonitorEvidence, isAcrossChange: boolean): Seen {
  const { alpha, toleratedExcess } = policy.sustainedLoss;
  const process = checkBound('risk process', loss && wealth(loss.logWealth), '>=', 1 / alpha, {
    field: 'sustainedLoss.alpha',
  });
  const bounds = labels ? [...readyBounds(policy, labels), process] : [process];
  const reasons = [
    !labels && 'no label has arrived',
    !loss && 'the loss was not measured',
    isAcrossChange && 'the assay has changed, and comparisons across the change are frozen',
    loss &&
      loss.toleratedExcess !== toleratedExcess &&
      `the risk process tolerates an excess of ${loss.toleratedExcess}, and ${toleratedExcess} was agreed on`,
    ...bounds
      .filter(({ holds, figure }) => !holds && figure !== process.figure)
      .map(({ figure, value, bound }) => `${figure} is ${numberText(value ?? 0)}, and ${bound} is needed`),
  ].filter((reason) => typeof reason === 'string');
  return { holds: reasons.length > 0 ? null : process.holds, reasons, bounds };
}

function judgeRetrain(
  judging: Judging,
  run: Run,
  { loss }: MonitorEvidence,
  missing: readonly Missing[],
): RuleJudgement {
  const { minRelativeLoss, delayAlpha } = judging.policy.retrain;
  const { labels } = judging.checks[judging.checks.length - 1].evidence;
  const bounds = [
    checkBound('loss beyond held-out compounds, in parts of it', excessOf(loss), '>', minRelativeLoss, {
      field: 'retrain.minRelativeLoss',
    }),
    checkBound('p that loss does not depend on delay', labels?.delayP ?? null, '>', delayAlpha, {
      field: 'retrain.delayAlpha',
    }),
  ];
  return concludeRun(judging, 'retrain', run, {
    action: 'retrain',
    begins: null,
    further: {
      // Immature or few labels are not evaluable for the run itself.
      holds: bounds.every(({ holds }) => holds),
      reasons: missing.map(({ inWords }) => `never on such labels: ${inWords}`),
      bounds,
    },
  });
}

function excessOf(loss: MonitorEvidence['loss']): number | null {
  return loss && loss.error / loss.reference - 1;
}

function readyBounds({ sustainedLoss }: MonitorPolicy, { maturity, effectiveLabels }: LabelEvidence) {
  return [
    checkBound('label maturity', maturity, '>=', sustainedLoss.minMaturity, {
      field: 'sustainedLoss.minMaturity',
    }),
    checkBound('effective labels', effectiveLabels, '>=', sustainedLoss.minEffectiveLabels, {
      unit: 'labels',
      field: 'sustainedLoss.minEffectiveLabels',
    }),
  ];
}

function labelBounds(policy: MonitorPolicy, labels: LabelEvidence) {
  const unbiased = checkBound(
    'p that loss does not depend on delay',
    labels.delayP,
    '>',
    policy.retrain.delayAlpha,
    { field: 'retrain.delayAlpha' },
  );
  return [...readyBounds(policy, labels), unbiased];
}

function labelsState(labels: LabelEvidence | null, missing: readonly Missing[]): RuleJudgement['state'] {
  if (!labels) return 'not-evaluable';
  return missing.length > 0 ? 'fired' : 'not-met';
}

function untilReady({ bounds }: RuleJudgement): Pick<RuleJudgement, 'nearest' | 'wouldChange'> {
  const { nearest, wouldChange } = judgement('labels-not-ready', 'not-met', {
    reasons: [],
    bounds,
    rests: [],
  });
  return { nearest, wouldChange: wouldChange.replace('Nearest to being met', 'Ready with') };
}

/** What labels lack before anything may be retrained on them. */
function missingIn(policy: MonitorPolicy, labels: LabelEvidence | null): Missing[] {
  if (!labels) {
    const inWords = 'no label of the batch has arrived, and nobody can say when one will';
    return [{ what: 'labels', inWords, expected: null }];
  }
  const [maturity, effective, unbiased] = labelBounds(policy, labels);
  const expected = maturity.holds ? null : labels.matureOn;
  const when = expected
    ? `expected on ${expected.slice(0, 10)}`
    : 'when is not known: the delays seen so far are too short';
  const missing: Missing[] = [];
  if (!maturity.holds) {
    const inWords = `${numberText(100 * labels.maturity)} % of the labels are expected to be there, and ${numberText(100 * maturity.bound)} % are needed; ${when}`;
    missing.push({ what: 'label maturity', inWords, expected });
  }
  if (!effective.holds) {
    const later = maturity.holds
      ? 'the batch is mature, so more must be asked for'
      : `more come as the batch matures, ${when}`;
    const inWords = `the labels are effectively ${numberText(labels.effectiveLabels)}, and ${effective.bound} are needed; ${later}`;
    missing.push({ what: 'effective labels', inWords, expected });
  }
  if (!unbiased.holds) {
    const inWords =
      labels.delayP === null
        ? 'whether the loss depends on the delay of a label was not tested; dates of submission and of measurement are needed'
        : `labels that come late err otherwise (p ${numberText(labels.delayP)}), so those that are there speak for themselves alone; the rest is needed`;
    missing.push({ what: 'unbiased labels', inWords, expected: labels.delayP === null ? null : expected });
  }
  return missing;
}
