import { popcounts } from '../../core/fingerprint.ts';
import { isInX, type MmdProblem } from '../../core/mmd-problem.ts';
import type { MmdFeatures } from './mmd-features.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';
import { gatherRows, packWords, UNPACK_COPIES, unpackBits } from './unpack-bits.ts';

const FLOAT_BYTES = 4;
/** Arrays of a pair of tiles that are alive at most while kernel values are computed. */
const PAIR_COPIES = 8;
/** Arrays of a tile's labels that are alive at most while they are unpacked, multiplied and summed. */
const LABEL_COPIES = 8;

/** Rows, and columns of labels, that the device works on at a time; rows a multiple of 16, for the labels' words. */
export interface MmdTileSizes {
  readonly rows: number;
  readonly columns: number;
}

/** A third of the memory each for two tiles' bits, for a pair of tiles, and for labels. */
export function sizeMmdTiles(tileBytes: number, { shape, dimensions }: MmdProblem): MmdTileSizes {
  const floats = tileBytes / 3 / FLOAT_BYTES;
  const byBits = floats / ((shape.bits + dimensions) * (UNPACK_COPIES + 1));
  const byPairs = Math.sqrt(floats / PAIR_COPIES);
  const rows = Math.max(16, Math.floor(Math.min(byBits, byPairs) / 16) * 16);
  return { rows, columns: Math.max(1, Math.floor(floats / (rows * LABEL_COPIES))) };
}

/** Rows on the device as the kernels need them. */
export interface KernelTile extends Disposable {
  readonly first: number;
  readonly count: number;
  /** float32 [count, bits] of 0 and 1 */
  readonly bits: Tensor;
  /** float32 [1, count] */
  readonly setBits: Tensor;
  /** float32 [dimensions, count]: what float32 holds of the features, and the rest */
  readonly features: readonly [high: Tensor, low: Tensor] | undefined;
}

/** Puts rows on the device. */
export function placeKernelTile(
  engine: TensorEngine,
  { fingerprints, shape }: MmdProblem,
  features: MmdFeatures | undefined,
  first: number,
  count: number,
): KernelTile {
  const rows = Uint32Array.from({ length: count }, (_, i) => first + i);
  const packed = gatherRows(fingerprints, shape, rows);
  const placed = engine.tidy(() => [
    unpackBits(engine, packWords(engine, packed, count)),
    engine.tensor(Float32Array.from(popcounts(packed, shape.bytes)), [1, count], 'float32'),
    ...(features?.place(engine, first, count) ?? []),
  ]);
  const [bits, setBits, high, low] = placed;
  return {
    first,
    count,
    bits,
    setBits,
    features: features && [high, low],
    [Symbol.dispose]() {
      for (const tensor of placed) tensor.dispose();
    },
  };
}

/** Labels of rows, packed, with X the smaller group. */
export interface RowLabels {
  /** uint8 [columns, bytes]; bit i of a column is row i, bytes even */
  readonly bits: Uint8Array;
  readonly bytes: number;
  /** Rows in X by column. */
  readonly rowsInX: Uint32Array;
}

/**
 * Labels by row, clusters spread out, and X and Y named anew in columns where X is the larger one. MMD stays the same; but the
 * sum within Y is found as a difference, and where Y is small that would leave few digits of it.
 */
export function labelRows({ labels, rowsInX, shape, clusters }: MmdProblem): RowLabels {
  const bytes = Math.ceil(shape.count / 16) * 2;
  const bits = new Uint8Array(labels.count * bytes);
  const smaller = rowsInX.map((n) => Math.min(n, shape.count - n));
  for (let column = 0; column < labels.count; column++) {
    const wanted = smaller[column] === rowsInX[column];
    for (let row = 0; row < shape.count; row++) {
      if (isInX(labels, column, clusters ? clusters[row] : row) !== wanted) continue;
      bits[column * bytes + (row >> 3)] |= 1 << (row & 7);
    }
  }
  return { bits, bytes, rowsInX: smaller };
}

/**
 * Labels of a tile's rows on the device, and below them a row of ones, so that what is multiplied by labels is also summed.
 * @returns float32 [columns + 1, rows]
 */
export function placeLabels(
  engine: TensorEngine,
  { bits, bytes }: RowLabels,
  { first: firstColumn, count: columns }: { readonly first: number; readonly count: number },
  { first, count }: KernelTile,
): Tensor {
  const wide = Math.ceil(count / 16) * 2;
  const packed = new Uint8Array((columns + 1) * wide).fill(0xff);
  for (let column = 0; column < columns; column++) {
    const start = (firstColumn + column) * bytes + first / 8;
    packed.set(bits.subarray(start, start + wide), column * wide);
  }
  return engine.tidy(() => {
    const unpacked = engine.tidy(() => unpackBits(engine, packWords(engine, packed, columns + 1)));
    return engine.slice(unpacked, [0, 0], [columns + 1, count]);
  });
}
