import type { MonitorEvidence } from '../../core/monitor-decision.ts';

/** The figures of a check by name, as a decision records them. A stream that is there twice is numbered. */
export function evidenceValues(evidence: MonitorEvidence): Record<string, number> {
  const { streams, sequential, domain, loss, labels } = evidence;
  const values: Record<string, number> = {};
  const put = (name: string, value: number | null | undefined) => {
    if (value !== null && value !== undefined) values[name] = value;
  };
  const seen = new Map<string, number>();
  for (const { stream, p, alpha, effect } of streams) {
    const times = (seen.get(stream) ?? 0) + 1;
    seen.set(stream, times);
    const name = times === 1 ? stream : `${stream} ${times}`;
    put(`${name}: p`, p);
    put(`${name}: alpha`, p === null ? null : alpha);
    if (effect) put(`${name}: ${effect.name}${effect.unit && ` (${effect.unit})`}`, effect.value);
  }
  put('sequential: logarithm of the capital', sequential?.logWealth);
  put('domain: coverage', domain?.share);
  put('domain: coverage, low', domain?.low);
  put('domain: coverage, high', domain?.high);
  put('loss: logarithm of the risk process', loss?.logWealth);
  put('loss: error', loss?.error);
  put('loss: error, low', loss?.low);
  put('loss: error, high', loss?.high);
  put('loss: error of held-out compounds', loss?.reference);
  put('labels: maturity', labels?.maturity);
  put('labels: effective', labels?.effectiveLabels);
  put('labels: p that loss does not depend on delay', labels?.delayP);
  return values;
}
