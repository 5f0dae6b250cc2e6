/**
 * Mean of the batch less mean of the reference.
 * @param values  float64 [rows], finite
 * @param sides   uint8 [rows], 1 = batch
 */
export function meanShift(values: Float64Array, sides: Uint8Array): number {
  let [batch, all, size] = [0, 0, 0];
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const side = sides[row];
    all += value;
    // Sides come in no order that a processor could guess.
    batch += value * side;
    size += side;
  }
  return batch / size - (all - batch) / (values.length - size);
}
