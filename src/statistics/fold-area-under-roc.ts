/**
 * Area under the ROC curve over pairs within a fold: P(a batch row scores above a reference row of its fold), ties
 * counting half. Scores of two folds come from two fits with two intercepts and are not comparable.
 * @param scores  float64 [n]
 * @param sides   0 or 1 [n], 1 = batch
 * @param folds   uint32 [n], 0 .. count - 1
 * @returns NaN where no fold has rows of both sides
 * @source Parker, Guenter & Bedo 2007, doi:10.1186/1471-2105-8-326
 */
export function foldAreaUnderRoc(
  scores: Float64Array,
  sides: Uint8Array,
  folds: Uint32Array,
  count: number,
): number {
  const batch: number[][] = Array.from({ length: count }, () => []);
  const reference: number[][] = Array.from({ length: count }, () => []);
  for (let row = 0; row < sides.length; row++)
    (sides[row] === 1 ? batch : reference)[folds[row]].push(scores[row]);
  let above = 0;
  let pairs = 0;
  for (let fold = 0; fold < count; fold++) {
    const y = Float64Array.from(batch[fold]).sort();
    const x = Float64Array.from(reference[fold]).sort();
    let below = 0;
    let upTo = 0;
    for (const score of y) {
      while (below < x.length && x[below] < score) below++;
      while (upTo < x.length && x[upTo] <= score) upTo++;
      above += (below + upTo) / 2;
    }
    pairs += x.length * y.length;
  }
  return pairs === 0 ? Number.NaN : above / pairs;
}
