import { arrivedShare, type DelayCurve, kaplanMeier } from './kaplan-meier.ts';
import {
  type DistinctRows,
  fitWeibullCure,
  logLikelihoodWithShare,
  type WeibullCure,
} from './weibull-cure.ts';

/** Half of the 0.95 quantile of chi-square with one degree of freedom: the drop of a 95 % profile interval. */
const DROP = 1.920729410347062;
/** An interval of the share wider than this says nothing worth a number, whatever the test of the follow-up says. */
const WIDEST = 0.5;

export type MixtureCure =
  | {
      readonly identifiable: true;
      /** Share of the rows whose label will ever come, by the Weibull mixture, with its 95 % profile interval. */
      readonly share: number;
      readonly low: number;
      readonly high: number;
      /** The same without a distribution assumed: where the Kaplan-Meier curve ends. */
      readonly plateau: number;
      /** Weibull delay of those that come: P(delay > t) = exp(-(t / scale)^shape). */
      readonly scale: number;
      readonly shape: number;
      /** Delay of those that come, without a distribution assumed: the Kaplan-Meier curve over its plateau. */
      readonly delay: DelayCurve;
    }
  | {
      readonly identifiable: false;
      /** `follow-up-too-short`: the curve still rises, so slow labels and labels that never come look alike. */
      readonly reason: 'too-few-labels' | 'follow-up-too-short';
      /** What is known: at least this share has come. */
      readonly atLeast: number;
    };

/**
 * Share of screened compounds that will ever be measured, where submissions to the assay are unknown: a mixture of
 * rows whose label comes after a Weibull delay and rows whose label never comes, by EM. Told apart only where the
 * follow-up is long enough: by Maller and Zhou's test at 0.05, and by the width of the interval.
 * @param observedTimes  float [n], >= 0: time from screening to label, or waited so far; 0 counts as half the
 *                       shortest positive time
 * @param arrived        0 or 1 [n]
 * @param leastLabels    fewer labels give no answer
 * @source Boag 1949, doi:10.1111/j.2517-6161.1949.tb00020.x; Farewell 1982, doi:10.2307/2529885;
 *         Maller & Zhou 1994, doi:10.1080/01621459.1994.10476889 (sufficient follow-up)
 */
export function mixtureCure(
  observedTimes: ArrayLike<number>,
  arrived: ArrayLike<number>,
  leastLabels = 20,
): MixtureCure {
  const n = observedTimes.length;
  let labels = 0;
  let lastLabel = 0;
  let last = 0;
  for (let i = 0; i < n; i++) {
    last = Math.max(last, observedTimes[i]);
    if (arrived[i] !== 1) continue;
    labels++;
    lastLabel = Math.max(lastLabel, observedTimes[i]);
  }
  const refused = { identifiable: false, atLeast: n === 0 ? 0 : labels / n } as const;
  if (labels < leastLabels) return { ...refused, reason: 'too-few-labels' };
  const insufficient = labels < n && insufficientFollowUp(observedTimes, arrived, lastLabel, last) >= 0.05;
  if (insufficient) return { ...refused, reason: 'follow-up-too-short' };

  const curve = kaplanMeier(observedTimes, arrived);
  const plateau = arrivedShare(curve, last);
  const rows = distinctRows(observedTimes, arrived);
  const fit = fitWeibullCure(rows);
  const interval = profileInterval(rows, fit);
  if (interval.high - interval.low > WIDEST) return { ...refused, reason: 'follow-up-too-short' };
  return {
    identifiable: true,
    share: fit.share,
    ...interval,
    plateau,
    scale: fit.scale,
    shape: fit.shape,
    delay: { times: curve.times, shares: curve.shares.map((share) => share / plateau) },
  };
}

/** (1 - N/n)^n, N the labels as far before the last one as that lies before the end of the follow-up. */
function insufficientFollowUp(
  times: ArrayLike<number>,
  arrived: ArrayLike<number>,
  lastLabel: number,
  last: number,
): number {
  let near = 0;
  for (let i = 0; i < times.length; i++) {
    if (arrived[i] === 1 && times[i] > 2 * lastLabel - last) near++;
  }
  return (1 - near / times.length) ** times.length;
}

/** Equal rows once, with their number: days repeat, and the EM passes over the rows many times. */
function distinctRows(times: ArrayLike<number>, arrived: ArrayLike<number>): DistinctRows {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times.length; i++) if (times[i] > 0) shortest = Math.min(shortest, times[i]);
  const half = Number.isFinite(shortest) ? shortest / 2 : 0.5;
  const counts = [new Map<number, number>(), new Map<number, number>()];
  for (let i = 0; i < times.length; i++) {
    const time = times[i] > 0 ? times[i] : half;
    counts[arrived[i]].set(time, (counts[arrived[i]].get(time) ?? 0) + 1);
  }
  const [waiting, came] = counts.map((map) => [...map].sort(([a], [b]) => a - b));
  const all = [...waiting, ...came];
  return {
    times: Float64Array.from(all, ([time]) => time),
    arrived: Uint8Array.from(all, (_, i) => (i < waiting.length ? 0 : 1)),
    counts: Float64Array.from(all, ([, count]) => count),
  };
}

/** Shares that the likelihood cannot tell from the best one, to 1e-4. */
function profileInterval(rows: DistinctRows, fit: WeibullCure): { low: number; high: number } {
  const bound = fit.logLikelihood - DROP;
  const inside = (share: number) => logLikelihoodWithShare(rows, share, fit) >= bound;
  const end = (outer: number) => {
    let kept = fit.share;
    let lost = outer;
    while (Math.abs(kept - lost) > 1e-4) {
      const middle = (kept + lost) / 2;
      if (inside(middle)) kept = middle;
      else lost = middle;
    }
    return kept;
  };
  return { low: end(0), high: inside(1) ? 1 : end(1) };
}
