import { refuse } from './finite-values.ts';
import type { PairKernel } from './pair-kernel.ts';
import { checkObserved } from './permutation-labels.ts';
import { seededOrder } from './seeded-order.ts';
import { studentSurvival } from './student-t.ts';

/** With fewer blocks their mean is not near enough to normal, and its spread not known. */
const LEAST_BLOCKS = 20;

export interface LargeSample {
  /** 1 = batch, 0 = reference. uint8 [rows] */
  readonly observed: Uint8Array;
  /** Cluster of each row, any numbers; absent where rows are independent. uint32 [rows] */
  readonly clusters?: Uint32Array;
  /** Of the order that rows are taken in. */
  readonly seed: number;
}

export interface BlockMmd {
  /** Mean of the blocks' unbiased squared MMD. */
  readonly value: number;
  /** Its standard error, from the spread between blocks. */
  readonly spread: number;
  /** One-sided, from value / spread by Student's t. */
  readonly p: number;
  readonly blocks: number;
  /** Kernel values computed. */
  readonly pairs: number;
}

/**
 * MMD of samples too large for all pairs: both sides are cut into blocks, and their unbiased MMDs averaged. Time is
 * about 2 N^1.5 kernel values and memory linear, without permutations. The price is power: under the null its spread is about
 * sqrt(blocks) times that of all pairs. For more than 1e5 rows; below that `mmdTest` sees smaller shifts.
 *
 * Blocks take whole clusters, and pairs of one cluster are left out of every mean (else clusters in X would look like a
 * distance), so blocks are independent where clusters are. The null: clusters are independent, and of one law on both sides.
 * @param blocks  about the square root of the clusters (rows) on the smaller side when not given
 * @throws ERR_USAGE where a side has too few clusters for 20 blocks
 * @source Zaremba, Gretton, Blaschko 2013, "B-test", arXiv:1307.1954
 */
export function blockMmd(
  { observed, clusters, seed }: LargeSample,
  kernel: PairKernel,
  blocks?: number,
): BlockMmd {
  checkObserved(observed);
  const clusterOf = clusters ?? Uint32Array.from(observed, (_, row) => row);
  const groups = groupRows(observed, clusterOf, seed);
  const fewest = Math.min(
    groups.filter(({ batch }) => batch.length > 0).length,
    groups.filter(({ reference }) => reference.length > 0).length,
  );
  const count = blocks ?? Math.floor(Math.sqrt(fewest));
  if (!(count >= LEAST_BLOCKS && Number.isInteger(count) && fewest >= 2 * count)) {
    refuse(
      `${fewest} clusters on the smaller side are too few for ${Math.max(count, LEAST_BLOCKS)} blocks. Use mmdTest, which compares all pairs.`,
    );
  }
  const values: number[] = [];
  let pairs = 0;
  for (const block of dealGroups(groups, count)) {
    const terms = [
      meanOfPairs(block.batch, block.batch, clusterOf, kernel),
      meanOfPairs(block.reference, block.reference, clusterOf, kernel),
      meanOfPairs(block.batch, block.reference, clusterOf, kernel),
    ];
    values.push(terms[0].mean + terms[1].mean - 2 * terms[2].mean);
    for (const term of terms) pairs += term.pairs;
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const spread = Math.sqrt(squares / (values.length - 1) / values.length);
  // Blocks that are all alike have no spread to judge by: all above 0 are then a matter of signs.
  const alike = mean > 0 ? 2 ** -values.length : 1;
  const p = spread === 0 ? alike : studentSurvival(mean / spread, values.length - 1);
  return { value: mean, spread, p, blocks: values.length, pairs };
}

interface Group {
  readonly batch: number[];
  readonly reference: number[];
}

/** Rows of each cluster by side; clusters in random order. */
function groupRows(observed: Uint8Array, clusterOf: Uint32Array, seed: number): Group[] {
  const groups = new Map<number, Group>();
  for (const [row, cluster] of clusterOf.entries()) {
    const group = groups.get(cluster) ?? { batch: [], reference: [] };
    groups.set(cluster, group);
    (observed[row] === 1 ? group.batch : group.reference).push(row);
  }
  const all = [...groups.values()];
  return Array.from(seededOrder(all.length, seed), (i) => all[i]);
}

/** Deals clusters out so that each block gets as many of either side as any other, but for one. */
function dealGroups(groups: readonly Group[], count: number): Group[] {
  const blocks = Array.from({ length: count }, (): Group => ({ batch: [], reference: [] }));
  // Those on both sides in between: so both the clusters with reference rows and those with batch rows are dealt in one run.
  const kind = ({ batch, reference }: Group) => (batch.length === 0 ? 0 : reference.length > 0 ? 1 : 2);
  for (const [i, group] of groups.toSorted((a, b) => kind(a) - kind(b)).entries()) {
    const block = blocks[i % count];
    for (const row of group.batch) block.batch.push(row);
    for (const row of group.reference) block.reference.push(row);
  }
  return blocks;
}

/** Mean over the pairs of different clusters; each pair once where both sides are the same rows. */
function meanOfPairs(
  first: readonly number[],
  second: readonly number[],
  clusterOf: Uint32Array,
  kernel: PairKernel,
): { mean: number; pairs: number } {
  let sum = 0;
  let pairs = 0;
  for (const [i, row] of first.entries()) {
    const others = first === second ? i : second.length;
    for (let j = 0; j < others; j++) {
      if (clusterOf[row] === clusterOf[second[j]]) continue;
      sum += kernel(row, second[j]);
      pairs++;
    }
  }
  return { mean: sum / pairs, pairs };
}
