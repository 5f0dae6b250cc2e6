import { describe, expect, test } from 'vitest';
import { durbinCdf } from '../../src/statistics/durbin-matrix.ts';
import { fisherExact } from '../../src/statistics/fisher-exact.ts';
import { upperGamma } from '../../src/statistics/incomplete-gamma.ts';
import { kolmogorovSurvival, kolmogorovSurvivalOf } from '../../src/statistics/kolmogorov-distribution.ts';
import { EXACT_CELLS, kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { quantile } from '../../src/statistics/quantile.ts';
import { studentQuantile, studentSurvival, studentTwoSided } from '../../src/statistics/student-t.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';

function expectNear(actual: number, expected: number, relative: number): void {
  expect(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} for ${expected}`).toBe(
    true,
  );
}

describe('Kolmogorov distributions', () => {
  test.each([
    [10, 0.274, 0.6284796154565, 1e-12],
    [2000, 0.04, 0.9967694319171368, 1e-12],
  ])(
    'the matrix gives P(D_%d < %d) as published by Marsaglia, Tsang and Wang',
    (n, d, expected, tolerance) => {
      expectNear(durbinCdf(n, d), expected, tolerance);
    },
  );

  test('one and two rows by hand', () => {
    // One row at u: D = max(u, 1 - u).
    expect(kolmogorovSurvivalOf(1, 0.6)).toBeCloseTo(0.8, 14);
    // Two rows: P(D_2 < d) = 2 (2d - 1/2)^2 for 1/4 <= d <= 1/2.
    expect(kolmogorovSurvivalOf(2, 0.3)).toBeCloseTo(1 - 2 * 0.1 ** 2, 14);
    // At and past 1/2 only one side can be so far: 2 (1 - d)^2.
    expect(kolmogorovSurvivalOf(2, 0.6)).toBeCloseTo(0.32, 14);
    expect(kolmogorovSurvivalOf(2, 0.25)).toBe(1);
    expect(kolmogorovSurvivalOf(2, 1)).toBe(0);
  });

  // SciPy 1.17.1, kstwo.sf and special.kolmogorov.
  test.each([
    [3, 0.4, 0.5946666666666665],
    [5, 0.12, 0.999987712],
    [5, 0.22, 0.9243212799999999],
    [140, 0.05, 0.8576480297656114],
    [140, 0.16, 0.0013440163244194184],
    [141, 0.09, 0.19156768536655044],
    [500, 0.02, 0.9859871786857471],
    [2000, 0.04, 0.0032305680961256145],
    [1000, 0.05, 0.013012074781090332],
    [10_000, 0.008, 0.5414432241521093],
    [100_000, 0.0005, 1],
  ])('%d rows, D = %d', (n, d, expected) => expectNear(kolmogorovSurvivalOf(n, d), expected, 1e-9));

  test.each([
    [0, 1],
    [0.3, 0.9999906941986655],
    [0.9999999, 0.26999977887222576],
    [1, 0.26999967167735456],
    [2, 0.0006709252557796953],
    [8, 5.14441874528483e-56],
  ])('the limit at %d', (x, expected) => expectNear(kolmogorovSurvival(x), expected, 1e-12));

  test('methods agree where one hands over to the next', () => {
    for (const n of [139, 140, 141, 500]) {
      for (const square of [2.2, 4]) {
        const d = Math.sqrt(square / n);
        const below = kolmogorovSurvivalOf(n, d - 1e-9);
        expect(Math.abs(below - kolmogorovSurvivalOf(n, d + 1e-9))).toBeLessThan(1e-6);
      }
    }
  });

  test('the exact p of few rows is the share of all orders, and is not counted past its limit', () => {
    // {1, 2} against {3, 4, 5}: 10 orders, D = 1 in two of them.
    expect(kolmogorovSmirnov(twoSample('c', [1, 2], [3, 4, 5])).exact).toBeCloseTo(0.2, 14);
    const many = Array.from({ length: 400 }, (_, i) => i);
    expect(400 * 251).toBeGreaterThan(EXACT_CELLS);
    expect(kolmogorovSmirnov(twoSample('c', many, many.slice(0, 251))).exact).toBeNull();
    expect(kolmogorovSmirnov(twoSample('c', many, many.slice(0, 250))).exact).not.toBeNull();
  });

  test('D names the value where the sides are farthest apart', () => {
    const { statistic, at } = kolmogorovSmirnov(twoSample('c', [1, 2, 3, 4], [1, 5, 6, 7]));
    expect([statistic, at]).toEqual([0.75, 4]);
  });
});

describe('gamma and Student distributions', () => {
  // SciPy 1.17.1, special.gammaincc.
  test.each([
    [0.5, 0.1, 0.6547208460185768],
    [0.5, 50, 1.5239706048320995e-23],
    [3, 2, 0.6766764161830634],
    [10, 30, 7.121750862815593e-6],
    [100, 90, 0.84177901081357],
    [1000, 1100, 0.0010593232539299773],
    [2.5, 0, 1],
    [2, Number.POSITIVE_INFINITY, 0],
  ])('Q(%d, %d)', (a, x, expected) => expectNear(upperGamma(a, x), expected, 1e-11));

  // SciPy 1.17.1, t.sf.
  test.each([
    [0.5, 3, 0.3257239824240755],
    [2.5, 7.3, 0.019825117332800214],
    [10, 4, 0.0002810018113579955],
    [40, 30, 6.863022597203209e-28],
    [-1.2, 11, 0.8723268587217827],
    [0, 5, 0.5],
    [Number.POSITIVE_INFINITY, 5, 0],
  ])('P(T > %d) with %d degrees of freedom', (t, df, expected) => {
    expectNear(studentSurvival(t, df), expected, 1e-11);
    expectNear(studentTwoSided(t, df), 2 * Math.min(expected, 1 - expected), 1e-11);
  });

  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 9, 2.262157162798205],
    [0.05, 4.5, -2.065575888878525],
    [0.9999, 2, 70.70007107496818],
    [0.95, 1e6, 1.6448551507220404],
  ])('t quantile %d with %d degrees of freedom', (p, df, expected) => {
    expectNear(studentQuantile(p, df), expected, 1e-9);
  });

  test('a quantile outside (0, 1) is not a number', () => {
    for (const p of [0, 1, -1, Number.NaN]) expect(studentQuantile(p, 3)).toBeNaN();
    expect(studentQuantile(0.5, 0)).toBeNaN();
  });
});

describe('Fisher exact', () => {
  /** All tables of the margins by products of binomials, in whole numbers. */
  function enumerated(a: number, n: number, b: number, m: number): number {
    const choose = (total: number, k: number): bigint => {
      let ways = 1n;
      for (let i = 1; i <= k; i++) ways = (ways * BigInt(total - k + i)) / BigInt(i);
      return ways;
    };
    const table = (k: number) => choose(n, k) * choose(m, a + b - k);
    let total = 0n;
    let extreme = 0n;
    for (let k = Math.max(0, a + b - m); k <= Math.min(n, a + b); k++) {
      total += table(k);
      if (table(k) <= table(a)) extreme += table(k);
    }
    return Number((extreme * 10n ** 18n) / total) / 1e18;
  }

  test('is the sum over tables no more likely, for every table of small margins', () => {
    for (const [n, m] of [
      [1, 1],
      [3, 7],
      [10, 10],
      [25, 4],
    ]) {
      for (let a = 0; a <= n; a++) {
        for (let b = 0; b <= m; b++) expect(fisherExact(a, n, b, m)).toBeCloseTo(enumerated(a, n, b, m), 12);
      }
    }
  });

  // SciPy 1.17.1, fisher_exact.
  test.each([
    [3, 10, 9, 11, 0.02997312285237981],
    [0, 50, 8, 68, 0.020123830747143974],
    [100, 1000, 160, 1000, 8.25451696543088e-5],
    [1, 1000, 30, 330, 5.946098522888788e-18],
  ])('%d of %d against %d of %d', (a, n, b, m, expected) => {
    expectNear(fisherExact(a, n, b, m), expected, 1e-10);
    expectNear(fisherExact(b, m, a, n), expected, 1e-10);
  });
});

test('a quantile of one value is that value, and the ends are the extremes', () => {
  expect(quantile([4], 0.3)).toBe(4);
  expect([quantile([1, 2, 4], 0), quantile([1, 2, 4], 1), quantile([1, 2, 4], 0.75)]).toEqual([1, 4, 3]);
});
