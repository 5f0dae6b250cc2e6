import { AssayerError } from './errors.ts';
import type { MmdInput, MmdKernel } from './mmd.ts';
import { type DrawColumns, drawColumns, type LabelColumns } from './mmd-labels.ts';
import { checkRows, type RowShape } from './search-arguments.ts';

/** An input that was checked, with its label columns made. */
export interface MmdProblem {
  readonly fingerprints: Uint8Array;
  readonly shape: RowShape;
  /** float64 [N, dimensions] */
  readonly features: Float64Array;
  readonly dimensions: number;
  /** What labels are for: rows, or clusters. */
  readonly units: number;
  /** Unit of each row; absent where every row is its own. uint32 [N] */
  readonly clusters?: Uint32Array;
  readonly labels: LabelColumns;
  /** Rows in X by column. uint32 [columns] */
  readonly rowsInX: Uint32Array;
  readonly kernels: readonly MmdKernel[];
}

function refuse(problem: string): never {
  throw new AssayerError('ERR_USAGE', { problem });
}

/** Whether unit u is in X in a column. */
export function isInX({ bits, bytes }: LabelColumns, column: number, unit: number): boolean {
  return ((bits[column * bytes + (unit >> 3)] >> (unit & 7)) & 1) === 1;
}

/**
 * Checks an input and draws its labels.
 * @param draw  a faster way to the same labels
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY
 */
export function prepareMmd(input: MmdInput, draw: DrawColumns = drawColumns): MmdProblem {
  const shape = checkRows(input.samples);
  const { features = new Float64Array(), clusters, kernels } = input;
  const dimensions = checkFeatures(features, shape.count);
  checkKernels(kernels, dimensions);
  const sizes = clusters ? countClusters(clusters, shape.count) : new Uint32Array(shape.count).fill(1);
  const labels = makeLabels(input, sizes.length, draw);
  const alike = clusters === undefined && 'observed' in input.labels;
  const rowsInX = countRowsInX(labels, sizes, alike);
  checkSides(rowsInX, shape.count);
  return {
    fingerprints: input.samples.fingerprints,
    shape,
    features,
    dimensions,
    units: sizes.length,
    ...(clusters && { clusters }),
    labels,
    rowsInX,
    kernels,
  };
}

/**
 * Checks that each side of every column has the two rows that MMD needs.
 * @param rowsInX      uint32 [columns]
 * @param firstColumn  number of the first of them
 * @throws ERR_USAGE
 */
export function checkSides(rowsInX: Uint32Array, rows: number, firstColumn = 0): void {
  for (const [i, n] of rowsInX.entries()) {
    const m = rows - n;
    if (n >= 2 && m >= 2) continue;
    const which = firstColumn + i === 0 ? 'true labels' : `labels of column ${firstColumn + i}`;
    refuse(`The ${which} put ${n} rows in X and ${m} in Y. MMD needs two or more on each side.`);
  }
}

/** @returns d */
function checkFeatures(features: Float64Array, rows: number): number {
  const dimensions = rows === 0 ? 0 : features.length / rows;
  if (!Number.isInteger(dimensions)) {
    refuse(`${features.length} features do not fit ${rows} rows. Give the same number for every row.`);
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row = Math.floor(bad / dimensions);
    refuse(`Feature ${bad % dimensions} of row ${row} is ${features[bad]}. Features must be finite.`);
  }
  return dimensions;
}

function checkKernels(kernels: readonly MmdKernel[], dimensions: number): void {
  if (kernels.length === 0) refuse('No kernel was named. Name at least one.');
  for (const kernel of kernels) {
    if (kernel.kind === 'tanimoto') continue;
    // Below the square root of the smallest normal number 1 / bandwidth^2 is no number any more.
    if (!(kernel.bandwidth > 1e-150 && kernel.bandwidth < 1e150)) {
      refuse(`The bandwidth of ${kernel.kind} is ${kernel.bandwidth}. Give a positive number.`);
    }
    if (kernel.kind === 'rbf-features' && dimensions === 0) {
      refuse('The kernel rbf-features needs float features, and there are none.');
    }
  }
}

/** Rows of each cluster. */
function countClusters(clusters: Uint32Array, rows: number): Uint32Array {
  if (clusters.length !== rows) refuse(`${clusters.length} clusters do not fit ${rows} rows.`);
  let most = -1;
  for (const cluster of clusters) if (cluster > most) most = cluster;
  if (most >= rows) refuse(`Cluster ${most} of ${rows} rows: number the clusters from 0 without gaps.`);
  const sizes = new Uint32Array(most + 1);
  for (const cluster of clusters) sizes[cluster]++;
  const empty = sizes.indexOf(0);
  if (empty >= 0) refuse(`Cluster ${empty} has no rows: number the clusters from 0 without gaps.`);
  return sizes;
}

function makeLabels({ labels }: MmdInput, units: number, draw: DrawColumns): LabelColumns {
  const bytes = Math.ceil(units / 8);
  if ('columns' in labels) {
    const count = bytes === 0 ? 0 : labels.columns.length / bytes;
    if (!(Number.isInteger(count) && count >= 1)) {
      refuse(`${labels.columns.length} bytes of labels are no whole number of columns of ${bytes} bytes.`);
    }
    const made = { bits: labels.columns, count, bytes };
    for (let column = 0; column < count; column++) checkTail(made, column, units);
    return made;
  }
  const { observed, permutations, seed } = labels;
  if (observed.length !== bytes) refuse(`${observed.length} bytes of labels do not fit ${units} units.`);
  if (!(Number.isInteger(permutations) && permutations >= 0 && permutations < 2 ** 32 - 1)) {
    refuse(`${permutations} permutations were asked for. Give a whole number, 0 or more.`);
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    refuse(`The seed is ${seed}. Give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  }
  const first = { bits: observed, count: 1, bytes };
  checkTail(first, 0, units);
  let inX = 0;
  for (let unit = 0; unit < units; unit++) if (isInX(first, 0, unit)) inX++;
  return draw(labels, units, inX);
}

/** Bits past the last unit would be counted as rows that do not exist. */
function checkTail(labels: LabelColumns, column: number, units: number): void {
  for (let unit = units; unit < labels.bytes * 8; unit++) {
    if (isInX(labels, column, unit)) refuse(`Label column ${column} has a bit past its ${units} units.`);
  }
}

/** @param alike  every column has as many rows in X as the first */
function countRowsInX(labels: LabelColumns, sizes: Uint32Array, alike: boolean): Uint32Array {
  const rowsInX = new Uint32Array(labels.count);
  for (let column = 0; column < (alike ? 1 : labels.count); column++) {
    for (let unit = 0; unit < sizes.length; unit++) {
      if (isInX(labels, column, unit)) rowsInX[column] += sizes[unit];
    }
  }
  return alike ? rowsInX.fill(rowsInX[0]) : rowsInX;
}
