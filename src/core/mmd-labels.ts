import { AssayerError } from './errors.ts';
import type { MmdPermutations } from './mmd.ts';
import { philox, philoxKey } from './philox.ts';

/** Label columns as bits, one after the other. */
export interface LabelColumns {
  /** uint8 [count, bytes]; bits past the last unit are 0 */
  readonly bits: Uint8Array;
  readonly count: number;
  /** ceil(units / 8) */
  readonly bytes: number;
}

/**
 * Draws columns. The caller's true labels have `inX` units in X.
 * @throws ERR_OUT_OF_MEMORY
 */
export type DrawColumns = (request: MmdPermutations, units: number, inX: number) => LabelColumns;

/** Buckets that words are sorted into by their leading bits, to find the smallest without a sort. */
const BUCKET_BITS = 12;

/**
 * The true labels, and B columns drawn by counter. Unit i of column b has the word `philox([i >> 2, b, 0, 0], seed)[i & 3]`;
 * the n units of the smallest words, and of equal words the first, are in X. So any backend can make any label.
 */
export const drawColumns: DrawColumns = ({ observed, permutations, seed }, units, inX) => {
  const bytes = observed.length;
  const bits = startColumns(observed, permutations);
  const words = new Uint32Array(Math.ceil(units / 4) * 4);
  const key = philoxKey(seed);
  const counter = new Uint32Array(4);
  for (let b = 1; b <= permutations; b++) {
    for (let i = 0; i < words.length; i += 4) {
      counter[0] = i >> 2;
      counter[1] = b;
      philox(counter, key, words.subarray(i, i + 4));
    }
    markSmallest(words.subarray(0, units), inX, bits.subarray(b * bytes, (b + 1) * bytes));
  }
  return { bits, count: permutations + 1, bytes };
};

/** Columns whose first is the true labels, the others empty. @throws ERR_OUT_OF_MEMORY */
export function startColumns(observed: Uint8Array, permutations: number): Uint8Array {
  const sizeBytes = (permutations + 1) * observed.length;
  try {
    const bits = new Uint8Array(sizeBytes);
    bits.set(observed);
    return bits;
  } catch (cause) {
    const purpose = `the labels of ${permutations} permutations`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes }, { cause });
  }
}

/** Sets the bits of the n smallest words; of equal words the first come first. */
function markSmallest(words: Uint32Array, n: number, out: Uint8Array): void {
  const shift = 32 - BUCKET_BITS;
  const sizes = new Uint32Array(2 ** BUCKET_BITS);
  for (const word of words) sizes[word >>> shift]++;
  let last = 0;
  let below = 0;
  while (below + sizes[last] < n) below += sizes[last++];
  const undecided: number[] = [];
  for (let i = 0; i < words.length; i++) {
    const bucket = words[i] >>> shift;
    if (bucket < last) out[i >> 3] |= 1 << (i & 7);
    else if (bucket === last) undecided.push(i);
  }
  undecided.sort((i, j) => words[i] - words[j] || i - j);
  for (const i of undecided.slice(0, n - below)) out[i >> 3] |= 1 << (i & 7);
}
