import { sortedOrder } from './ranks.ts';

/** Distribution of a delay: a step function, 0 before the first time, flat after the last. */
export interface DelayCurve {
  /** Times at which a label came, ascending, each once; float64 [k]. */
  readonly times: Float64Array;
  /** P(delay <= time), float64 [k]; below 1 at the end where some labels are still out after the longest delay seen. */
  readonly shares: Float64Array;
}

/**
 * Kaplan-Meier estimate of the delay from submission to label. Labels at a time come before censorings at that time.
 * The clock is for compounds submitted to the assay; it holds where delays do not depend on the submission date.
 * @param observedTimes  float [n], >= 0: the delay where the label has arrived, else how long it has been waited for
 * @param arrived        0 or 1 [n]
 * @source Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452
 */
export function kaplanMeier(observedTimes: ArrayLike<number>, arrived: ArrayLike<number>): DelayCurve {
  const order = sortedOrder(observedTimes);
  const times: number[] = [];
  const shares: number[] = [];
  let waiting = 1;
  for (let from = 0; from < order.length; ) {
    const time = observedTimes[order[from]];
    let to = from;
    let labels = 0;
    while (to < order.length && observedTimes[order[to]] === time) labels += arrived[order[to++]];
    if (labels > 0) {
      const atRisk = order.length - from;
      waiting *= (atRisk - labels) / atRisk;
      times.push(time);
      shares.push(1 - waiting);
    }
    from = to;
  }
  return { times: Float64Array.from(times), shares: Float64Array.from(shares) };
}

/** P(delay <= time) by the curve. */
export function arrivedShare({ times, shares }: DelayCurve, time: number): number {
  let low = 0;
  for (let high = times.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : shares[low - 1];
}
