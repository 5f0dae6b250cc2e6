import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { blandAltman } from '../../src/statistics/bland-altman.ts';
import { bridgeCompounds } from '../../src/statistics/bridge-compounds.ts';
import { pairedEquivalence, twoSampleEquivalence } from '../../src/statistics/equivalence-test.ts';
import { labelShift } from '../../src/statistics/label-shift.ts';
import { pairedDifferences } from '../../src/statistics/paired-differences.ts';
import { pairedT } from '../../src/statistics/paired-t.ts';
import { shareShift } from '../../src/statistics/share-shift.ts';
import { wilcoxonSignedRank } from '../../src/statistics/wilcoxon-signed-rank.ts';

const BEFORE = [5.1, 6.2, 4.8, 7.3, 5.9, 6.6, 8.1, 4.4, 5.5, 6.0];
const AFTER = [5.3, 6.1, 5.2, 7.8, 6.0, 6.9, 8.0, 4.9, 5.9, 6.4];
const LIMITS = { margin: 0.5, alpha: 0.05 };

function gaussFrom(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function differencesOf(values: readonly number[]) {
  return pairedDifferences(new Array(values.length).fill(0), values);
}

describe('paired tests', () => {
  test('t agrees with SciPy 1.17.1', () => {
    const { t, p, low, high, mean, df } = pairedT(pairedDifferences(BEFORE, AFTER));
    expect([t, p, low, high]).toEqual(
      [3.6210590944525105, 0.00556256524603571, 0.09757214478255827, 0.42242785521744197].map((value) =>
        expect.closeTo(value, 10),
      ),
    );
    expect([mean, df]).toEqual([expect.closeTo(0.26, 12), 9]);
  });

  test('signed ranks: exact p agrees with SciPy without ties, and the normal one for many pairs', () => {
    const few = wilcoxonSignedRank(differencesOf([1, -2, 3, -4, 5, 6, 7, 8.5, 9]));
    expect(few).toEqual({ statistic: 39, pairs: 9, p: expect.closeTo(0.0546875, 14), method: 'exact' });
    // 79 pairs differ, one is equal, and many tie.
    const many = Array.from({ length: 80 }, (_, i) => Math.round(((i * 37) % 101) - 45) / 10);
    const { p, pairs, method } = wilcoxonSignedRank(differencesOf(many));
    expect([pairs, method]).toEqual([79, 'normal']);
    expect(p).toBeCloseTo(0.14393573321978, 10);
  });

  test('exact p with ties is the share of all signs, counted one by one', () => {
    const differences = [0.2, -0.1, 0.4, 0.5, 0.1, 0.3, -0.1, 0.5, 0.4, 0.4];
    const sizes = differences.map(Math.abs);
    const ranks = sizes.map(
      (size) =>
        sizes.filter((other) => other < size).length +
        (sizes.filter((other) => other === size).length + 1) / 2,
    );
    const sums = Array.from({ length: 2 ** 10 }, (_, signs) =>
      ranks.reduce((sum, rank, i) => ((signs >> i) & 1 ? sum + rank : sum), 0),
    );
    const seen = ranks.reduce((sum, rank, i) => (differences[i] > 0 ? sum + rank : sum), 0);
    const tail = sums.filter((sum) => Math.abs(sum - 27.5) >= Math.abs(seen - 27.5)).length / 2 ** 10;
    expect(wilcoxonSignedRank(differencesOf(differences)).p).toBeCloseTo(tail, 14);
    // The same differences of real values tie only when rounding is forgiven: 7.8 - 7.3 and 4.9 - 4.4.
    expect(wilcoxonSignedRank(pairedDifferences(BEFORE, AFTER))).toMatchObject({
      statistic: seen,
      p: expect.closeTo(tail, 14),
    });
  });

  test('p of signed ranks is uniform when nothing changed, and never too small', () => {
    const gauss = gaussFrom(1);
    let rejected = 0;
    for (let run = 0; run < 1000; run++) {
      const values = Array.from({ length: 12 }, () => Math.round(3 * gauss()) / 3);
      if (wilcoxonSignedRank(differencesOf(values)).p <= 0.05) rejected++;
    }
    expect(rejected / 1000).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 1000));
    expect(rejected / 1000).toBeGreaterThan(0.015);
  });

  test('one pair or equal differences have no spread, so no t and no interval', () => {
    for (const values of [[0.3], [0.3, 0.3, 0.3], [0, 0]]) {
      const differences = differencesOf(values);
      expect(pairedT(differences)).toMatchObject({
        mean: values[0],
        t: Number.NaN,
        p: Number.NaN,
        low: Number.NaN,
      });
    }
    // A constant offset of decimals is constant but for rounding.
    const offset = pairedDifferences(
      BEFORE,
      BEFORE.map((value) => value + 0.3),
    );
    expect(offset.deviation).toBe(0);
    expect(wilcoxonSignedRank(differencesOf([0, 0])).p).toBe(1);
    expect(wilcoxonSignedRank(differencesOf([0.3])).p).toBe(1);
  });

  test.each([
    [[1, 2], [1], '2 first and 1 second values'],
    [[], [], 'no values for the first values in pairs'],
    [[1, 2], [1, Number.NaN], 'Value 1 of the second values in pairs is NaN'],
  ])('pairs %j and %j are refused', (before, after, message) => {
    expect(() => pairedDifferences(before, after)).toThrow(message);
    expect(() => bridgeCompounds(before, after, LIMITS)).toThrow(message);
  });
});

