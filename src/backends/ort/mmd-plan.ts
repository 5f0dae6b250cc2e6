/** What one run of a tile graph computes. */
export interface TilePlan {
  /** A multiple of 8, so that labels are cut at whole bytes. */
  readonly rows: number;
  readonly columns: number;
}

/** Largest array of one binding that WebGPU promises everywhere. */
const LARGEST_ARRAY_BYTES = 128 * 2 ** 20;
const MOST_ROWS = 2048;
const MOST_COLUMNS = 4096;

/**
 * Tiles as large as the memory allows. Their arrays in float32: bits of both sides and the look-up they come from; about six
 * matrices [rows, rows]; differences of features [rows, rows, d], their parts and squares; labels of both sides, the product
 * and its masked copy [columns, rows].
 * @param dimensions  of the features that the kernel reads; 0 for a kernel of bits
 */
export function planTiles(
  { bits, columns, dimensions }: { bits: number; columns: number; dimensions: number },
  memoryBytes: number,
): TilePlan {
  const blockColumns = Math.min(columns, MOST_COLUMNS);
  const fits = (rows: number) => {
    const arrays = [4 * rows * bits, 6 * rows ** 2, 4 * dimensions * rows ** 2, 6 * rows * blockColumns];
    const largest = Math.max(rows * bits, dimensions * rows ** 2, rows * blockColumns);
    return (
      arrays.reduce((sum, length) => sum + length * 4, 0) <= memoryBytes && largest * 4 <= LARGEST_ARRAY_BYTES
    );
  };
  let rows = MOST_ROWS;
  while (rows > 8 && !fits(rows)) rows /= 2;
  return { rows, columns: blockColumns };
}
