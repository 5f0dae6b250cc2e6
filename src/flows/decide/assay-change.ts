import type {
  BridgeTested,
  ChangeConfirmed,
  ChangeReported,
  DecisionAction,
  MonitorEvent,
  RuleJudgement,
} from '../../core/monitor-decision.ts';
import { checkBound } from './bound-check.ts';
import { judgement } from './judging.ts';
import type { MonitorState } from './monitor-state.ts';

/** An event that a decision is about; a resume is an act of a person, and nothing is decided about it. */
export type JudgedEvent = Exclude<MonitorEvent, { kind: 'resumed' }>;

/** A judgement, and the freeze that it asks for where it fires. */
export interface ChangeJudgement {
  readonly judged: RuleJudgement;
  readonly freeze: DecisionAction | null;
}

/**
 * Whether an event freezes comparisons across a change of the assay.
 * @param events  of the monitor, those known when it happened
 */
export function judgeChange(
  event: JudgedEvent,
  events: readonly MonitorEvent[],
  state: MonitorState,
): ChangeJudgement {
  switch (event.kind) {
    case 'bridge-tested':
      return judgeBridge(event, state);
    case 'change-confirmed':
      return judgeConfirmed(event, events, state);
    case 'change-reported':
      return unconfirmed([event]);
  }
}

/** The rule where a check is decided about: what is in force, or the reports that still wait for somebody to confirm them. */
export function changeAtCheck(events: readonly MonitorEvent[], state: MonitorState): RuleJudgement {
  const held = state.inForce.find((one) => one.state === 'comparisons-frozen');
  if (held) {
    const reasons = [`comparisons are frozen since ${held.since}`];
    return judgement('assay-change', 'in-force', { reasons, bounds: [], rests: [...state.changes] });
  }
  const confirmed = new Set(events.flatMap((one) => (one.kind === 'change-confirmed' ? [one.report] : [])));
  const open = events.filter((one) => one.kind === 'change-reported' && !confirmed.has(one.id));
  return unconfirmed(open as ChangeReported[]).judged;
}

function judgeBridge(event: BridgeTested, state: MonitorState): ChangeJudgement {
  const { id, verdict, pairs, difference, unit } = event;
  // Pairs that all differ by the same are an offset, such as another unit; one pair alone is none.
  const failed = verdict === 'changed' || (verdict === 'no-spread' && difference !== 0 && pairs >= 2);
  const found = `${pairs} bridge compounds differ by ${difference}${unit && ` ${unit}`} on average: ${verdict}`;
  const bounds = [checkBound('failed bridge tests', Number(failed), '>=', 1)];
  const about = { reasons: [found], bounds, rests: [id] };
  if (!failed) return { judged: judgement('assay-change', 'not-met', about), freeze: null };
  if (state.inForce.some((one) => one.state === 'comparisons-frozen')) {
    return { judged: judgement('assay-change', 'in-force', about), freeze: null };
  }
  return { judged: judgement('assay-change', 'fired', about), freeze: freezeOf(id, null) };
}

function judgeConfirmed(
  event: ChangeConfirmed,
  events: readonly MonitorEvent[],
  state: MonitorState,
): ChangeJudgement {
  const report = events.find((one) => one.kind === 'change-reported' && one.id === event.report);
  if (report?.kind !== 'change-reported') {
    const reasons = [`${event.report}, which it confirms, is no report of this monitor`];
    const judged = judgement('assay-change', 'not-evaluable', { reasons, bounds: [], rests: [event.id] });
    return { judged, freeze: null };
  }
  const { reporter, what, changedFrom, words } = report;
  const isOther = reporter.mail.toLowerCase() !== event.confirmer.mail.toLowerCase();
  const people = checkBound('people who say so', isOther ? 2 : 1, '>=', 2);
  const told = `the ${what} changed from ${changedFrom} on: ${words}`;
  const about = { reasons: [told], bounds: [people], rests: [report.id, event.id] };
  if (!isOther) {
    const reasons = [...about.reasons, `${reporter.name} reported it and cannot confirm it`];
    return { judged: judgement('assay-change', 'not-met', { ...about, reasons }), freeze: null };
  }
  if (state.changes.has(report.id)) {
    return { judged: judgement('assay-change', 'in-force', about), freeze: null };
  }
  return { judged: judgement('assay-change', 'fired', about), freeze: freezeOf(report.id, changedFrom) };
}

function unconfirmed(reports: readonly ChangeReported[]): ChangeJudgement {
  const bounds = [checkBound('people who say so', reports.length > 0 ? 1 : 0, '>=', 2)];
  const reasons = reports.map(
    ({ what, changedFrom, reporter }) =>
      `a change of the ${what} from ${changedFrom} on, reported by ${reporter.name}, waits for somebody else to confirm it`,
  );
  const rests = reports.map(({ id }) => id);
  return { judged: judgement('assay-change', 'not-met', { reasons, bounds, rests }), freeze: null };
}

function freezeOf(change: string, changedFrom: string | null): DecisionAction {
  return { action: 'freeze-comparisons', change, changedFrom, requires: 'new-dataset-version' };
}
