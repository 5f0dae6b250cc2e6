import { isInX, type MmdProblem } from '../../core/mmd-problem.ts';

/** Labels of rows instead of clusters, and X the smaller group of every column. */
export interface RowLabels {
  /** uint8 [columns, bytes]; bits past the last row are 0 */
  readonly bits: Uint8Array;
  readonly bytes: number;
  /** uint32 [columns] */
  readonly rowsInX: Uint32Array;
}

/**
 * MMD stays the same when its groups change names; but it is found from the sum within X, and where Y is the smaller one
 * that sum is large, is multiplied by a large factor, and leaves few digits in float32.
 */
export function labelRows(problem: MmdProblem): RowLabels {
  const { labels, shape, clusters } = problem;
  const bytes = Math.ceil(shape.count / 8);
  const bits = clusters ? new Uint8Array(labels.count * bytes) : labels.bits.slice();
  const rowsInX = problem.rowsInX.slice();
  const lastByte = 0xff >> (-shape.count & 7);
  for (let column = 0; column < labels.count; column++) {
    const row = bits.subarray(column * bytes, (column + 1) * bytes);
    for (const [i, cluster] of clusters?.entries() ?? []) {
      if (isInX(labels, column, cluster)) row[i >> 3] |= 1 << (i & 7);
    }
    if (rowsInX[column] <= shape.count - rowsInX[column]) continue;
    rowsInX[column] = shape.count - rowsInX[column];
    for (let i = 0; i < bytes; i++) row[i] ^= 0xff;
    row[bytes - 1] &= lastByte;
  }
  return { bits, bytes, rowsInX };
}
