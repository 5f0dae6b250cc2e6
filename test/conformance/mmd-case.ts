import { readFileSync } from 'node:fs';
import type { MmdInput, MmdKernel } from '../../src/core/mmd.ts';
import { seededRandom } from '../../src/core/random.ts';
import { makeCase, type PackedCase } from './packed-case.ts';

/** A case of test/conformance/cases/mmd.json: the rows are the references of a packed case. */
export interface MmdCase extends Omit<PackedCase, 'queries' | 'k' | 'thresholds' | 'tombstones'> {
  /** The first so many units are in X. */
  readonly inX: number;
  readonly permutations: number;
  readonly labelSeed: number;
  readonly kernels: readonly MmdKernel[];
  /** Normal-like features round `offset`, `spread` apart; X is moved by `shift`. */
  readonly features?: {
    readonly dimensions: number;
    readonly offset: number;
    readonly spread: number;
    readonly shift: number;
  };
  /** Sizes of clusters, gone round until the rows are used up; rows of a cluster are scattered. */
  readonly clusterSizes?: readonly number[];
}

export function readMmdCases(): MmdCase[] {
  const url = new URL('cases/mmd.json', import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as MmdCase[];
}

export function makeMmdInput(recipe: MmdCase): MmdInput {
  const { references: samples } = makeCase({ ...recipe, queries: [] });
  const rows = samples.fingerprints.length / (samples.rowBytes ?? samples.bits / 8);
  const random = seededRandom(recipe.seed + 1);
  const clusters = recipe.clusterSizes && scatter(recipe.clusterSizes, rows, random);
  const units = clusters ? Math.max(...clusters) + 1 : rows;
  const observed = new Uint8Array(Math.ceil(units / 8));
  for (let unit = 0; unit < recipe.inX; unit++) observed[unit >> 3] |= 1 << (unit & 7);
  const { permutations, labelSeed: seed, kernels } = recipe;
  return {
    samples,
    ...(clusters && { clusters }),
    ...(recipe.features && { features: makeFeatures(recipe, rows, random) }),
    labels: { observed, permutations, seed },
    kernels,
  };
}

function scatter(sizes: readonly number[], rows: number, random: () => number): Uint32Array {
  const clusters = new Uint32Array(rows);
  for (let row = 0, cluster = 0; row < rows; cluster++) {
    const end = Math.min(rows, row + sizes[cluster % sizes.length]);
    clusters.fill(cluster, row, end);
    row = end;
  }
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [clusters[i], clusters[j]] = [clusters[j], clusters[i]];
  }
  return clusters;
}

function makeFeatures({ features, inX }: MmdCase, rows: number, random: () => number): Float64Array {
  const { dimensions, offset, spread, shift } = features!;
  return Float64Array.from({ length: rows * dimensions }, (_, i) => {
    const normal = random() + random() + random() - 1.5;
    return offset + spread * normal + (i < inX * dimensions ? shift : 0);
  });
}
