import { arrivedShare, type DelayCurve } from './kaplan-meier.ts';

/**
 * Maturity of a batch: the share of its labels expected to have arrived, mean F(at - submitted), over the rows
 * submitted by then.
 * @param curve      F, the delay of this assay
 * @param submitted  float [n], times in the unit of the curve
 * @param at         time of the look
 * @returns rows counted, and their maturity in [0, 1]; NaN when there are none
 */
export function labelMaturity(
  curve: DelayCurve,
  submitted: ArrayLike<number>,
  at: number,
): { rows: number; maturity: number } {
  let rows = 0;
  let sum = 0;
  for (let i = 0; i < submitted.length; i++) {
    if (submitted[i] > at) continue;
    rows++;
    sum += arrivedShare(curve, at - submitted[i]);
  }
  return { rows, maturity: sum / rows };
}

/** When a batch is expected to be mature, or the maturity that it stays below. */
export type MaturityForecast =
  | { readonly at: number }
  | {
      readonly at: null;
      /** The delays seen so far do not reach further: some labels were still out after the longest of them. */
      readonly reason: 'delays-seen-too-short';
      readonly reaches: number;
    };

/**
 * The first time at which the expected maturity of the whole batch reaches a target. All rows count from the start,
 * so that the forecast is not met early by rows not yet submitted.
 * @param submitted  float [n], n >= 1, times in the unit of the curve
 * @param target     in (0, 1], 0.8 for four labels of five
 */
export function forecastMaturity(
  curve: DelayCurve,
  submitted: ArrayLike<number>,
  target = 0.8,
): MaturityForecast {
  const reaches = curve.shares.length === 0 ? 0 : curve.shares[curve.shares.length - 1];
  // Shares come from products of quotients, and a sum of them can fall a rounding error short.
  const wanted = target * submitted.length - 1e-9;
  if (reaches * submitted.length < wanted) return { at: null, reason: 'delays-seen-too-short', reaches };
  /** Maturity rises only where a row's age passes a time of the curve. */
  const rises: [at: number, by: number][] = [];
  for (let i = 0; i < submitted.length; i++) {
    curve.times.forEach((time, k) => {
      rises.push([submitted[i] + time, curve.shares[k] - (k === 0 ? 0 : curve.shares[k - 1])]);
    });
  }
  rises.sort((a, b) => a[0] - b[0]);
  let sum = 0;
  let at = rises[0][0];
  for (const [time, by] of rises) {
    if (sum >= wanted) break;
    sum += by;
    at = time;
  }
  return { at };
}
