import type { DriftHistogram, Moved } from '../../core/drift.ts';
import { unitAlone } from '../../core/endpoint.ts';
import { type PermutationLabels, readLabels } from '../../statistics/permutation-labels.ts';
import { permutedDistances } from '../../statistics/permuted-distances.ts';
import { detectableByKolmogorovSmirnov } from '../../statistics/univariate-power.ts';
import { westfallYoungMaxT } from '../../statistics/westfall-young.ts';
import type { PooledRows } from './drift-check.ts';
import { histogramOf } from './histogram.ts';
import { medianOf, type TestedColumn } from './tested-columns.ts';
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
  values.set(permutedShares(groups, labels), numbers.length * count);
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

/** Largest difference of a category's share under each labelling. @returns float64 [groups, B + 1] */
function permutedShares(groups: readonly TestedColumn[], labels: PermutationLabels): Float64Array {
  const columns = labels.labels.count;
  const found = new Float64Array(groups.length * columns);
  if (groups.length === 0) return found;
  const sides = new Uint8Array(labels.rows);
  const inBatch = new Uint32Array(labels.rows);
  // The reference's counts are what the batch leaves of these, so that only its rows are gone through.
  const totals = groups.map((group) => countsIn(group, sides.keys()));
  for (let b = 0; b < columns; b++) {
    readLabels(labels, b, sides);
    let size = 0;
    for (let row = 0; row < sides.length; row++) if (sides[row] === 1) inBatch[size++] = row;
    const batchRows = inBatch.subarray(0, size);
    for (const [g, group] of groups.entries()) {
      const counts = countsIn(group, batchRows);
      found[g * columns + b] = Math.max(...differencesOf(sharesOf(counts, totals[g], size, labels.rows)));
    }
  }
  return found;
}

function countsIn({ values, categories }: TestedColumn, rows: Iterable<number>): Float64Array {
  const counts = new Float64Array(categories?.length ?? 0);
  for (const row of rows) counts[values[row]]++;
  return counts;
}

/** Share of every category on either side, from its rows in the batch and in both. */
function sharesOf(inBatch: Float64Array, inBoth: Float64Array, batchRows: number, rows: number): Shares {
  return {
    reference: inBatch.map((count, k) => (inBoth[k] - count) / (rows - batchRows)),
    batch: inBatch.map((count) => count / batchRows),
  };
}

interface Shares {
  readonly reference: Float64Array;
  readonly batch: Float64Array;
}

const differencesOf = ({ reference, batch }: Shares): Float64Array =>
  batch.map((share, k) => Math.abs(share - reference[k]));

function movedColumn(pooled: PooledRows, column: TestedColumn, distance: number, p: number): Moved {
  const { name, kind, categories, shown } = column;
  if (categories) {
    const { observed } = pooled;
    const batchRows = [...observed.keys()].filter((row) => observed[row] === 1);
    const inBoth = countsIn(column, observed.keys());
    const shares = sharesOf(countsIn(column, batchRows), inBoth, batchRows.length, observed.length);
    const differences = differencesOf(shares);
    const most = differences.indexOf(Math.max(...differences));
    const [reference, batch] = [shares.reference[most], shares.batch[most]];
    const effect = { name: SHARE + categories[most], value: distance, unit: '' };
    return { kind, name, effect, p, measure: 'share', reference, batch, examples: [] };
  }
  const [reference, batch] = [0, 1].map((side) => {
    const values = column.values.filter((_, row) => pooled.observed[row] === side);
    return shown ? shown.medianOf(values, side) : medianOf(values);
  });
  const effect = { name: 'Kolmogorov-Smirnov distance', value: distance, unit: '' };
  const unit = shown?.unit ?? column.unit;
  return { kind, name, effect, p, measure: 'median', reference, batch, unit, examples: [] };
}

/** A column that moved in words: medians of both sides, or the shares of the category that moved most. */
export function movedText({ name, effect, measure, reference, batch, unit }: Moved): string {
  const what = measure === 'share' ? `share of ${effect.name.slice(SHARE.length)}` : measure;
  const before = reference === null ? 'not known' : figure(reference);
  return `${name} (${what} ${before} to ${figure(batch)}${unit ? ` ${unitAlone(unit)}` : ''})`;
}

function plotOf({ observed }: PooledRows, { name, unit, values }: TestedColumn): DriftHistogram {
  const side = (wanted: number) => values.filter((_, row) => observed[row] === wanted);
  return histogramOf({ name, unit }, side(0), side(1));
}
