import { philox, philoxKey } from '../core/philox.ts';

/** All values so far, ascending, in a buffer that grows. */
export interface RankHistory {
  values: Float64Array;
  count: number;
}

/** A history of given values. */
export function startHistory(values: ArrayLike<number>): RankHistory {
  return { values: Float64Array.from(values).sort(), count: values.length };
}

/**
 * Conformal p-values of values in order, each ranked among all before it: p = (#{before > v} + u (1 + #{before = v}))
 * / (n + 1). Independent and uniform on (0, 1) where history and values are exchangeable. The values join the history.
 * @param uniform  a draw in (0, 1) for each value
 * @param onP      gets each p in turn
 * @source Vovk, Nouretdinov & Gammerman 2003, "Testing exchangeability on-line", ICML
 */
export function rankOnline(
  history: RankHistory,
  values: Float64Array,
  uniform: () => number,
  onP: (p: number) => void,
): void {
  const joined = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    let notBelow = 0;
    let above = 0;
    // The few of this look are compared one by one; they join the long history together at the end.
    for (let j = 0; j < i; j++) {
      if (joined[j] >= value) notBelow++;
      if (joined[j] > value) above++;
    }
    const upper = bound(history, value, true);
    above += history.count - upper;
    // Most values are no tie: then the two bounds are one.
    const tied = upper > 0 && history.values[upper - 1] === value;
    notBelow += history.count - (tied ? bound(history, value, false) : upper);
    onP((above + uniform() * (1 + notBelow - above)) / (history.count + i + 1));
    joined[i] = value;
  }
  merge(history, joined.sort());
}

/** Values before the first that is greater than (`past`), or not less than, the one given. */
function bound({ values, count }: RankHistory, value: number, past: boolean): number {
  let low = 0;
  for (let high = count; low < high; ) {
    const middle = (low + high) >> 1;
    if (values[middle] < value || (past && values[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Merges sorted values in from the back, in place. */
function merge(history: RankHistory, added: Float64Array): void {
  const total = history.count + added.length;
  if (total > history.values.length) {
    const grown = new Float64Array(2 * total);
    grown.set(history.values.subarray(0, history.count));
    history.values = grown;
  }
  const { values } = history;
  let end = history.count;
  for (let k = added.length - 1; k >= 0; k--) {
    const from = bound({ values, count: end }, added[k], true);
    values.copyWithin(from + k + 1, from, end);
    values[from + k] = added[k];
    end = from;
  }
  history.count = total;
}

/** Draws in (0, 1) by counter, so that a stream can carry on from any place. */
export function uniformDraws(seed: number, drawn: number): { next: () => number; drawn: () => number } {
  const key = philoxKey(seed);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  let at = drawn;
  let block = -1;
  const next = () => {
    const wanted = Math.floor(at / 4);
    if (wanted !== block) {
      block = wanted;
      counter[0] = wanted >>> 0;
      counter[1] = Math.floor(wanted / 2 ** 32);
      philox(counter, key, words);
    }
    return (words[at++ % 4] + 0.5) / 2 ** 32;
  };
  return { next, drawn: () => at };
}
