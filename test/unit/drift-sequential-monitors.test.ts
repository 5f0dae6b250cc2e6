import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proveSequential } from '../../bench/proof/sequential.ts';
import { seededRandom } from '../../src/core/random.ts';
import { lastLookThatCanFire, spentLevel } from '../../src/statistics/alpha-spending.ts';
import { adaptiveBet, learnLoss, newtonBet, nextBet } from '../../src/statistics/bets.ts';
import { bettingWealth, observeLosses, startLossMonitor } from '../../src/statistics/betting-martingale.ts';
import {
  type ConformalMonitorState,
  openConformalMonitor,
  startConformalMonitor,
} from '../../src/statistics/conformal-martingale.ts';
import { rankOnline, startHistory, uniformDraws } from '../../src/statistics/online-ranks.ts';
import { judgeLook, planLooks } from '../../src/statistics/planned-looks.ts';
import { beginLook, multiplyCapital, startCapital } from '../../src/statistics/shared-capital.ts';

describe('the small proof', () => {
  const proof = proveSequential({ streams: 100, looks: 60, seed: 3 });

  it('streams without drift alarm no more often than alpha allows, by chance', () => {
    // A true rate of 0.05 gives more than 12 of 100, or 8 of 50, about once in a thousand.
    for (const { alarms, streams } of [
      proof.distances.independent,
      proof.distances.clusteredRepresentatives,
      proof.losses.atTheBound,
      proof.plannedLooks.eachAtItsLevel,
    ]) {
      expect(alarms[0.05]).toBeLessThanOrEqual(streams === 100 ? 12 : 8);
    }
  });

  it('naive use is seen to fail: every compound of a series, and alpha at each look', () => {
    expect(proof.distances.clusteredEveryCompound.alarms[0.05]).toBeGreaterThan(25);
    expect(proof.plannedLooks.eachAtAlpha.alarms[0.05]).toBeGreaterThan(80);
  });

  it('a shift of 0.3 deviations is found by look 200 in at least 80 % of streams, early or late in life', () => {
    const stated = proof.distances.detection.filter(({ shift }) => shift === 0.3);
    expect(stated.map(({ changeAtLook }) => changeAtLook)).toEqual([1, 100]);
    for (const { detectedByLook200, streams } of stated) {
      expect(detectedByLook200).toBeGreaterThanOrEqual(0.8 * streams);
    }
  });

  it('a mean loss half above its bound is found by look 200 in at least 80 % of streams', () => {
    for (const { shift, detectedByLook200, streams } of proof.losses.detection) {
      if (shift >= 0.3) expect(detectedByLook200).toBeGreaterThanOrEqual(0.8 * streams);
    }
  });

  it('larger shifts are found sooner', () => {
    const delays = proof.distances.detection
      .filter(({ changeAtLook, shift }) => changeAtLook === 100 && shift >= 0.2)
      .map(({ medianDelayLooks }) => medianDelayLooks as number);
    expect(delays).toHaveLength(3);
    expect(delays).toEqual([...delays].sort((a, b) => b - a));
    expect(delays[2]).toBeLessThan(delays[0]);
  });
});

