import type { Metric } from '../core/artifact.ts';
import { seededRandom } from '../core/random.ts';
import { quantile } from './quantile.ts';

/**
 * A statistic with its 95 % percentile interval by a bootstrap that draws whole groups (scaffolds) with
 * replacement: compounds of one series are not independent, and an interval over single rows would be too narrow.
 * Draws on which the statistic is not a number (one class missing, say) are left out.
 * @param groups     [n], equal numbers belong together
 * @param statistic  of the rows named, which may repeat
 * @source Davison & Hinkley 1997, doi:10.1017/CBO9780511802843, section 3.8
 */
export function clusterBootstrap(
  groups: ArrayLike<number>,
  statistic: (rows: Uint32Array) => number,
  { seed, draws = 1000 }: { seed: number; draws?: number },
): Metric {
  const members = new Map<number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const rows = members.get(groups[i]);
    if (rows) rows.push(i);
    else members.set(groups[i], [i]);
  }
  const clusters = [...members.values()];
  const random = seededRandom(seed);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const rows: number[] = [];
    for (let i = 0; i < clusters.length; i++) {
      for (const row of clusters[Math.floor(random() * clusters.length)]) rows.push(row);
    }
    const value = statistic(Uint32Array.from(rows));
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return {
    value: statistic(Uint32Array.from(groups, (_, i) => i)),
    low: quantile(values, 0.025),
    high: quantile(values, 0.975),
  };
}
