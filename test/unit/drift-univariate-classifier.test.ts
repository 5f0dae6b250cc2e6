import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { areaUnderRoc } from '../../src/statistics/area-under-roc.ts';
import { choleskyFactor, choleskySolve } from '../../src/statistics/cholesky.ts';
import { classifierTwoSample } from '../../src/statistics/classifier-two-sample.ts';
import { clusterFolds } from '../../src/statistics/cluster-folds.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { foldAreaUnderRoc } from '../../src/statistics/fold-area-under-roc.ts';
import { foldDiscriminant } from '../../src/statistics/fold-discriminant.ts';
import { independentLabels } from '../../src/statistics/permutation-labels.ts';
import { fitRidgeLogistic } from '../../src/statistics/ridge-logistic.ts';
import { scaleFeatures } from '../../src/statistics/scale-features.ts';

function gaussFrom(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const NAMES = ['logP', 'tpsa', 'rings'];

/** Series around their own centres; the first half of them is the batch, whose first feature is moved by `shift`. */
function series(gauss: () => number, count: number, size: number, shift = 0) {
  const clusters = Uint32Array.from({ length: count * size }, (_, row) => Math.floor(row / size));
  const observed = clusters.map((cluster) => (cluster < count / 2 ? 1 : 0));
  const centres = Array.from({ length: count * NAMES.length }, gauss);
  const features = Float64Array.from({ length: clusters.length * NAMES.length }, (_, at) => {
    const row = Math.floor(at / NAMES.length);
    const k = at % NAMES.length;
    const moved = k === 0 && observed[row] === 1 ? shift : 0;
    return centres[clusters[row] * NAMES.length + k] + moved + 0.5 * gauss();
  });
  return { clusters, observed: Uint8Array.from(observed), features };
}

describe('classifier two-sample test', () => {
  test('p is uniform when whole series are permuted, and far from it when rows are', () => {
    const gauss = gaussFrom(1);
    const runs = 400;
    const atMost = { 0.05: 0, 0.2: 0, 0.5: 0 };
    let naive = 0;
    for (let run = 0; run < runs; run++) {
      const { clusters, observed, features } = series(gauss, 24, 3);
      const folds = clusterFolds(clusters, 4, run);
      const request = { observed, permutations: 39, seed: run };
      const test = { names: NAMES, features, folds };
      const { p } = classifierTwoSample({ ...test, labels: clusterSwapLabels(request, clusters) });
      for (const level of [0.05, 0.2, 0.5] as const) if (p <= level) atMost[level]++;
      if (classifierTwoSample({ ...test, labels: independentLabels(request) }).p <= 0.05) naive++;
    }
    for (const level of [0.05, 0.2, 0.5] as const) {
      const error = Math.sqrt((level * (1 - level)) / runs);
      expect(Math.abs(atMost[level] / runs - level)).toBeLessThan(3 * error);
    }
    expect(naive / runs).toBeGreaterThan(0.15);
  });

  test('finds moved chemistry, and its first weight names the feature that moved', () => {
    const { clusters, observed, features } = series(gaussFrom(2), 60, 2, 1.5);
    const result = classifierTwoSample({
      names: NAMES,
      features,
      folds: clusterFolds(clusters, 5, 1),
      labels: clusterSwapLabels({ observed, permutations: 199, seed: 1 }, clusters),
    });
    expect(result.p).toBe(1 / 200);
    expect(result.auroc).toBeGreaterThan(0.75);
    expect(result.weights[0].name).toBe('logP');
    expect(result.weights[0].weight).toBeGreaterThan(0.5);
    expect(result.weights[0].shift).toBeGreaterThan(0.8);
    expect(result.values.length).toBe(200);
  });

  test('finds more of a larger shift', () => {
    const found = [0.3, 0.8, 2].map((shift) => {
      const gauss = gaussFrom(3);
      let count = 0;
      for (let run = 0; run < 40; run++) {
        const { clusters, observed, features } = series(gauss, 40, 2, shift);
        const labels = clusterSwapLabels({ observed, permutations: 39, seed: run }, clusters);
        const folds = clusterFolds(clusters, 4, run);
        if (classifierTwoSample({ names: NAMES, features, folds, labels }).p <= 0.05) count++;
      }
      return count / 40;
    });
    expect(found[0]).toBeLessThan(found[1]);
    expect(found[1]).toBeLessThan(found[2]);
    expect(found[2]).toBeGreaterThan(0.9);
  });

  test('stays finite with one fold fitted to one side, and with more features than rows', () => {
    const gauss = gaussFrom(12);
    const observed = Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 0);
    const names = Array.from({ length: 30 }, (_, k) => `bit ${k}`);
    const features = Float64Array.from({ length: 8 * 30 }, gauss);
    const labels = independentLabels({ observed, permutations: 30, seed: 1 });
    // All of the batch is in fold 0, so the fit for its rows has seen the reference alone.
    const folds = Uint32Array.of(0, 0, 0, 0, 0, 1, 1, 1);
    const { auroc, p, weights } = classifierTwoSample({ names, features, folds, labels });
    expect(auroc).toBe(0.5);
    expect(p).toBeGreaterThan(0.05);
    expect(weights.every(({ weight }) => Number.isFinite(weight))).toBe(true);
  });

  test('is the same for features in other units, and for the same seed', () => {
    const { clusters, observed, features } = series(gaussFrom(4), 20, 2, 0.5);
    const labels = clusterSwapLabels({ observed, permutations: 19, seed: 1 }, clusters);
    const folds = clusterFolds(clusters, 4, 1);
    const once = classifierTwoSample({ names: NAMES, features, folds, labels });
    expect(classifierTwoSample({ names: NAMES, features, folds, labels })).toEqual(once);
    const scaled = features.map((value, at) => (at % 3 === 0 ? 1e4 * value - 7 : value));
    const other = classifierTwoSample({ names: NAMES, features: scaled, folds, labels });
    expect(other.auroc).toBeCloseTo(once.auroc, 9);
    expect(other.p).toBe(once.p);
  });

  test('is the same whatever the folds are called', () => {
    const { clusters, observed, features } = series(gaussFrom(6), 20, 2, 0.5);
    const labels = clusterSwapLabels({ observed, permutations: 19, seed: 1 }, clusters);
    const folds = clusterFolds(clusters, 4, 1);
    const named = folds.map((fold) => [3, 8, 2 ** 31, 2 ** 32 - 1][fold]);
    const ask = (of: Uint32Array) => classifierTwoSample({ names: NAMES, features, folds: of, labels });
    expect(ask(named)).toEqual(ask(folds));
  });

  test('names constant features, and refuses what nothing can be told from', () => {
    const { clusters, observed, features } = series(gaussFrom(5), 20, 2);
    const labels = clusterSwapLabels({ observed, permutations: 19, seed: 1 }, clusters);
    const folds = clusterFolds(clusters, 4, 1);
    const flat = features.map((value, at) => (at % 3 === 1 ? 6 : value));
    const result = classifierTwoSample({ names: NAMES, features: flat, folds, labels });
    expect(result.constant).toEqual(['tpsa']);
    expect(result.weights.map(({ name }) => name).sort()).toEqual(['logP', 'rings']);

    const refused = (change: object) => () =>
      classifierTwoSample({ names: NAMES, features, folds, labels, ...change });
    expect(refused({ features: features.map(() => 1) })).toThrow('All 3 features are constant');
    expect(refused({ features: features.map((v, at) => (at === 4 ? Number.NaN : v)) })).toThrow(
      'Feature 1 of row 1 is NaN',
    );
    expect(refused({ features: features.slice(1) })).toThrow('do not fit 40 rows of 3 features');
    expect(refused({ folds: folds.slice(1) })).toThrow('39 folds do not fit 40 rows');
    expect(refused({ folds: new Uint32Array(40) })).toThrow('There is one fold');
    expect(refused({ folds: new Uint32Array(40).fill(3) })).toThrow('There is one fold');
    expect(refused({ ridge: 0 })).toThrow('The ridge is 0');
    expect(refused({ folds: Uint32Array.from(observed) })).toThrow('No fold has rows of both sides');
  });
});

