import ort from 'onnxruntime-node';
import type { MmdKernel } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import type { RowLabels } from './mmd-row-labels.ts';

/** Consecutive rows of the pooled samples, ready to be either side of a tile. */
export interface Tile {
  readonly start: number;
  readonly count: number;
  /** Inputs of the kernel, without `queries` or `targets` before their names: { '': packed rows } or { _high, _low }. */
  readonly values: Readonly<Record<string, ort.Tensor>>;
}

/**
 * Cuts the samples into tiles.
 * @param padded  whether the last one is filled up to a multiple of 8 rows, as labels come in bytes
 */
export function cutTiles(problem: MmdProblem, kernel: MmdKernel, rows: number, padded: boolean): Tile[] {
  const features = kernel.kind === 'rbf-features' ? scaleFeatures(problem, kernel.bandwidth) : undefined;
  const tiles: Tile[] = [];
  for (let start = 0; start < problem.shape.count; start += rows) {
    const end = Math.min(start + rows, problem.shape.count);
    const count = padded ? Math.ceil((end - start) / 8) * 8 : end - start;
    const values = features
      ? Object.fromEntries(
          Object.entries(features).map(([part, all]) => [
            part,
            floatTensor(all, start, end, count, problem.dimensions),
          ]),
        )
      : { '': packedTensor(problem, start, end, count) };
    tiles.push({ start, count, values });
  }
  return tiles;
}

/** Labels of a tile's rows in columns `from` to `to`: uint8 [columns, rows / 8]. */
export function cutLabels(labels: RowLabels, tile: Tile, from: number, to: number): ort.Tensor {
  const bytes = tile.count / 8;
  const cut = new Uint8Array((to - from) * bytes);
  for (let column = from; column < to; column++) {
    const at = column * labels.bytes + tile.start / 8;
    cut.set(labels.bits.subarray(at, at + bytes), (column - from) * bytes);
  }
  return new ort.Tensor('uint8', cut, [to - from, bytes]);
}

/** Numbers of a tile's rows, as a column for queries and as a row for targets. */
export function rowNumbers(tile: Tile, side: 'queries' | 'targets'): ort.Tensor {
  const numbers = Int32Array.from({ length: tile.count }, (_, i) => tile.start + i);
  return new ort.Tensor('int32', numbers, side === 'queries' ? [tile.count, 1] : [1, tile.count]);
}

/** A piece of [N] values with the shape of `rowNumbers`; 0 for rows that only fill up. */
export function rowTerms(terms: Float64Array, tile: Tile, side: 'queries' | 'targets'): ort.Tensor {
  const piece = new Float32Array(tile.count);
  piece.set(terms.subarray(tile.start, tile.start + tile.count));
  return new ort.Tensor('float32', piece, side === 'queries' ? [tile.count, 1] : [1, tile.count]);
}

function packedTensor(
  { fingerprints, shape }: MmdProblem,
  start: number,
  end: number,
  count: number,
): ort.Tensor {
  const packed = new Uint8Array(count * shape.bytes);
  for (let row = start; row < end; row++) {
    const at = row * shape.rowBytes;
    packed.set(fingerprints.subarray(at, at + shape.bytes), (row - start) * shape.bytes);
  }
  return new ort.Tensor('uint8', packed, [count, shape.bytes]);
}

function floatTensor(
  all: Float32Array,
  start: number,
  end: number,
  count: number,
  width: number,
): ort.Tensor {
  const piece = new Float32Array(count * width);
  piece.set(all.subarray(start * width, end * width));
  return new ort.Tensor('float32', piece, [count, width]);
}

/**
 * Features from their mean, in units of bandwidth * sqrt 2, as the sum of two float32: 48 bits, so that near rows keep their
 * distance however far from the mean they are.
 */
function scaleFeatures(
  { features, dimensions, shape }: MmdProblem,
  bandwidth: number,
): { _high: Float32Array; _low: Float32Array } {
  const means = new Float64Array(dimensions);
  for (const [i, value] of features.entries()) means[i % dimensions] += value / shape.count;
  const unit = bandwidth * Math.SQRT2;
  const _high = new Float32Array(features.length);
  const _low = new Float32Array(features.length);
  for (const [i, value] of features.entries()) {
    const scaled = (value - means[i % dimensions]) / unit;
    _high[i] = scaled;
    _low[i] = scaled - _high[i];
  }
  return { _high, _low };
}
