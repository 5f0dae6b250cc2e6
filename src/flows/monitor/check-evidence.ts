import type { DriftReport } from '../../core/drift.ts';
import type { MonitorEvidence } from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import { evidenceOf } from '../decide/evidence-of.ts';
import type { MeasuredBatch } from './batch-values.ts';
import type { EarlierCheck } from './earlier-observations.ts';
import type { Watched } from './monitors.ts';
import { type BatchValues, type Observed, riskAfter, sequentialAfter } from './observations.ts';

export interface CheckedBatch {
  readonly report: DriftReport;
  readonly watched: Watched;
  /** The version that judges the check. */
  readonly policy: MonitorPolicy;
  readonly values: MeasuredBatch;
  readonly earlier: readonly EarlierCheck[];
  /** What this check adds. */
  readonly own: BatchValues;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/**
 * The evidence of a check: its report, and where the two sequential tests stand after it. Both begin anew with each release and
 * with each version of the policy, as a policy judges only what comes after it; the risk process also with a resume of what it
 * froze, so that what a person has taken on is not held against the release again.
 * @throws ERR_POLICY_EVIDENCE
 */
export function evidenceOfCheck({
  report,
  watched: { monitor, current },
  policy,
  values,
  earlier,
  own,
  time,
}: CheckedBatch): MonitorEvidence {
  const { release } = current.body;
  const { toleratedExcess } = policy.sustainedLoss;
  const effective = Date.parse(policy.effectiveFrom);
  const resumed = monitor.history.events.flatMap((event) =>
    event.kind === 'resumed' && event.release === release && event.scope !== 'out-of-domain-frozen'
      ? [Date.parse(event.time)]
      : [],
  );
  const since = (from: number): BatchValues[] => [
    ...earlier.flatMap(({ time: at, observations }) => (Date.parse(at) > from ? [observations] : [])),
    own,
  ];
  const { seed } = policy.checks;
  const { training, reference } = values;
  const losses = report.figures.performance?.risk;
  const risk = losses && riskAfter(since(Math.max(effective, ...resumed)), losses.reference, toleratedExcess);
  return evidenceOf(report, {
    monitor: monitor.id,
    release,
    time: new Date(time).toISOString(),
    sequential: training ? sequentialAfter(since(effective), reference, training, seed) : null,
    risk: risk ? { ...risk, toleratedExcess } : null,
  });
}

/** The losses of a report as the risk process takes them. */
export function observedLosses({ figures }: DriftReport): Observed[] {
  return (figures.performance?.risk?.arrived ?? []).map(({ compound, series, loss }) => {
    return { compound, cluster: String(series), value: loss };
  });
}
