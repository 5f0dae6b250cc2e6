import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { delayDependence } from '../../src/statistics/delay-dependence.ts';
import { arrivedShare, kaplanMeier } from '../../src/statistics/kaplan-meier.ts';
import { forecastMaturity, labelMaturity } from '../../src/statistics/label-maturity.ts';
import { mixtureCure } from '../../src/statistics/mixture-cure.ts';
import { selectionWeights } from '../../src/statistics/selection-weights.ts';
import { weightedError } from '../../src/statistics/weighted-error.ts';

describe('delay and maturity', () => {
  it('the delay curve of no rows, and of none arrived, is empty and 0 everywhere', () => {
    for (const curve of [kaplanMeier([], []), kaplanMeier([3, 5], [0, 0])]) {
      expect(curve.times).toHaveLength(0);
      expect(arrivedShare(curve, 100)).toBe(0);
    }
  });

  it('a label and a censoring on one day: the label comes first', () => {
    const curve = kaplanMeier([2, 2, 5], [1, 0, 1]);
    expect([...curve.times]).toEqual([2, 5]);
    expect(curve.shares[0]).toBeCloseTo(1 / 3, 14);
    expect(curve.shares[1]).toBe(1);
    expect([arrivedShare(curve, 1.9), arrivedShare(curve, 5)]).toEqual([0, 1]);
  });

  it('the forecast is the first time at which the maturity reaches its target', () => {
    const random = seededRandom(3);
    const delays = Array.from({ length: 80 }, () => Math.floor(random() * 30));
    const curve = kaplanMeier(delays, new Array(80).fill(1));
    const submitted = Array.from({ length: 25 }, () => Math.floor(random() * 10));
    for (const target of [0.1, 0.5, 0.8, 1]) {
      const { at } = forecastMaturity(curve, submitted, target);
      const maturity = (time: number) =>
        submitted.reduce((sum, t) => sum + arrivedShare(curve, time - t) / submitted.length, 0);
      expect(maturity(at as number)).toBeGreaterThanOrEqual(target - 1e-9);
      expect(maturity((at as number) - 1)).toBeLessThan(target - 1e-9);
    }
  });

  it('a maturity that no delay seen reaches has no date', () => {
    const curve = kaplanMeier([1, 2, 9, 9], [1, 1, 0, 0]);
    expect(forecastMaturity(curve, [0, 4], 0.8)).toEqual({
      at: null,
      reason: 'delays-seen-too-short',
      reaches: 0.5,
    });
    expect(forecastMaturity(curve, [0, 4], 0.5)).toEqual({ at: 6 });
    expect(forecastMaturity(kaplanMeier([], []), [0], 0.8).at).toBeNull();
  });

  it('rows not yet submitted do not count, and none have no maturity', () => {
    const curve = kaplanMeier([1, 2], [1, 1]);
    expect(labelMaturity(curve, [0, 5], 2)).toEqual({ rows: 1, maturity: 1 });
    expect(labelMaturity(curve, [5], 2)).toEqual({ rows: 0, maturity: Number.NaN });
  });
});

