import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { combineSplits } from '../../src/statistics/combine-p.ts';

test('one p-value is itself, several are twice their middle, at most 1', () => {
  expect(combineSplits([0.03])).toBe(0.03);
  expect(combineSplits([0.9, 0.01, 0.02])).toBe(0.04);
  expect(combineSplits([0.9, 0.01, 0.02, 0.4])).toBe(0.8);
  expect(combineSplits([0.9, 0.7, 0.8])).toBe(1);
  expect(() => combineSplits([])).toThrow(/no p-values/);
});

test.each([0, 0.5, 0.9, 1])('keeps its level where p-values depend on each other (%d)', (shared) => {
  const random = seededRandom(4);
  const runs = 4000;
  let alarms = 0;
  for (let run = 0; run < runs; run++) {
    const common = random();
    const ps = Array.from({ length: 5 }, () => (random() < shared ? common : random()));
    if (combineSplits(ps) <= 0.05) alarms++;
  }
  expect(alarms / runs).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / runs));
});
