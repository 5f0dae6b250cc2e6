import { describe, expect, it } from 'vitest';
import { bettingWealth, firstCrossing } from '../../src/statistics/betting-martingale.ts';
import { rankOnline, startHistory } from '../../src/statistics/online-ranks.ts';
import { noShared, readShared } from '../shared.ts';

interface Oracle {
  martingales: {
    name: string;
    eps: number;
    loss: number[];
    bet: number[];
    wealth: number[];
    max_wealth: number;
    first_crossing_1_over_alpha: Record<string, number | null>;
  }[];
  conformal_p: { name: string; cal: number[]; d: number[]; p: number[] }[];
}

describe.skipIf(noShared)('sequential tests agree with their oracle', () => {
  const oracle: Oracle = noShared
    ? { martingales: [], conformal_p: [] }
    : JSON.parse(readShared('oracles/sequential.json'));

  it('wealth to 1e-9 relative, crossings exactly', () => {
    expect(oracle.martingales).toHaveLength(8);
    for (const { eps, loss, bet, wealth, max_wealth, first_crossing_1_over_alpha } of oracle.martingales) {
      const found = bettingWealth(loss, bet, eps);
      found.forEach((value, i) => {
        expect(Math.abs(value - wealth[i])).toBeLessThanOrEqual(1e-9 * wealth[i] + 1e-12);
      });
      expect(Math.abs(Math.max(...found) - max_wealth)).toBeLessThanOrEqual(1e-9 * max_wealth);
      for (const [alpha, first] of Object.entries(first_crossing_1_over_alpha)) {
        expect(firstCrossing(found, Number(alpha))).toBe(first);
      }
    }
  });

  it('a rank with its tie drawn at the upper end is the conformal p-value', () => {
    expect(oracle.conformal_p).toHaveLength(5);
    for (const { cal, d, p } of oracle.conformal_p) {
      d.forEach((value, i) => {
        rankOnline(
          startHistory(cal),
          Float64Array.of(value),
          () => 1,
          (found) => expect(found).toBeCloseTo(p[i], 14),
        );
      });
    }
  });
});