describe('conformal monitor', () => {
  const batches = (seed: number, count: number, size: number, shift = 0) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => Array.from({ length: size }, () => random() + shift));
  };

  it('carries on from saved JSON as if it had never stopped', () => {
    const whole = openConformalMonitor(startConformalMonitor(7, { values: batches(1, 1, 40)[0] }));
    let state: ConformalMonitorState = startConformalMonitor(7, { values: batches(1, 1, 40)[0] });
    batches(2, 9, 7).forEach((batch, look) => {
      const clusters = batch.map((_, i) => `series ${(look * 3 + i) % 20}`);
      const expected = whole.observe(batch, clusters);
      const again = openConformalMonitor(JSON.parse(JSON.stringify(state)));
      expect(again.observe(batch, clusters)).toEqual(expected);
      state = again.save();
    });
    expect(state).toEqual(whole.save());
  });

  it('another seed gives another stream, the same seed the same', () => {
    const wealth = (seed: number) => {
      const monitor = openConformalMonitor(startConformalMonitor(seed));
      return batches(3, 5, 11).map((batch) => monitor.observe(batch).logWealth);
    };
    expect(wealth(1)).toEqual(wealth(1));
    expect(wealth(1)).not.toEqual(wealth(2));
  });

  it('the order of rows in a batch does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'b', 'c', 'd')), {
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 1000 }),
        (rows, seed) => {
          const random = seededRandom(seed);
          const mixed = rows.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
          const run = (given: readonly [number, string][]) => {
            const monitor = openConformalMonitor(startConformalMonitor(5, { values: [1, 2, 3] }));
            monitor.observe(
              given.map(([value]) => value),
              given.map(([, cluster]) => cluster),
            );
            return monitor.save();
          };
          const sortClusters = (state: ConformalMonitorState) => ({
            ...state,
            clusters: [...state.clusters].sort(),
          });
          expect(sortClusters(run(mixed.map(({ row }) => row)))).toEqual(sortClusters(run(rows)));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('one representative of a cluster enters, once in the life of the monitor, and not when the reference had it', () => {
    const monitor = openConformalMonitor(
      startConformalMonitor(1, { values: [0.5, 0.6, 0.7], clusters: ['a', 'b', 'b'] }),
    );
    expect(monitor.save().values).toHaveLength(2);
    expect(monitor.observe([0.1, 0.2, 0.3, 0.4], ['c', 'c', 'b', 'd']).used).toBe(2);
    expect(monitor.observe([0.1, 0.2], ['c', 'd']).used).toBe(0);
    expect(monitor.save().values).toHaveLength(4);
  });

  it('each member of a cluster can be its representative', () => {
    const found = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const monitor = openConformalMonitor(startConformalMonitor(seed));
      monitor.observe([1, 2, 3], ['a', 'a', 'a']);
      found.add(monitor.save().values[0]);
    }
    expect([...found].sort()).toEqual([1, 2, 3]);
  });

  it('a batch of no compounds is a look that learns nothing', () => {
    const monitor = openConformalMonitor(startConformalMonitor(1, { values: [1, 2] }));
    expect(monitor.observe([])).toEqual({ look: 1, used: 0, logWealth: 0, logMaxWealth: 0, anytimeP: 1 });
  });

  it('a stream of equal values never alarms, and one that spreads does', () => {
    const flat = openConformalMonitor(startConformalMonitor(1));
    let look = flat.observe([]);
    for (let i = 0; i < 50; i++) look = flat.observe(new Array(20).fill(0.4));
    expect(look.anytimeP).toBeGreaterThan(0.05);
    const spread = openConformalMonitor(startConformalMonitor(1, { values: batches(5, 1, 300)[0] }));
    for (const batch of batches(6, 20, 30))
      look = spread.observe(batch.map((v) => (v < 0.5 ? v - 0.4 : v + 0.4)));
    expect(look.anytimeP).toBeLessThan(1e-6);
  });

  it('a stream that gathers is found as one that spreads', () => {
    const monitor = openConformalMonitor(startConformalMonitor(1, { values: batches(5, 1, 300)[0] }));
    let look = monitor.observe([]);
    for (const batch of batches(6, 20, 30)) look = monitor.observe(batch.map((v) => 0.5 + 0.1 * (v - 0.5)));
    expect(look.anytimeP).toBeLessThan(0.001);
  });

  it('a shift down is found as one up is', () => {
    for (const shift of [-0.3, 0.3]) {
      const monitor = openConformalMonitor(startConformalMonitor(4, { values: batches(7, 1, 200)[0] }));
      let look = monitor.observe([]);
      for (const batch of batches(8, 10, 20, shift)) look = monitor.observe(batch);
      expect(look.anytimeP).toBeLessThan(0.001);
    }
  });

  it('values that are no numbers, and clusters that do not fit, are refused', () => {
    const monitor = openConformalMonitor(startConformalMonitor(1));
    expect(() => monitor.observe([1, Number.NaN])).toThrow(/Value 1 of the batch is NaN/);
    expect(() => monitor.observe([1, 2], ['a'])).toThrow(/2 values and 1 clusters/);
  });
});