describe('equivalence', () => {
  test('paired: the larger of SciPy’s two one-sided p-values, and its 90 % interval', () => {
    const result = pairedEquivalence(BEFORE, AFTER, LIMITS);
    expect(result.p).toBeCloseTo(0.00431279092663913, 10);
    expect(result.equivalent).toBe(true);
    // A margin at the end of the interval is where p is alpha.
    expect(pairedEquivalence(BEFORE, AFTER, { margin: result.high, alpha: 0.05 }).p).toBeCloseTo(0.05, 10);
    // Significantly changed, by less than matters; and not equivalent by a narrower margin.
    expect(pairedEquivalence(BEFORE, AFTER, { margin: 0.3, alpha: 0.05 }).equivalent).toBe(false);
  });

  test('two samples with unequal variances agree with SciPy', () => {
    const x = [1.1, 0.9, 1.4, 1.2, 0.8, 1.0, 1.3];
    const y = [1.2, 1.0, 1.1, 1.35, 0.95];
    const result = twoSampleEquivalence(x, y, LIMITS);
    expect(result.p).toBeCloseTo(0.000659908974487184, 10);
    expect(result.df).toBeCloseTo(9.946807861579735, 9);
    expect(result.low).toBeCloseTo(-0.17712963275774835, 9);
    expect(result.high).toBeCloseTo(0.21712963275774877, 9);
  });

  test('few noisy rows are not equivalent although they do not differ', () => {
    const result = twoSampleEquivalence([0, 3, 1.5], [0.1, 2.9, 1.4], LIMITS);
    expect(Math.abs(result.difference)).toBeLessThan(0.1);
    expect(result.equivalent).toBe(false);
  });

  test('at the margin it is shown in no more than alpha of cases, and within it more often with more rows', () => {
    const gauss = gaussFrom(2);
    const shown = (rows: number, shift: number) => {
      let count = 0;
      for (let run = 0; run < 600; run++) {
        const x = Array.from({ length: rows }, gauss);
        const y = Array.from({ length: rows }, () => gauss() + shift);
        if (twoSampleEquivalence(x, y, LIMITS).equivalent) count++;
      }
      return count / 600;
    };
    expect(shown(100, 0.5)).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 600));
    expect(shown(100, 0.5)).toBeGreaterThan(0.02);
    expect(shown(40, 0)).toBeLessThan(shown(100, 0));
    expect(shown(100, 0)).toBeGreaterThan(0.85);
  });

  test('rows of clusters have the mean of the rows, and the error of leaving out one cluster at a time', () => {
    const x = [1, 2, 4, 4.5, 3];
    const y = [2, 2.5, 6, 1, 3, 3.5];
    const clusters = { reference: [7, 7, 8, 8, 9], batch: [7, 7, 1, 2, 2, 2] };
    const jackknife = (values: number[], of: number[]) => {
      const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
      const names = [...new Set(of)];
      const without = names.map((name) => mean(values.filter((_, row) => of[row] !== name)));
      const squared = without.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);
      const sizes = names.map((name) => of.filter((other) => other === name).length);
      const units = values.length ** 2 / sizes.reduce((sum, size) => sum + size ** 2, 0);
      return { mean: mean(values), error: (squared * (names.length - 1)) / names.length, units };
    };
    const [a, b] = [jackknife(x, clusters.reference), jackknife(y, clusters.batch)];
    const result = twoSampleEquivalence(x, y, LIMITS, clusters);
    expect(result.difference).toBeCloseTo(b.mean - a.mean, 12);
    expect(result.standardError).toBeCloseTo(Math.sqrt(a.error + b.error), 12);
    const df = (a.error + b.error) ** 2 / (a.error ** 2 / (a.units - 1) + b.error ** 2 / (b.units - 1));
    expect(result.df).toBeCloseTo(df, 10);
    // Every row its own: Welch's.
    const alone = { reference: [5, 4, 3, 2, 1], batch: [1, 2, 3, 4, 5, 6] };
    expect(twoSampleEquivalence(x, y, LIMITS, alone)).toEqual(twoSampleEquivalence(x, y, LIMITS));
    const one = { reference: [1, 1, 1, 1, 1], batch: clusters.batch };
    expect(twoSampleEquivalence(x, y, LIMITS, one)).toMatchObject({ p: Number.NaN, equivalent: false });
  });

  test.each<[string, readonly number[]]>([
    ['of one size', new Array(20).fill(4)],
    ['of sizes 1 to 12', [...new Array(40).fill(1), ...new Array(8).fill(3), 6, 12]],
    ['one of which holds half of the rows', [...new Array(40).fill(1), ...new Array(5).fill(2), 50]],
  ])('at the margin, clusters %s are found the same in no more than alpha of cases', (_, sizes) => {
    const gauss = gaussFrom(3);
    const clusters = sizes.flatMap((size, cluster) => new Array(size).fill(cluster));
    const draw = (shift: number) => {
      const centers = sizes.map(() => 0.7 * gauss());
      return clusters.map((cluster) => centers[cluster] + 0.7 * gauss() + shift);
    };
    const runs = 1000;
    const shown = { byCluster: 0, byRow: 0 };
    for (let run = 0; run < runs; run++) {
      const [x, y] = [draw(0), draw(2)];
      // So wide that the other end of the margin is never in question.
      const limits = { margin: 2, alpha: 0.05 };
      if (twoSampleEquivalence(x, y, limits, { reference: clusters, batch: clusters }).equivalent)
        shown.byCluster++;
      if (twoSampleEquivalence(x, y, limits).equivalent) shown.byRow++;
    }
    expect(shown.byCluster / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
    expect(shown.byCluster / runs).toBeGreaterThan(0.005);
    expect(shown.byRow / runs).toBeGreaterThan(0.1);
  });

  test('without spread nothing is shown', () => {
    for (const result of [
      twoSampleEquivalence([1], [1, 2], LIMITS),
      twoSampleEquivalence([1, 1], [1, 1], LIMITS),
      twoSampleEquivalence([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], LIMITS),
      pairedEquivalence([1, 2], [1, 2], LIMITS),
    ]) {
      expect(result).toMatchObject({ p: Number.NaN, low: Number.NaN, equivalent: false });
    }
  });

  test.each([
    [{ margin: 0, alpha: 0.05 }, 'margin is 0'],
    [{ margin: Number.NaN, alpha: 0.05 }, 'margin is NaN'],
    [{ margin: 1, alpha: 0.5 }, 'alpha of the equivalence test is 0.5'],
  ])('limits %j are refused', (limits, message) => {
    expect(() => pairedEquivalence(BEFORE, AFTER, limits)).toThrow(message);
    expect(() => twoSampleEquivalence(BEFORE, AFTER, limits)).toThrow(message);
  });
});