describe('weighted error', () => {
  /** Batches submitted over 40 days, delays of mean 20, looked at on day 40; losses get larger over the days. */
  const simulate = (seed: number) => {
    const random = seededRandom(seed);
    const rows = Array.from({ length: 240 }, (_, i) => {
      const group = Math.floor(i / 3);
      return { group, submitted: (group * 7) % 40, delay: Math.ceil(-20 * Math.log(1 - random())) };
    });
    const level = new Map<number, number>();
    for (const { group } of rows) if (!level.has(group)) level.set(group, random());
    const losses = rows.map(
      (row) => 0.3 * (level.get(row.group) as number) + 0.2 * random() + row.submitted / 50,
    );
    const arrived = rows.map(({ submitted, delay }) => (submitted + delay <= 40 ? 1 : 0));
    const times = rows.map(({ submitted, delay }, i) => (arrived[i] ? delay : 40 - submitted));
    const curve = kaplanMeier(times, arrived);
    const shares = rows.map(({ submitted }) => arrivedShare(curve, 40 - submitted));
    const groups = rows.map(({ group }) => group);
    return { losses, arrived, shares, groups };
  };
  // Mean loss of the process: half of 0.3, half of 0.2, and the mean day 19.5 of the schedule.
  const truth = 0.15 + 0.1 + 19.5 / 50;

  it('its interval holds the truth in about 95 of 100 batches, where the mean of what has arrived fails', () => {
    let held = 0;
    let naive = 0;
    let error = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { losses, arrived, shares, groups } = simulate(seed);
      const weighted = weightedError(losses, arrived, shares, { groups });
      if (weighted.low <= truth && truth <= weighted.high) held++;
      error += (weighted.error - truth) / 300;
      const plain = weightedError(
        losses,
        arrived,
        shares.map(() => 1),
        { groups },
      );
      if (plain.low <= truth && truth <= plain.high) naive++;
    }
    expect(Math.abs(error)).toBeLessThan(0.02);
    expect(held / 300).toBeGreaterThan(0.9);
    expect(held / 300).toBeLessThan(0.995);
    expect(naive / 300).toBeLessThan(0.2);
  });

  it('rows of one group count as one: the interval is wider than of rows alone', () => {
    const losses = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0];
    const one = losses.map(() => 1);
    const rows = weightedError(losses, one, one);
    const groups = weightedError(losses, one, one, { groups: losses.map((_, i) => Math.floor(i / 3)) });
    expect(groups).toMatchObject({ error: 0.5, labels: 12, groups: 4 });
    // Between 4 groups of sums 1.5, -1.5, 1.5, -1.5: sqrt(9 * 4 / 3) / 12, Student's 0.975 quantile at 3.
    expect(groups.high - 0.5).toBeCloseTo((Math.sqrt(12) / 12) * 3.182446305284263, 9);
    expect(groups.high).toBeGreaterThan(rows.high);
  });

  it('no label gives no number, one label no interval, a share of 0 a refusal', () => {
    const none = weightedError([0.5], [0], [0.3]);
    expect(none).toMatchObject({ error: Number.NaN, low: Number.NaN, labels: 0, effectiveSampleSize: 0 });
    expect(weightedError([0.5, 9], [1, 0], [0.5, 0])).toMatchObject({
      error: 0.5,
      low: Number.NaN,
      high: Number.NaN,
      effectiveSampleSize: 1,
    });
    expect(() => weightedError([0.5], [1], [0])).toThrow(/label of row 0 has arrived/);
  });

  it('selection weights make the chosen speak for their stratum, and name strata nobody chose from', () => {
    const strata = [0, 0, 0, 0, 1, 1, 2, 2];
    const selected = [1, 0, 0, 0, 1, 1, 0, 0];
    const found = selectionWeights(strata, selected);
    expect([...found.weights]).toEqual([4, 0, 0, 0, 1, 1, 0, 0]);
    expect(found.strata[2]).toEqual({
      stratum: 2,
      rows: 2,
      selected: 0,
      weight: Number.POSITIVE_INFINITY,
    });
    expect(found.unrepresented).toBe(0.25);
    const rows = [0, 4, 5];
    const { error } = weightedError([1, 0, 0], [1, 1, 1], [1, 1, 1], {
      selectionWeights: rows.map((row) => found.weights[row]),
    });
    expect(error).toBeCloseTo(4 / 6, 12);
  });
});

describe('dependence of delay and error', () => {
  const simulate = (seed: number, slope: number) => {
    const random = seededRandom(seed);
    const losses = Array.from({ length: 60 }, () => random());
    const delays = losses.map((loss) => Math.ceil((5 + slope * loss) * -Math.log(1 - random())));
    return { delays, losses };
  };

  it('is found where large losses come late', () => {
    const { delays, losses } = simulate(1, 40);
    const found = delayDependence(delays, losses, { seed: 1 });
    expect(found.correlation).toBeGreaterThan(0.3);
    expect(found.p).toBeLessThan(0.02);
    expect(delayDependence(delays, losses, { seed: 1 })).toEqual(found);
  });

  it('has no p-value below 1 / (B + 1)', () => {
    const rows = Array.from({ length: 30 }, (_, i) => i);
    const found = delayDependence(rows, rows, { seed: 1, permutations: 19 });
    expect(found).toMatchObject({ p: 0.05, rows: 30 });
    expect(found.correlation).toBeCloseTo(1, 12);
  });

  it('is reported at most as often as the level where there is none', () => {
    let small = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { delays, losses } = simulate(seed + 10, 0);
      if (delayDependence(delays, losses, { seed, permutations: 99 }).p <= 0.1) small++;
    }
    // 30 expected; 5 deviations of 5.2 on either side.
    expect(small).toBeGreaterThan(4);
    expect(small).toBeLessThan(56);
  });

  it('a drift of the error over dates passes for dependence unless rows are ranked within dates', () => {
    const random = seededRandom(4);
    const dates = Array.from({ length: 200 }, (_, i) => Math.floor(i / 20));
    const losses = dates.map((date) => date / 10 + 0.2 * random());
    const delays = dates.map((date) => Math.ceil(random() * (100 - 10 * date)));
    expect(delayDependence(delays, losses, { seed: 1 }).p).toBeLessThan(0.01);
    expect(delayDependence(delays, losses, { seed: 1, strata: dates }).p).toBeGreaterThan(0.05);
  });

  it('constant losses, and no rows, have no correlation and no p-value', () => {
    for (const found of [
      delayDependence([1, 2, 3], [5, 5, 5], { seed: 1 }),
      delayDependence([], [], { seed: 1 }),
    ]) {
      expect(found).toMatchObject({ correlation: Number.NaN, p: Number.NaN, rows: 0 });
    }
  });
});