describe('online ranks', () => {
  it('agree with a count over all values before, ties included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 15 }),
        fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 8 }), { maxLength: 6 }),
        (start, looks) => {
          const history = startHistory(start);
          const before = [...start];
          for (const look of looks) {
            const found: number[] = [];
            rankOnline(
              history,
              Float64Array.from(look),
              () => 0.25,
              (p) => found.push(p),
            );
            const counted = look.map((value) => {
              const above = before.filter((other) => other > value).length;
              const equal = before.filter((other) => other === value).length;
              before.push(value);
              return (above + 0.25 * (equal + 1)) / before.length;
            });
            expect(found).toEqual(counted);
            expect([...history.values.subarray(0, history.count)]).toEqual([...before].sort((a, b) => a - b));
          }
        },
      ),
    );
  });

  it('p-values of exchangeable values are uniform and do not follow each other', () => {
    const random = seededRandom(2);
    const draws = uniformDraws(9, 0);
    const history = startHistory([]);
    const found: number[] = [];
    for (let look = 0; look < 200; look++) {
      const batch = Float64Array.from({ length: 20 }, () => Math.floor(random() * 12));
      rankOnline(history, batch, draws.next, (p) => found.push(p));
    }
    const mean = found.reduce((sum, p) => sum + p / found.length, 0);
    const lag = found.reduce((sum, p, i) => sum + (i === 0 ? 0 : (p - 0.5) * (found[i - 1] - 0.5)), 0);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 4000));
    expect(Math.abs((12 * lag) / 4000)).toBeLessThan(4 / Math.sqrt(4000));
    expect(found.filter((p) => p < 0.05).length / 4000).toBeCloseTo(0.05, 1);
  });

  it('draws carry on from any place, and a later one is not an earlier one', () => {
    const all = uniformDraws(3, 0);
    const values = Array.from({ length: 11 }, all.next);
    expect(all.drawn()).toBe(11);
    for (const from of [0, 1, 4, 7]) {
      const { next } = uniformDraws(3, from);
      expect(Array.from({ length: 11 - from }, next)).toEqual(values.slice(from));
    }
    expect(new Set(values).size).toBe(11);
  });
});

describe('bets', () => {
  it('no bet leaves its range, whatever the losses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (losses, eps) => {
          for (let bet of [adaptiveBet(eps), newtonBet()]) {
            for (const loss of losses) {
              const size = nextBet(bet, eps);
              expect(size >= 0 && size * eps <= 0.5 + 1e-12).toBe(true);
              bet = learnLoss(bet, eps, loss);
            }
          }
        },
      ),
    );
  });

  it('adaptive bets grow where losses stay above the bound, and stop where they fall below it', () => {
    for (let bet of [adaptiveBet(0.2), newtonBet()]) {
      for (let i = 0; i < 100; i++) bet = learnLoss(bet, 0.2, i % 2);
      expect(nextBet(bet, 0.2)).toBeGreaterThan(0.5);
      for (let i = 0; i < 1000; i++) bet = learnLoss(bet, 0.2, 0.01);
      expect(nextBet(bet, 0.2)).toBeLessThan(0.05);
    }
  });

  it('the adaptive bet of three losses, worked by hand', () => {
    let bet = adaptiveBet(0.2);
    for (const loss of [1, 0, 1]) bet = learnLoss(bet, 0.2, loss);
    // Mean (0.2 + 2) / 4; squares 0.25 + (1 - 0.6)^2 + (0 - 0.4)^2 + (1 - 0.55)^2.
    const variance = (0.25 + 0.16 + 0.16 + 0.2025) / 4;
    expect(nextBet(bet, 0.2)).toBeCloseTo(0.35 / (variance + 0.35 ** 2), 12);
  });

  it('a loss, a bet or a bound outside its range is refused', () => {
    expect(() => bettingWealth([0.5, 1.5], [0, 0], 0.1)).toThrow(/Loss 1 is 1.5/);
    expect(() => bettingWealth([0.5], [10.5], 0.1)).toThrow(/Bet 0 is 10.5/);
    expect(() => bettingWealth([0.5], [-1], 0.1)).toThrow(/Bet 0/);
    expect(() => startLossMonitor(0)).toThrow(/bound of 0/);
    expect(() => observeLosses(startLossMonitor(0.1), [Number.NaN])).toThrow(/Loss 0 is NaN/);
  });
});