describe('bridge compounds', () => {
  test('limits of agreement by their formula', () => {
    const { bias, lower, upper, deviation } = blandAltman(pairedDifferences(BEFORE, AFTER));
    expect(bias).toBeCloseTo(0.26, 12);
    expect(deviation).toBeCloseTo(0.22705848487901867, 12);
    expect(lower.value).toBeCloseTo(-0.18502645274710905, 10);
    expect(upper.value).toBeCloseTo(0.26 + 0.26 + 0.18502645274710905, 10);
    // t(0.975, 9) s sqrt(1/n + z^2 / (2 (n - 1))).
    const half = 2.262157162798205 * deviation * Math.sqrt(1 / 10 + 1.959963984540054 ** 2 / 18);
    expect(upper.high - upper.value).toBeCloseTo(half, 9);
    expect(blandAltman(differencesOf([1])).lower.value).toBeNaN();
  });

  test('a small significant change within the margin is equivalent, by a narrow margin it is a change', () => {
    expect(bridgeCompounds(BEFORE, AFTER, LIMITS)).toMatchObject({ pairs: 10, verdict: 'equivalent' });
    expect(bridgeCompounds(BEFORE, AFTER, { margin: 0.1, alpha: 0.05 }).verdict).toBe('changed');
  });

  test('too few noisy pairs are undecided, and equal offsets say so', () => {
    expect(bridgeCompounds([5, 6, 7], [5.8, 5.5, 7.4], LIMITS).verdict).toBe('undecided');
    const offset = bridgeCompounds(
      BEFORE,
      BEFORE.map((value) => value + 3),
      LIMITS,
    );
    expect(offset.verdict).toBe('no-spread');
    expect(offset.t.mean).toBeCloseTo(3, 12);
    expect(offset.detectable).toBeNaN();
    expect(bridgeCompounds([5], [6], LIMITS).verdict).toBe('no-spread');
  });

  test('a difference of the detectable size is found in about 80 % of cases', () => {
    const gauss = gaussFrom(3);
    let found = 0;
    for (let run = 0; run < 1500; run++) {
      const noise = Array.from({ length: 12 }, () => 0.3 * gauss());
      const { detectable } = bridgeCompounds(
        new Array(12).fill(5),
        [0.3, -0.3, ...new Array(10).fill(0.1)].map((v) => 5 + v),
        LIMITS,
      );
      expect(detectable).toBeGreaterThan(0);
      // t(0.975, 11) + t(0.8, 11) = 2.2010 + 0.8755 standard errors.
      const shift = (3.0765 * 0.3) / Math.sqrt(12);
      if (pairedT(differencesOf(noise.map((value) => value + shift))).p <= 0.05) found++;
    }
    expect(found / 1500).toBeGreaterThan(0.77);
    expect(found / 1500).toBeLessThan(0.84);
  });
});

