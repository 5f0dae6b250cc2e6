import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { pairsForChange, pairsForEquivalence } from '../../src/statistics/pairs-needed.ts';
import { studentQuantile } from '../../src/statistics/student-t.ts';

/** Share of cases in which so many differences of N(0, 1) are shown to lie within the margin. */
function shownShare(margin: number, alpha: number, pairs: number, runs: number): number {
  const random = seededRandom(7);
  const t = studentQuantile(1 - alpha, pairs - 1);
  let shown = 0;
  for (let run = 0; run < runs; run++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < pairs; i++) {
      const value = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      sum += value;
      squares += value * value;
    }
    const mean = sum / pairs;
    const error = Math.sqrt((squares - pairs * mean * mean) / (pairs - 1) / pairs);
    if (Math.abs(mean) + t * error <= margin) shown++;
  }
  return shown / runs;
}

test.each([
  [1, 0.05, 0.8],
  [0.6, 0.05, 0.8],
  [2.5, 0.05, 0.9],
  [0.8, 0.01, 0.8],
])(
  'margin of %d deviations, alpha %d: the pairs show equivalence in a share %d, one less do not',
  (margin, alpha, power) => {
    const runs = 20_000;
    const pairs = pairsForEquivalence(1, { margin, alpha }, power);
    const error = 3 * Math.sqrt((power * (1 - power)) / runs);
    expect(shownShare(margin, alpha, pairs, runs)).toBeGreaterThan(power - error);
    expect(shownShare(margin, alpha, pairs - 1, runs)).toBeLessThan(power + error);
  },
);

test('only the ratio of margin and deviation counts, and many pairs tend to the normal formula', () => {
  const limits = { margin: 0.3, alpha: 0.05 };
  expect(pairsForEquivalence(0.5, limits)).toBe(pairsForEquivalence(5, { margin: 3, alpha: 0.05 }));
  // (z(0.95) + z(0.9))^2 (sigma / margin)^2
  const normal = (1.6448536269514722 + 1.2815515655446004) ** 2 * 100 ** 2;
  expect(Math.abs(pairsForEquivalence(1, { margin: 0.01, alpha: 0.05 }) - normal)).toBeLessThan(5);
  expect(pairsForEquivalence(0.001, limits)).toBe(2);
  expect(pairsForEquivalence(1, { margin: 1e-4, alpha: 0.05 })).toBe(Number.POSITIVE_INFINITY);
});

test('pairs for a change are the least whose detectable mean is no larger', () => {
  const target = { alpha: 0.05, power: 0.8 };
  expect(pairsForChange(1, 0.95, target)).toBe(pairsForChange(2, 1.9, target));
  const pairs = pairsForChange(1, 0.5, target);
  const units = (n: number) => (studentQuantile(0.975, n - 1) + studentQuantile(0.8, n - 1)) / Math.sqrt(n);
  expect(units(pairs)).toBeLessThanOrEqual(0.5);
  expect(units(pairs - 1)).toBeGreaterThan(0.5);
});

test.each([0, -1, Number.NaN])('a deviation of %d is refused', (deviation) => {
  expect(() => pairsForEquivalence(deviation, { margin: 0.3, alpha: 0.05 })).toThrow('cannot be counted');
  expect(() => pairsForChange(deviation, 0.3, { alpha: 0.05, power: 0.8 })).toThrow('cannot be counted');
});
