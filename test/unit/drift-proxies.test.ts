import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { DriftCheck, PooledRows } from '../../src/flows/drift/drift-check.ts';
import { isSame } from '../../src/flows/drift/equivalence.ts';
import { meanShift } from '../../src/flows/drift/mean-shift.ts';
import type { AnsweredModel, ModelAnswers } from '../../src/flows/drift/model-answers.ts';
import { proxiesStream } from '../../src/flows/drift/proxies-stream.ts';
import type { TrainingDistances } from '../../src/flows/drift/training-distances.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const [REFERENCE, BATCH] = [240, 180];
const check: DriftCheck = {
  reference: madeSample(REFERENCE, { seed: 1, prefix: 'r' }),
  batch: madeSample(BATCH, { seed: 2, prefix: 'b' }),
  ofModel: false,
  settings: { alpha: 0.05, permutations: 399, seed: 1 },
  streamAlpha: 0.9,
  backends: [],
};

function gaussFrom(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function normals(rows: number, seed: number, mean: number, deviation = 1): Float64Array {
  const gauss = gaussFrom(seed);
  return Float64Array.from({ length: rows }, () => mean + deviation * gauss());
}

/** Distances without a shift. */
const distances: TrainingDistances = {
  heldOut: Uint32Array.from({ length: REFERENCE }, (_, row) => row),
  calibration: normals(REFERENCE, 50, 0.5, 0.05),
  batch: normals(BATCH, 51, 0.5, 0.05),
  others: [],
};

/** A model whose half-widths have moved by `wider` deviations. */
function model(id: string, seed: number, wider: number): AnsweredModel {
  const endpoint = { id, kind: 'regression', modelledScale: 'log', unit: '' };
  const answers = (halfWidths: Float64Array): ModelAnswers => ({
    values: halfWidths,
    halfWidths,
    similarities: halfWidths,
  });
  return {
    manifest: { endpoint } as unknown as Manifest,
    reference: answers(normals(REFERENCE, seed, 5)),
    batch: answers(normals(BATCH, seed + 1, 5 + wider)),
  };
}

describe('p of a shift of confidence', () => {
  test('is corrected for the models that are looked at together', () => {
    const shifted = model('herg', 100, 0.28);
    const quiet = Array.from({ length: 19 }, (_, m) => model(`m${m}`, 300 + 10 * m, 0));
    const [alone, among] = [[shifted], [shifted, ...quiet]].map(
      (models) => proxiesStream(check, distances, models).p ?? Number.NaN,
    );
    expect(alone).toBeLessThan(0.03);
    // 20 independent models: about 20 times as large.
    expect(among).toBeGreaterThan(5 * alone);
  });

  test('is compared with half of the alpha of the stream, since distance has the other half', () => {
    const models = [model('herg', 100, 3)];
    // 400 labellings: the smallest p is 0.0025.
    expect(proxiesStream({ ...check, streamAlpha: 0.0049 }, distances, models).reason).toBe(
      'cannot-fire-at-this-alpha',
    );
    expect(proxiesStream({ ...check, streamAlpha: 0.0051 }, distances, models).reason).not.toBe(
      'cannot-fire-at-this-alpha',
    );
  });
});

describe('whether a mean is the same', () => {
  /** Clusters of both sides, and values that compounds of a cluster share most of. */
  function rowsOf(sizes: readonly number[], seed: number): { pooled: PooledRows; values: Float64Array } {
    const gauss = gaussFrom(seed);
    const rows = sizes.flatMap((size, cluster) => {
      const center = gauss();
      return Array.from({ length: size }, () => ({ cluster, value: center + 0.2 * gauss() }));
    });
    return {
      pooled: {
        observed: Uint8Array.from(rows, ({ cluster }) => cluster % 2),
        clusters: Uint32Array.from(rows, ({ cluster }) => cluster),
        series: [],
        labels: {} as never,
        nullHypothesis: 'clusters',
      },
      values: Float64Array.from(rows, ({ value }) => value),
    };
  }

  test('is asked of the mean that is tested for a shift, of rows and not of clusters', () => {
    const sizes = [40, 1, 1, 30, 2, 9, 3, 3, 8, 1, 5, 6];
    const { pooled, values } = rowsOf(sizes, 4);
    const { shift } = isSame(pooled, values, { margin: 1, alpha: 0.05 });
    expect(shift).toBeCloseTo(meanShift(values, pooled.observed), 12);
    const means = sizes.map(
      (size, cluster) =>
        values.filter((_, row) => pooled.clusters[row] === cluster).reduce((sum, one) => sum + one, 0) / size,
    );
    const ofClusters = (side: number) =>
      means.filter((_, cluster) => cluster % 2 === side).reduce((sum, one) => sum + one, 0) / 6;
    expect(Math.abs(shift - (ofClusters(1) - ofClusters(0)))).toBeGreaterThan(0.1);
  });

  test('is not shown by many compounds of few series', () => {
    const limits = { margin: 0.5, alpha: 0.05 };
    // Ten series of 100 compounds a side say little more than ten compounds.
    const { pooled, values } = rowsOf(new Array(20).fill(100), 5);
    const alone = { ...pooled, clusters: Uint32Array.from(values.keys()) };
    const even = values.map(
      (value, row) => value - pooled.observed[row] * meanShift(values, pooled.observed),
    );
    expect(isSame(alone, even, limits).equivalent).toBe(true);
    expect(isSame(pooled, even, limits).equivalent).toBe(false);
  });
});
