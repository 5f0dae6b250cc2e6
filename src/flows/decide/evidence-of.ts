import type { DriftReport, Verdict } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import { identity } from '../../core/hash.ts';
import { isoTime } from '../../core/iso-time.ts';
import {
  identifyEvidence,
  type LossEvidence,
  type MonitorEvidence,
  type StreamEvidence,
} from '../../core/monitor-decision.ts';

/** What a monitor carries from check to check. */
export type CarriedFigures = Pick<MonitorEvidence, 'monitor' | 'release' | 'time' | 'sequential'> & {
  /** Its process of the losses that `DriftReport.figures` tells; null before it has taken any. */
  readonly risk: Pick<LossEvidence, 'logWealth' | 'toleratedExcess'> | null;
};

/**
 * A drift report as evidence: its verdicts, settings and figures, with those that a monitor carries from check to check. A
 * forecast is no evidence, nor is an error without its interval.
 * @throws ERR_POLICY_EVIDENCE where a figure is not a number of its range, or a time is none
 */
export function evidenceOf(report: DriftReport, carried: CarriedFigures): MonitorEvidence {
  const { monitor, release, sequential } = carried;
  const { domain, labels, performance } = report.figures;
  const loss = lossOf(performance, carried.risk);
  const refuse = (problem: string): never => {
    throw new AssayerError('ERR_POLICY_EVIDENCE', { monitor, problem });
  };
  const timeOf = (text: string, what: string) =>
    isoTime(text) ?? refuse(`${what} is ${text}, not a time such as 2026-12-01T00:00:00Z`);
  const within = (what: string, value: number, least: number, most: number) => {
    if (!(Number.isFinite(value) && value >= least && value <= most)) {
      refuse(`${what} is ${value}, not a number from ${least} to ${most}`);
    }
  };
  const { alpha, permutations, seed } = report.settings;
  if (sequential)
    within('the capital of the sequential test', sequential.logWealth, -Number.MAX_VALUE, Number.MAX_VALUE);
  if (domain) {
    for (const [name, value] of Object.entries(domain)) within(`domain coverage (${name})`, value, 0, 1);
  }
  if (loss) {
    within('the risk process', loss.logWealth, -Number.MAX_VALUE, Number.MAX_VALUE);
    within('the tolerated excess', loss.toleratedExcess, 0, Number.MAX_VALUE);
    within('the loss', loss.error, 0, Number.MAX_VALUE);
    within('the loss (low)', loss.low, -Number.MAX_VALUE, loss.error);
    within('the loss (high)', loss.high, loss.error, Number.MAX_VALUE);
    // A model without held-out errors would be worse by infinitely many parts of nothing.
    within('the loss of held-out compounds', loss.reference, Number.MIN_VALUE, Number.MAX_VALUE);
  }
  if (labels) {
    within('label maturity', labels.maturity, 0, 1);
    within('effective labels', labels.effectiveLabels, 0, Number.MAX_VALUE);
    if (labels.delayP !== null) within('p of loss and delay', labels.delayP, 0, 1);
  }
  const matureOn = labels && labels.matureOn !== null ? timeOf(labels.matureOn, 'matureOn') : null;
  return identifyEvidence({
    schema: 'assayer.evidence/1',
    monitor,
    release,
    time: timeOf(carried.time, 'the time of the check'),
    report: identity(report),
    settings: { alpha, permutations, seed },
    streams: report.verdicts.flatMap(streamOf),
    sequential: sequential && { logWealth: sequential.logWealth },
    domain,
    loss,
    labels: labels && { ...labels, matureOn },
  });
}

function lossOf(
  performance: DriftReport['figures']['performance'],
  risk: CarriedFigures['risk'],
): LossEvidence | null {
  if (performance === null || performance.low === null || performance.high === null || risk === null)
    return null;
  const { error, low, high, reference, unit } = performance;
  const { logWealth, toleratedExcess } = risk;
  return { logWealth, toleratedExcess, error, low, high, reference, unit };
}

function streamOf({ stream, state, reason, p, alpha, effect, moved }: Verdict): StreamEvidence[] {
  if (state === 'forecast') return [];
  const series = moved.filter(({ kind }) => kind === 'series').map(({ name }) => name);
  return [{ stream, state, ...(reason && { reason }), p, alpha, effect, series }];
}