describe('parts of the classifier test', () => {
  test('folds keep clusters whole, are of about equal size, and do not look at labels', () => {
    const random = seededRandom(8);
    const clusters = Uint32Array.from({ length: 500 }, () => Math.floor(60 * random() ** 2));
    const folds = clusterFolds(clusters, 5, 3);
    const foldOf = new Map<number, number>();
    for (const [row, cluster] of clusters.entries()) {
      expect(foldOf.get(cluster) ?? folds[row]).toBe(folds[row]);
      foldOf.set(cluster, folds[row]);
    }
    const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((own) => own === fold).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(5);
    expect(() => clusterFolds([1, 1, 2], 3, 1)).toThrow('2 clusters cannot be cut into 3 folds');
    expect(() => clusterFolds([], 2, 1)).toThrow('0 clusters');
    expect(() => clusterFolds([1, 2], 1, 1)).toThrow('into 1 folds');
  });

  test('the area over one fold is the usual one, and pairs of two folds are not compared', () => {
    const scores = Float64Array.of(0.1, 0.5, 0.5, 0.9);
    const sides = Uint8Array.of(0, 1, 0, 1);
    const rows = (...lists: number[][]) => lists.map((list) => Uint32Array.from(list));
    expect(foldAreaUnderRoc(scores, sides, rows([0, 1, 2, 3]))).toBe(areaUnderRoc(sides, scores));
    // Fold 0: 0.5 above 0.1; fold 1: 0.9 above 0.5.
    expect(foldAreaUnderRoc(scores, sides, rows([0, 1], [2, 3]))).toBe(1);
    expect(foldAreaUnderRoc(scores, sides, rows([0, 2], [1, 3], []))).toBeNaN();
  });

  test.each<[string, (gauss: () => number) => number]>([
    ['smooth', (gauss) => gauss()],
    ['few different', (gauss) => Math.round(2 * gauss())],
    ['all equal', () => 0.1],
    ['heavy-tailed', (gauss) => Math.sign(gauss()) * Math.exp(9 * gauss())],
    ['close together but for some', (gauss) => 1 + 1e-15 * Math.round(9 * gauss()) + (gauss() > 2 ? 1e9 : 0)],
    ['zeros of both signs', (gauss) => (gauss() > 0 ? 0 : -0)],
  ])('the area is exact for %s scores, pair by pair', (_, draw) => {
    const gauss = gaussFrom(13);
    for (const size of [2, 3, 40, 333]) {
      const scores = Float64Array.from({ length: size }, () => draw(gauss));
      const sides = Uint8Array.from({ length: size }, (_, row) => (row === 0 || gauss() > 0.8 ? 1 : 0));
      sides[1] = 0;
      const folds = [0, 1].map((fold) =>
        Uint32Array.from(sides.keys()).filter((row) => (row < 2 ? 0 : row % 2) === fold),
      );
      let [won, pairs] = [0, 0];
      for (const rows of folds) {
        for (const one of rows.filter((row) => sides[row] === 1)) {
          for (const other of rows.filter((row) => sides[row] === 0)) {
            pairs++;
            won += scores[one] > scores[other] ? 1 : scores[one] === scores[other] ? 0.5 : 0;
          }
        }
      }
      expect(foldAreaUnderRoc(scores, sides, folds)).toBe(won / pairs);
    }
  });

  test('the refitted discriminant is ridge least squares on the other folds', () => {
    const gauss = gaussFrom(9);
    const values = Float64Array.from({ length: 30 * 2 }, gauss);
    const features = scaleFeatures(values, 2);
    const folds = Uint32Array.from({ length: 30 }, (_, row) => row % 3);
    const sides = Uint8Array.from({ length: 30 }, () => (gauss() > 0 ? 1 : 0));
    const parts = [0, 1, 2].map((fold) =>
      Uint32Array.from(folds.keys()).filter((row) => folds[row] === fold),
    );
    const scores = foldDiscriminant(features, 2, parts, 0.1)(sides);
    for (const fold of [0, 1, 2]) {
      const rows = [...folds.keys()].filter((row) => folds[row] !== fold);
      const column = (k: number) => rows.map((row) => features[2 * row + k]);
      const centred = (list: number[]) => {
        const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
        return list.map((value) => value - mean);
      };
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
      const [a, b, y] = [centred(column(0)), centred(column(1)), centred(rows.map((row) => sides[row]))];
      const [aa, ab, bb] = [dot(a, a) / 20 + 0.1, dot(a, b) / 20, dot(b, b) / 20 + 0.1];
      const [ya, yb] = [dot(a, y), dot(b, y)];
      const determinant = aa * bb - ab * ab;
      const w = [(bb * ya - ab * yb) / determinant, (aa * yb - ab * ya) / determinant];
      for (const [row, own] of folds.entries()) {
        if (own !== fold) continue;
        const expected = w[0] * features[2 * row] + w[1] * features[2 * row + 1];
        expect(scores[row]).toBeCloseTo(expected, 10);
      }
    }
  });

  test('a discriminant with all rows in one fold is refused, beside folds without rows too', () => {
    const values = Float64Array.of(-1, 0, 1);
    const [all, none] = [Uint32Array.of(0, 1, 2), new Uint32Array(0)];
    for (const folds of [[all], [all, none], [none, all, none]]) {
      expect(() => foldDiscriminant(values, 1, folds, 0.1)).toThrow('There is one fold');
    }
    const parts = [Uint32Array.of(0), none, Uint32Array.of(1, 2)];
    const scores = foldDiscriminant(values, 1, parts, 0.1)(Uint8Array.of(0, 0, 1));
    expect(scores).toEqual(foldDiscriminant(values, 1, [parts[0], parts[2]], 0.1)(Uint8Array.of(0, 0, 1)));
  });

  test('ridge logistic regression stands where its gradient is 0, also when the sides can be separated', () => {
    const gauss = gaussFrom(10);
    for (const apart of [0.5, 20]) {
      const sides = Array.from({ length: 80 }, (_, row) => (row % 3 === 0 ? 1 : 0));
      const features = Float64Array.from({ length: 160 }, (_, at) => gauss() + apart * sides[at >> 1]);
      const rows = sides.map((_, row) => row);
      const { intercept, weights } = fitRidgeLogistic(features, rows, sides, 2);
      const gradient = [0, 2 * weights[0], 2 * weights[1]];
      for (const row of rows) {
        const odds = intercept + weights[0] * features[2 * row] + weights[1] * features[2 * row + 1];
        const error = 1 / (1 + Math.exp(-odds)) - sides[row];
        gradient[0] += error;
        gradient[1] += error * features[2 * row];
        gradient[2] += error * features[2 * row + 1];
      }
      for (const value of gradient) expect(Math.abs(value)).toBeLessThan(1e-4);
    }
  });

  test('logistic regression agrees with scikit-learn', () => {
    // LogisticRegression(C=0.5, tol=1e-12) of scikit-learn on these rows.
    const features = Float64Array.of(0.5, 1, -1, 0.2, 1.5, -0.3, 0.1, 0.1, -0.7, -1.2, 2, 0.4);
    const fit = fitRidgeLogistic(features, [0, 1, 2, 3, 4, 5], [1, 0, 1, 0, 0, 1], 2);
    expect(fit.intercept).toBeCloseTo(-0.3117173826284111, 6);
    expect([...fit.weights]).toEqual(
      [0.7526527904208231, 0.2907909595482718].map((value) => expect.closeTo(value, 6)),
    );
  });

  test('Cholesky solves, and says when it cannot', () => {
    const factor = choleskyFactor(Float64Array.of(4, 0, 2, 3), 2);
    expect(factor && [...choleskySolve(factor, Float64Array.of(8, 7))]).toEqual([
      expect.closeTo(1.25, 12),
      expect.closeTo(1.5, 12),
    ]);
    expect(choleskyFactor(Float64Array.of(1, 0, 2, 1), 2)).toBeNull();
  });
});
