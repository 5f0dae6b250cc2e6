/** p-values of permutation tests under the null: uniform where rows, or clusters, are exchangeable, and not where they are not. */
import { seededRandom } from '../../src/core/random.ts';

import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { upperGamma } from '../../src/statistics/incomplete-gamma.ts';
import { independentLabels, type PermutationLabels } from '../../src/statistics/permutation-labels.ts';
import { permutationTest } from '../../src/statistics/permutation-test.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';

const LEVELS = [0.001, 0.01, 0.05] as const;
const ROWS = 60;
const SERIES = 20;
/** Bins of p that are compared with their expected counts. */
const BINS = 20;

/** p-values of many null runs of one test. */
export interface UniformityRuns {
  readonly runs: number;
  readonly permutations: number;
  /** P(p <= level), by level. */
  readonly atMost: Readonly<Record<string, AlarmRate>>;
  /** Runs whose p lies in each of 20 equal bins. */
  readonly bins: readonly number[];
  /** p of the chi-square test that the bins are equal. */
  readonly uniform: number;
}

export interface UniformityProof {
  readonly settings: {
    readonly rows: number;
    readonly series: number;
    readonly permutations: number;
    readonly seed: number;
  };
  /** Rows without series, rows permuted. */
  readonly independent: UniformityRuns;
  /** Rows in series that share half of their variance, whole series permuted. */
  readonly clustered: UniformityRuns;
  /** The same runs, rows permuted. */
  readonly naive: UniformityRuns;
}

/** @param permutations  bins are equal where permutations + 1 is a multiple of 20; 999 has a place for the level 0.001 */
export function proveUniformity({
  runs,
  permutations,
  seed,
}: {
  runs: number;
  permutations: number;
  seed: number;
}): UniformityProof {
  const clusters = Uint32Array.from({ length: ROWS }, (_, row) => Math.floor((row * SERIES) / ROWS));
  const bySeries = (request: Parameters<typeof independentLabels>[0]) => clusterSwapLabels(request, clusters);
  const settings = { rows: ROWS, series: SERIES, permutations, seed };
  return {
    settings,
    independent: runTests(runs, settings, { between: 0, labels: independentLabels }),
    clustered: runTests(runs, settings, { between: 0.5, labels: bySeries }),
    naive: runTests(runs, settings, { between: 0.5, labels: independentLabels }),
  };
}

/** Squared difference of means: the MMD of a linear kernel, but for a constant. */
function runTests(
  runs: number,
  { permutations, seed }: UniformityProof['settings'],
  {
    between,
    labels,
  }: { between: number; labels: (request: Parameters<typeof independentLabels>[0]) => PermutationLabels },
): UniformityRuns {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  // Series are on one side whole: the first half of them is the batch.
  const observed = Uint8Array.from({ length: ROWS }, (_, row) => (row < ROWS / 2 ? 1 : 0));
  const ps: number[] = [];
  for (let run = 0; run < runs; run++) {
    const centers = Array.from({ length: SERIES }, () => normal() * Math.sqrt(between));
    const values = Float64Array.from(observed, (_, row) => {
      return centers[Math.floor((row * SERIES) / ROWS)] + normal() * Math.sqrt(1 - between);
    });
    let all = 0;
    for (const value of values) all += value;
    const statistic = (sides: Uint8Array) => {
      let [batch, rows] = [0, 0];
      for (let row = 0; row < ROWS; row++) {
        if (sides[row] === 0) continue;
        batch += values[row];
        rows++;
      }
      return (batch / rows - (all - batch) / (ROWS - rows)) ** 2;
    };
    ps.push(permutationTest(labels({ observed, permutations, seed: seed + run }), statistic).p);
  }
  return summarize(ps, permutations);
}

function summarize(ps: readonly number[], permutations: number): UniformityRuns {
  const bins = new Array<number>(BINS).fill(0);
  // p is k / (B + 1) with k from 1: the bin of its middle, so that all bins hold as many places.
  for (const p of ps) bins[Math.floor((p - 0.5 / (permutations + 1)) * BINS)]++;
  const expected = ps.length / BINS;
  const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const atMost = LEVELS.map((level) => {
    const count = ps.filter((p) => p <= level * (1 + 1e-12)).length;
    return [level, rateOf(count, ps.length)];
  });
  return {
    runs: ps.length,
    permutations,
    atMost: Object.fromEntries(atMost),
    bins,
    uniform: upperGamma((BINS - 1) / 2, chiSquare / 2),
  };
}