describe('label shift', () => {
  const reference = { values: [4, 4, 5, 6, 7, 8], relations: [-1, -1, 0, 0, 0, 0] };
  const batch = { values: [4, 5, 8, 8, 8], relations: [0, 0, 1, 1, 0] };

  test('counts rows at the bounds and censored rows of both sides', () => {
    const shift = labelShift(reference, batch, { lower: 4, upper: 8 });
    expect(shift.atLower).toMatchObject({ reference: { count: 2, rows: 6 }, batch: { count: 1, rows: 5 } });
    expect(shift.atUpper).toMatchObject({ reference: { count: 1 }, batch: { count: 3, share: 0.6 } });
    expect(shift.atUpper?.difference).toBeCloseTo(3 / 5 - 1 / 6, 12);
    expect(shift.censoredBelow).toMatchObject({ reference: { count: 2 }, batch: { count: 0 } });
    expect(shift.censoredAbove).toMatchObject({ reference: { count: 0 }, batch: { count: 2 } });
    // Two of eleven rows, both among the five: C(5,2)/C(11,2) = 10/55; the other end is C(6,2)/C(11,2) = 15/55.
    expect(shift.censoredAbove.p).toBeCloseTo(10 / 55, 12);
    expect(shift.censoredBelow.p).toBeCloseTo(25 / 55, 12);
    expect(shift.ks.statistic).toBeCloseTo(3 / 5 - 1 / 6, 12);
    expect(shift.quantiles.map(({ probability }) => probability)).toEqual([0.1, 0.5, 0.9]);
    expect(shift.wasserstein).toBeGreaterThan(0);
  });

  test('an assay without bounds has no share at them', () => {
    expect(labelShift(reference, batch)).toMatchObject({ atLower: null, atUpper: null });
  });

  test('finds a changed bound by the share of censored rows, over redraws', () => {
    const gauss = gaussFrom(4);
    const cut = (top: number) => {
      const raw = Array.from({ length: 150 }, () => 5 + gauss());
      return { values: raw.map((v) => Math.max(v, top)), relations: raw.map((v) => (v < top ? -1 : 0)) };
    };
    const found = (top: number) =>
      Array.from({ length: 100 }, () => labelShift(cut(4.5), cut(top)).censoredBelow.p <= 0.01).filter(
        Boolean,
      ).length;
    expect(found(5.2)).toBeGreaterThan(90);
    // At most 1 in 100 expected.
    expect(found(4.5)).toBeLessThanOrEqual(4);
  });

  test.each([
    [{ values: [], relations: [] }, 'no values for column measured values of the reference'],
    [{ values: [1], relations: [] }, '1 measured values and 0 relations'],
    [{ values: [1, 2], relations: [0, 2] }, 'Relation 1 of the reference is 2'],
    [
      { values: [1, Number.NaN], relations: [0, 0] },
      'Value 1 of column measured values of the reference is NaN',
    ],
  ])('%j is refused', (bad, message) => {
    expect(() => labelShift(bad, batch)).toThrow(message);
  });

  test('a share of no rows, or of more than all, is refused', () => {
    expect(() => shareShift(0, 0, 1, 2)).toThrow('0 of 0 rows is no share');
    expect(() => shareShift(1, 2, 3, 2)).toThrow('3 of 2 rows is no share');
    expect(shareShift(0, 5, 0, 7)).toMatchObject({ difference: 0, p: 1 });
  });
});