describe('loss monitor', () => {
  it('carries on from saved JSON, and leaves the old state as it was', () => {
    const random = seededRandom(5);
    let state = startLossMonitor(0.3);
    const start = JSON.stringify(state);
    let again = state;
    for (let look = 0; look < 10; look++) {
      const losses = Array.from({ length: 5 }, random);
      state = observeLosses(state, losses).state;
      again = observeLosses(JSON.parse(JSON.stringify(again)), losses).state;
    }
    expect(again).toEqual(state);
    expect(JSON.stringify(startLossMonitor(0.3))).toBe(start);
  });

  it('under the bound the expected wealth of one look is 1 at the bound, whatever went before', () => {
    // Losses of 0 and 1 at rate eps: the mean over the two outcomes is exact.
    const eps = 0.3;
    let state = startLossMonitor(eps);
    for (const loss of [1, 1, 0, 1, 0, 0, 1, 1, 1, 0]) {
      const wealth = (next: number) => Math.exp(observeLosses(state, [next]).look.logWealth);
      const before = Math.exp(state.capital.logWealth);
      expect((eps * wealth(1) + (1 - eps) * wealth(0)) / before).toBeCloseTo(1, 12);
      state = observeLosses(state, [loss]).state;
    }
  });

  it('its adaptive bets learn', () => {
    const { state } = observeLosses(startLossMonitor(0.2), new Array(30).fill(0.6));
    const sizes = state.bets.filter(({ kind }) => kind !== 'fixed').map((bet) => nextBet(bet, 0.2));
    expect(sizes).toHaveLength(2);
    for (const size of sizes) expect(size).toBeGreaterThan(1);
  });

  it('an alarm stays, though the losses fall again', () => {
    let state = startLossMonitor(0.1);
    state = observeLosses(state, new Array(40).fill(0.6)).state;
    const { look } = observeLosses(state, new Array(400).fill(0));
    expect(look.anytimeP).toBeLessThan(1e-6);
    expect(look.logWealth).toBeLessThan(look.logMaxWealth);
  });
});

describe('shared capital', () => {
  it('sharing moves capital and makes none', () => {
    const capital = startCapital(4);
    for (let look = 0; look < 5; look++) {
      beginLook(capital);
      multiplyCapital(capital, [1, 2, 0.5, 1.2]);
      expect(capital.parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 12);
    }
    const { logWealth } = capital;
    beginLook(capital);
    expect(capital.logWealth).toBe(logWealth);
    expect(capital.parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 12);
  });

  it('keeping all is always worth at least half, but for what is shared out', () => {
    const capital = startCapital(3);
    beginLook(capital);
    for (let i = 0; i < 50; i++) multiplyCapital(capital, [1, 0, 0]);
    expect(Math.exp(capital.logWealth)).toBeCloseTo(0.5, 12);
  });
});

describe('looks agreed in advance', () => {
  it('each of 60 looks has a sixtieth of the budget and needs 1,200 permutations', () => {
    const { level, leastPermutations } = planLooks(60, 0.05);
    expect(level).toBeCloseTo(0.05 / 60, 15);
    expect(leastPermutations).toBe(1200);
    expect(planLooks(3, 0.1).leastPermutations).toBe(30);
  });

  it('the smallest p-value fires with enough permutations, and with fewer the look says that it cannot', () => {
    const { level, leastPermutations } = planLooks(60, 0.05);
    expect(judgeLook(1 / (leastPermutations + 1), level, leastPermutations)).toBe('drift');
    expect(judgeLook(2 / (leastPermutations + 1), level, leastPermutations)).toBe('steady');
    expect(judgeLook(1 / 1000, level, 999)).toBe('cannot-fire-at-this-alpha');
    // 1 / (B + 1) equal to the level can fire, however both were rounded.
    expect(judgeLook(1 / 1200, level, 1199)).toBe('drift');
  });

  it('a plan without looks or budget is refused', () => {
    expect(() => planLooks(0, 0.05)).toThrow(/0 looks/);
    expect(() => planLooks(5, 1)).toThrow(/budget of 1/);
  });

  it('spent levels add up to alpha, and go silent after look 5 at 999 permutations', () => {
    let sum = 0;
    for (let look = 1; look <= 100_000; look++) sum += spentLevel(look, 0.05);
    expect(sum).toBeLessThan(0.05);
    expect(sum).toBeCloseTo(0.05, 6);
    expect(lastLookThatCanFire(0.05, 999)).toBe(5);
    expect(judgeLook(0.001, spentLevel(5, 0.05), 999)).toBe('drift');
    expect(judgeLook(0.001, spentLevel(6, 0.05), 999)).toBe('cannot-fire-at-this-alpha');
    expect(lastLookThatCanFire(0.05, 19)).toBe(0);
  });
});
