import type { DriftHistogram, Moved } from '../../core/drift.ts';
import { readLabels } from '../../statistics/permutation-labels.ts';
import { permutedDistances } from '../../statistics/permuted-distances.ts';
import { quantile } from '../../statistics/quantile.ts';
import { detectableByKolmogorovSmirnov } from '../../statistics/univariate-power.ts';
import { westfallYoungMaxT } from '../../statistics/westfall-young.ts';
import type { PooledRows } from './drift-check.ts';
import { histogramOf } from './histogram.ts';
import type { TestedColumn } from './tested-columns.ts';
import { countsOf, figure } from './verdict.ts';

const SHOWN_COLUMNS = 12;
const SHARE = 'difference in the share of ';

/** What a test of several columns found. */
export interface ColumnsTest {
  /** Family-wise p of the column that moved most. */
  readonly p: number;
  /** That column, and its Kolmogorov-Smirnov distance. */
  readonly most: Moved;
  /** How many columns have an adjusted p of at most alpha. */
  readonly movedCount: number;
  /** Those, most moved first, at most 12. */
  readonly moved: readonly Moved[];
  /** Distance that would be found 8 times in 10; Infinity where none. */
  readonly detectable: number;
  readonly plots: readonly DriftHistogram[];
}

/**
 * Tests every column for a shift, corrected for looking at all of them: the Kolmogorov-Smirnov distance of numbers, and the
 * largest difference of a category's share, which is that distance for two categories. Both lie on one scale, so the
 * largest of all under each labelling (max-T, step-down) keeps the family-wise error and the columns' dependence.
 * @param columns  none constant
 */
export function testColumns(
  pooled: PooledRows,
  columns: readonly TestedColumn[],
  alpha: number,
): ColumnsTest {
  const { labels } = pooled;
  const count = labels.labels.count;
  const numbers = columns.filter(({ categories }) => categories === null);
  const groups = columns.filter(({ categories }) => categories !== null);
  const ordered = [...numbers, ...groups];
  const values = new Float64Array(ordered.length * count);
  if (numbers.length > 0) values.set(permutedDistances(numbers, labels, 'kolmogorov-smirnov').values);
  const sides = new Uint8Array(labels.rows);
  for (let b = 0; b < count && groups.length > 0; b++) {
    readLabels(labels, b, sides);
    for (const [g, column] of groups.entries())
      values[(numbers.length + g) * count + b] = shareDifference(column, sides);
  }
  const { stepDown } = westfallYoungMaxT({ names: ordered.map(({ name }) => name), values });
  const found = ordered.map((column, c) => movedColumn(pooled, column, values[c * count], stepDown[c]));
  const order = [...found.keys()].sort(
    (i, j) => stepDown[i] - stepDown[j] || values[j * count] - values[i * count] || i - j,
  );
  const significant = order.filter((i) => stepDown[i] <= alpha);
  const moved = significant.slice(0, SHOWN_COLUMNS);
  const { reference, batch } = countsOf(pooled);
  const target = { alpha: alpha / ordered.length, power: 0.8 };
  return {
    p: stepDown[order[0]],
    most: found[order[0]],
    movedCount: significant.length,
    moved: moved.map((i) => found[i]),
    detectable: detectableByKolmogorovSmirnov(...effectiveRows(pooled, reference, batch), target).statistic,
    plots: moved.filter((i) => ordered[i].categories === null).map((i) => plotOf(pooled, ordered[i])),
  };
}

/** Rows count as far as they are independent: no more than clusters where those are permuted. */
function effectiveRows(pooled: PooledRows, reference: number, batch: number): [number, number] {
  if (pooled.nullHypothesis === 'rows') return [reference, batch];
  const clustersOf = (side: number) =>
    new Set(pooled.clusters.filter((_, row) => pooled.observed[row] === side)).size;
  return [clustersOf(0), clustersOf(1)];
}

/** Share of every category on either side. @returns reference and batch, float64 [categories] each */
function sharesOf({ values, categories }: TestedColumn, sides: Uint8Array): [Float64Array, Float64Array] {
  const size = categories?.length ?? 0;
  const counts = [new Float64Array(size), new Float64Array(size)];
  const rows = [0, 0];
  for (const [row, side] of sides.entries()) {
    counts[side][values[row]]++;
    rows[side]++;
  }
  return [counts[0].map((count) => count / rows[0]), counts[1].map((count) => count / rows[1])];
}

/** The category whose share differs most. */
function mostDifferent([reference, batch]: [Float64Array, Float64Array]): number {
  const differences = batch.map((share, k) => Math.abs(share - reference[k]));
  return differences.indexOf(Math.max(...differences));
}

function shareDifference(column: TestedColumn, sides: Uint8Array): number {
  const [reference, batch] = sharesOf(column, sides);
  const most = mostDifferent([reference, batch]);
  return Math.abs(batch[most] - reference[most]);
}

function movedColumn(pooled: PooledRows, column: TestedColumn, distance: number, p: number): Moved {
  const { name, kind, categories } = column;
  if (categories) {
    const shares = sharesOf(column, pooled.observed);
    const most = mostDifferent(shares);
    const effect = { name: SHARE + categories[most], value: distance, unit: '' };
    return { kind, name, effect, p, reference: shares[0][most], batch: shares[1][most], examples: [] };
  }
  const [reference, batch] = [0, 1].map((side) =>
    quantile(column.values.filter((_, row) => pooled.observed[row] === side).sort(), 0.5),
  );
  const effect = { name: 'Kolmogorov-Smirnov distance', value: distance, unit: '' };
  return { kind, name, effect, p, reference, batch, examples: [] };
}

/** A column that moved in words: medians of both sides, or the shares of the category that moved most. */
export function movedText({ name, effect, reference, batch }: Moved): string {
  const what = effect.name.startsWith(SHARE) ? `share of ${effect.name.slice(SHARE.length)}` : 'median';
  return `${name} (${what} ${figure(reference)} to ${figure(batch)})`;
}

function plotOf({ observed }: PooledRows, { name, unit, values }: TestedColumn): DriftHistogram {
  const side = (wanted: number) => values.filter((_, row) => observed[row] === wanted);
  return histogramOf({ name, unit }, side(0), side(1));
}
