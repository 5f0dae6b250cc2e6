import type { Slice } from './report-schema.ts';
import { shareOf } from './slices.ts';

/** Neighbouring distance bins as one: what was promised and found there. */
export type PooledBin = Pick<Slice, 'name' | 'rows' | 'promised' | 'observed'>;

/**
 * Distance bins with enough rows to hold a promise to. A bin that has them stays alone; small ones that lie side by side
 * are pooled, the furthest from training first, until they have them, so that a weakness spread over small bins shows.
 * Small bins that are too few even together are left out.
 * @param bins   of similarity, in rising order, as split-report.ts names them
 * @param least  rows
 */
export function pooledBins(bins: readonly Slice[], least: number): PooledBin[] {
  const pools: PooledBin[] = [];
  let small: Slice[] = [];
  for (const bin of bins) {
    if (bin.rows >= least) {
      pools.push(bin);
      small = [];
      continue;
    }
    small.push(bin);
    if (small.reduce((sum, { rows }) => sum + rows, 0) < least) continue;
    pools.push(pooled(small));
    small = [];
  }
  return pools;
}

function pooled(bins: readonly Slice[]): PooledBin {
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const isKnown = bins.every(({ observed, promised }) => observed !== null && promised !== null);
  if (!isKnown) return { name: rangeOf(bins), rows, promised: null, observed: null };
  const count = bins.reduce((sum, { observed }) => sum + observed!.count, 0);
  const promised = bins.reduce((sum, bin) => sum + (bin.promised! * bin.rows) / rows, 0);
  return { name: rangeOf(bins), rows, promised, observed: shareOf(count, rows) };
}

/** `below 0.40` of `below 0.30` and `0.30 to 0.40`. */
function rangeOf(bins: readonly Slice[]): string {
  const [first, last] = [bins[0].name, bins.at(-1)!.name];
  if (last.endsWith(' and above')) return `${first.replace(/ to .*$/, '')} and above`;
  const to = last.replace(/^(below|.* to) /, '');
  return first.startsWith('below ') ? `below ${to}` : first.replace(/ to .*$/, ` to ${to}`);
}