describe('share that will ever be measured', () => {
  const simulate = (seed: number, share: number, followUp: number, count = 600) => {
    const random = seededRandom(seed);
    const rows = Array.from({ length: count }, () => {
      const comes = random() < share;
      const delay = comes ? Math.ceil(20 * (-Math.log(1 - random())) ** (1 / 1.5)) : Number.POSITIVE_INFINITY;
      const waited = Math.ceil(followUp * (0.5 + 0.5 * random()));
      return delay <= waited ? { time: delay, arrived: 1 } : { time: waited, arrived: 0 };
    });
    return mixtureCure(
      rows.map(({ time }) => time),
      rows.map(({ arrived }) => arrived),
    );
  };

  it('is found after a long follow-up, with the delay of those that come', () => {
    for (const share of [0.2, 0.6]) {
      const found = simulate(8, share, 200);
      expect(found.identifiable).toBe(true);
      if (!found.identifiable) continue;
      expect(found.low).toBeLessThan(share);
      expect(found.high).toBeGreaterThan(share);
      expect(found.high - found.low).toBeLessThan(0.15);
      expect(found.plateau).toBeCloseTo(found.share, 1);
      expect(found.shape).toBeGreaterThan(1.2);
      expect(found.shape).toBeLessThan(1.9);
      expect(found.scale).toBeGreaterThan(17);
      expect(found.scale).toBeLessThan(24);
      expect(found.delay.shares.at(-1)).toBeCloseTo(1, 12);
    }
  });

  it('its interval holds the share in about 95 of 100 streams', () => {
    let held = 0;
    for (let seed = 0; seed < 40; seed++) {
      const found = simulate(seed + 100, 0.4, 150, 300);
      if (found.identifiable && found.low <= 0.4 && 0.4 <= found.high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(33);
    expect(held).toBeLessThanOrEqual(40);
  });

  it('is not told where the follow-up is short, only what has come', () => {
    let told = 0;
    for (let seed = 0; seed < 30; seed++) {
      const found = simulate(seed + 6, 0.5, 15);
      if (found.identifiable) told++;
      else {
        expect(found.reason).toBe('follow-up-too-short');
        expect(found.atLeast).toBeGreaterThan(0.05);
        expect(found.atLeast).toBeLessThan(0.5);
      }
    }
    expect(told).toBeLessThanOrEqual(2);
  });

  it('is often not told where the curve still rises at the end, though a Weibull would have an answer', () => {
    let told = 0;
    for (let seed = 0; seed < 30; seed++) if (simulate(seed + 6, 0.4, 40).identifiable) told++;
    expect(told).toBeLessThan(24);
  });

  it('is not told from few labels or none', () => {
    expect(mixtureCure([], [])).toEqual({ identifiable: false, reason: 'too-few-labels', atLeast: 0 });
    expect(mixtureCure([3, 9], [1, 0])).toEqual({
      identifiable: false,
      reason: 'too-few-labels',
      atLeast: 0.5,
    });
  });

  it('is 1 where every label has come, same-day labels included', () => {
    const found = mixtureCure(
      Array.from({ length: 30 }, (_, i) => i % 7),
      new Array(30).fill(1),
    );
    expect(found.identifiable && found.share).toBeCloseTo(1, 9);
    expect(found.identifiable && found.high).toBe(1);
  });
});
