import type { Reference } from '../store/reference.ts';

/**
 * What was measured for each training compound, on the modelled scale: several records (salts, mixtures, repeats) can
 * be one compound once they are standardized, and their values differ. The median of them, and where the compound was
 * measured by itself, of those records alone. Records for which only a bound was published have no value.
 * @returns float64 [n], equal for rows of one InChIKey; NaN where only bounds are known
 */
export function measuredValues({ inchikeys, values, whole }: Reference): Float64Array {
  const out = Float64Array.from(values);
  for (const [key, rows] of Map.groupBy(inchikeys.keys(), (row) => inchikeys[row])) {
    if (key === '' || rows.length === 1) continue;
    const measured = rows.filter((row) => !Number.isNaN(values[row]));
    if (measured.length === 0) continue;
    const alone = measured.filter((row) => whole[row]);
    const sorted = (alone.length ? alone : measured).map((row) => values[row]).sort((a, b) => a - b);
    const median = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
    for (const row of rows) out[row] = median;
  }
  return out;
}
