import { refuse } from './finite-values.ts';

export interface StandardizedFeatures {
  /** Those kept, in order. */
  readonly names: readonly string[];
  /** Those that are the same in every row, which can tell nothing. */
  readonly constant: readonly string[];
  /** float64 [n, names], mean 0 and standard deviation 1 over all rows; its own copy */
  readonly values: Float64Array;
  readonly rows: number;
}

/**
 * Centres and scales each feature over both sides together. The sides are not looked at, so it is the same for every
 * permutation of them.
 * @param names   [d]
 * @param values  float [n, d], row-major
 * @param rows    n
 * @throws ERR_USAGE where the shape does not fit, a value is NaN or infinite, or every feature is constant
 */
export function standardizeFeatures(
  names: readonly string[],
  values: ArrayLike<number>,
  rows: number,
): StandardizedFeatures {
  const d = names.length;
  if (values.length !== rows * d) {
    refuse(
      `${values.length} values do not fit ${rows} rows of ${d} features. Give one of each for every row.`,
    );
  }
  const kept: number[] = [];
  const scaled: Float64Array[] = [];
  for (const [k, name] of names.entries()) {
    const column = Float64Array.from({ length: rows }, (_, row) => values[row * d + k]);
    const bad = column.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      refuse(`Feature ${name} of row ${bad} is ${column[bad]}. Leave out the rows that have none.`);
    if (column.every((value) => value === column[0])) continue;
    const mean = column.reduce((sum, value) => sum + value, 0) / rows;
    const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
    kept.push(k);
    scaled.push(column.map((value) => (value - mean) / deviation));
  }
  if (kept.length === 0) refuse(`All ${d} features are constant, so they cannot tell the sides apart.`);
  const out = new Float64Array(rows * kept.length);
  for (const [k, column] of scaled.entries()) {
    for (let row = 0; row < rows; row++) out[row * kept.length + k] = column[row];
  }
  return {
    names: kept.map((k) => names[k]),
    constant: names.filter((_, k) => !kept.includes(k)),
    values: out,
    rows,
  };
}
