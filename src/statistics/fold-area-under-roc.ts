/** Steps of a ladder for each score on it: with several, most of them hold none. */
const STEPS = 4;
/** Scores of a step that are sorted by insertion. */
const FEW = 12;

/**
 * Area under the ROC curve over pairs within a fold: P(a batch row scores above a reference row of its fold), ties
 * counting half. Scores of two folds come from two fits with two intercepts and are not comparable.
 * Cost: a few steps for each row; n log n at worst, where most scores lie close together and some far off.
 * @param scores  float64 [n], finite
 * @param sides   0 or 1 [n], 1 = batch
 * @param folds   rows of each fold
 * @returns NaN where no fold has rows of both sides
 * @source Parker, Guenter & Bedo 2007, doi:10.1186/1471-2105-8-326
 */
export function foldAreaUnderRoc(
  scores: Float64Array,
  sides: Uint8Array,
  folds: readonly Uint32Array[],
): number {
  /** Twice the pairs that the batch row wins, ties counting once: whole numbers. */
  let above = 0;
  let pairs = 0;
  for (const rows of folds) {
    const batch = new Float64Array(rows.length + 1);
    const reference = new Float64Array(rows.length + 1);
    let inBatch = 0;
    for (let i = 0; i < rows.length; i++) {
      // Written to both, kept in one: sides come in no order that a processor could guess.
      const row = rows[i];
      batch[inBatch] = scores[row];
      reference[i - inBatch] = scores[row];
      inBatch += sides[row];
    }
    const inReference = rows.length - inBatch;
    if (inBatch === 0 || inReference === 0) continue;
    pairs += inBatch * inReference;
    above += countAbove(makeLadder(batch.subarray(0, inBatch)), reference.subarray(0, inReference));
  }
  return pairs === 0 ? Number.NaN : above / 2 / pairs;
}

/** Scores in order, with steps of equal height over most of their range: the place of another is found without a search. */
interface Ladder {
  /** float64 [m], ascending */
  readonly sorted: Float64Array;
  readonly lowest: number;
  readonly stepsPerUnit: number;
  /** How many scores are below each step. uint32 [STEPS m + 1] */
  readonly below: Uint32Array;
}

function makeLadder(scores: Float64Array): Ladder {
  const size = scores.length;
  let mean = 0;
  for (let i = 0; i < size; i++) mean += scores[i] / size;
  let squares = 0;
  for (let i = 0; i < size; i++) squares += (scores[i] - mean) ** 2;
  // What lies past two deviations is on the first step or the last.
  const reach = 2 * Math.sqrt(squares / size);
  const lowest = mean - reach;
  const stepsPerUnit = reach > 0 ? (STEPS * size) / (2 * reach) : 0;
  const below = new Uint32Array(STEPS * size + 1);
  const last = STEPS * size - 1;
  const steps = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    steps[i] = stepOf((scores[i] - lowest) * stepsPerUnit, last);
    below[steps[i] + 1]++;
  }
  for (let step = 0; step <= last; step++) below[step + 1] += below[step];
  const sorted = new Float64Array(size);
  // Filled from the top of each step down; what is left over counts as `below` again.
  const next = below.slice(1);
  for (let i = 0; i < size; i++) sorted[--next[steps[i]]] = scores[i];
  for (let step = 0; step <= last; step++) sortWithin(sorted, below[step], below[step + 1]);
  return { sorted, lowest, stepsPerUnit, below };
}

/** Never lower for a higher score: subtracting, multiplying and rounding keep the order. @returns 0 .. last */
function stepOf(height: number, last: number): number {
  return height > 0 ? Math.floor(Math.min(height, last)) : 0;
}

function sortWithin(values: Float64Array, from: number, to: number): void {
  if (to - from > FEW) {
    values.subarray(from, to).sort();
    return;
  }
  for (let i = from + 1; i < to; i++) {
    const value = values[i];
    let at = i;
    for (; at > from && values[at - 1] > value; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

/** For each of other scores, twice the ladder's scores above it and once those equal to it. */
function countAbove({ sorted, lowest, stepsPerUnit, below }: Ladder, others: Float64Array): number {
  const last = below.length - 2;
  let notAbove = 0;
  for (let i = 0; i < others.length; i++) {
    const score = others[i];
    const step = stepOf((score - lowest) * stepsPerUnit, last);
    const end = below[step + 1];
    let first = below[step];
    for (let high = end; first < high; ) {
      const middle = (first + high) >> 1;
      if (sorted[middle] < score) first = middle + 1;
      else high = middle;
    }
    let past = first;
    for (let high = end; past < high; ) {
      const middle = (past + high) >> 1;
      if (sorted[middle] <= score) past = middle + 1;
      else high = middle;
    }
    notAbove += first + past;
  }
  return 2 * sorted.length * others.length - notAbove;
}
