/**
 * Mean of the batch less mean of the reference.
 * @param values  float64 [rows]
 * @param sides   uint8 [rows], 1 = batch
 */
export function meanShift(values: Float64Array, sides: Uint8Array): number {
  let [batch, all, size] = [0, 0, 0];
  for (const [row, value] of values.entries()) {
    all += value;
    if (sides[row] === 0) continue;
    batch += value;
    size++;
  }
  return batch / size - (all - batch) / (values.length - size);
}
