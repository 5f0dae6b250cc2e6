import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { areaUnderRoc } from '../../src/statistics/area-under-roc.ts';
import { brierScore } from '../../src/statistics/brier-score.ts';
import { confidenceBasedEstimate } from '../../src/statistics/confidence-based.ts';
import { directLossEstimate } from '../../src/statistics/direct-loss.ts';
import { logLoss } from '../../src/statistics/log-loss.ts';
import { proxyVerdict, type ShiftAndEquivalence } from '../../src/statistics/proxies.ts';
import { quadraticTerms } from '../../src/statistics/quadratic-terms.ts';
import {
  addRow,
  emptyMoments,
  fitRidge,
  predictLinear,
  withoutMoments,
} from '../../src/statistics/ridge-regression.ts';

/**
 * Compounds at a distance from the training set. The model's probability is right up to a distance of 1; beyond it
 * the model is as sure as ever, and the labels are a coin's.
 */
function classify(seed: number, count: number, outside: boolean) {
  const random = seededRandom(seed);
  const p = Array.from({ length: count }, () => 1 / (1 + Math.exp(-6 * (random() - 0.5))));
  const y = p.map((probability) => (random() < (outside ? 0.5 : probability) ? 1 : 0));
  const accuracy = y.reduce<number>((sum, label, i) => sum + (p[i] >= 0.5 ? label : 1 - label), 0) / count;
  return { p, y, accuracy };
}

describe('confidence-based estimate', () => {
  it('is right within the domain, each figure and its interval', () => {
    const { p, y, accuracy } = classify(1, 4000, false);
    const found = confidenceBasedEstimate(p, { domainCoverage: 0.94, seed: 1, draws: 300 });
    expect(found.suppressed).toBeNull();
    if (found.suppressed !== null) return;
    for (const [figure, true_] of [
      [found.accuracy, accuracy],
      [found.brier, brierScore(y, p)],
      [found.logLoss, logLoss(y, p)],
      [found.auroc, areaUnderRoc(y, p)],
    ] as const) {
      expect(Math.abs(figure.expected - true_)).toBeLessThan(0.02);
      expect(figure.low).toBeLessThan(true_);
      expect(figure.high).toBeGreaterThan(true_);
      expect(figure.low).toBeLessThan(figure.expected);
      expect(figure.high).toBeGreaterThan(figure.expected);
    }
  });

  it('is wrong outside the domain, which is why it is withheld there', () => {
    const { p, y, accuracy } = classify(2, 4000, true);
    const withheld = confidenceBasedEstimate(p, { domainCoverage: 0.5, seed: 1 });
    expect(withheld).toEqual({ suppressed: 'outside-domain', domainCoverage: 0.5, leastCoverage: 0.8 });
    const forced = confidenceBasedEstimate(p, { domainCoverage: 0.5, leastCoverage: 0, seed: 1, draws: 100 });
    if (forced.suppressed !== null) throw new Error('a bound of 0 withholds nothing');
    expect(forced.accuracy.low).toBeGreaterThan(accuracy + 0.15);
    expect(forced.auroc.low).toBeGreaterThan(areaUnderRoc(y, p) + 0.15);
  });

  it('of two compounds, worked by hand', () => {
    const found = confidenceBasedEstimate([0.8, 0.3], { domainCoverage: 1, seed: 1, draws: 10 });
    if (found.suppressed !== null) throw new Error('withheld');
    expect(found.accuracy.expected).toBeCloseTo(0.75, 12);
    expect(found.brier.expected).toBeCloseTo((0.16 + 0.21) / 2, 12);
    // Pairs: 0.8 * 0.7 in order, 0.3 * 0.2 the other way round.
    expect(found.auroc.expected).toBeCloseTo(0.56 / 0.62, 12);
  });

  it('equal probabilities promise no order', () => {
    const found = confidenceBasedEstimate([0.4, 0.4, 0.4], { domainCoverage: 1, seed: 1, draws: 50 });
    expect(found.suppressed === null && found.auroc.expected).toBeCloseTo(0.5, 12);
  });

  it('certain probabilities promise a perfect batch; one class has no AUROC', () => {
    const sure = confidenceBasedEstimate([0, 1, 1], { domainCoverage: 1, seed: 1, draws: 10 });
    expect(sure).toMatchObject({
      accuracy: { expected: 1, low: 1, high: 1 },
      auroc: { expected: 1, low: 1, high: 1 },
    });
    const one = confidenceBasedEstimate([1, 1], { domainCoverage: 1, seed: 1, draws: 10 });
    expect(one).toMatchObject({ auroc: { expected: Number.NaN, low: Number.NaN } });
  });

  it('no compounds, or a coverage that nobody knows, give a reason', () => {
    expect(confidenceBasedEstimate([], { domainCoverage: 1, seed: 1 })).toMatchObject({
      suppressed: 'too-few-compounds',
    });
    expect(confidenceBasedEstimate([0.5], { domainCoverage: Number.NaN, seed: 1 }).suppressed).toBe(
      'outside-domain',
    );
  });
});

/** Errors grow with the distance and with the spread of the ensemble, and jump beyond a distance of 0.7. */
function regress(seed: number, count: number, low: number, high: number) {
  const random = seededRandom(seed);
  const features: number[] = [];
  const losses: number[] = [];
  const groups: number[] = [];
  for (let i = 0; i < count; i++) {
    const distance = low + (high - low) * random();
    const spread = 0.2 + random();
    features.push(distance, spread);
    const scale = 0.2 + 0.8 * distance ** 2 + 0.5 * spread * distance + (distance > 0.7 ? 2 : 0);
    losses.push(2 * scale * random());
    groups.push(Math.floor(i / 4));
  }
  const mean = losses.reduce((sum, loss) => sum + loss / count, 0);
  return { features, losses, groups, width: 2, mean };
}

describe('direct loss estimate', () => {
  const labelled = regress(1, 1200, 0, 0.6);

  it('follows a batch that is harder, within the domain', () => {
    const batch = regress(2, 1000, 0.4, 0.6);
    const found = directLossEstimate(labelled, batch.features, { domainCoverage: 0.97 });
    if (found.suppressed !== null) throw new Error('withheld');
    expect(batch.mean).toBeGreaterThan(1.25 * found.referenceLoss);
    expect(found.low).toBeLessThan(batch.mean);
    expect(found.high).toBeGreaterThan(batch.mean);
    expect(found.high - found.low).toBeLessThan(0.15);
    expect(found.skill).toBeGreaterThan(0.1);
    expect(Math.abs(found.heldOutBias)).toBeLessThan(0.01);
    const meanOf = (rows: Float64Array) => rows.reduce((sum, value) => sum + value, 0) / rows.length;
    expect(meanOf(found.rowLosses)).toBeCloseTo(found.loss, 12);
    const [far, near] = [true, false].map((isFar) =>
      found.rowLosses.filter((_, row) => batch.features[2 * row] > 0.5 === isFar),
    );
    expect(meanOf(far)).toBeGreaterThan(1.05 * meanOf(near));
  });

  it('its interval holds the mean loss of most batches', () => {
    let held = 0;
    for (let seed = 0; seed < 100; seed++) {
      const batch = regress(seed + 50, 100, 0.1, 0.5);
      const found = directLossEstimate(labelled, batch.features, { domainCoverage: 1 });
      if (found.suppressed === null && found.low <= batch.mean && batch.mean <= found.high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(88);
  });

  it('is far too low outside the domain, which is why it is withheld there', () => {
    const batch = regress(3, 1000, 0.7, 1);
    expect(directLossEstimate(labelled, batch.features, { domainCoverage: 0.1 })).toEqual({
      suppressed: 'outside-domain',
      domainCoverage: 0.1,
      leastCoverage: 0.8,
    });
    const forced = directLossEstimate(labelled, batch.features, { domainCoverage: 0.1, leastCoverage: 0 });
    if (forced.suppressed !== null) throw new Error('a bound of 0 withholds nothing');
    expect(forced.high).toBeLessThan(0.6 * batch.mean);
  });

  it('features that say nothing give the mean of the labelled rows, and no skill', () => {
    const random = seededRandom(8);
    const noise = { ...labelled, features: labelled.features.map(() => random()) };
    const found = directLossEstimate(noise, noise.features.slice(0, 200), { domainCoverage: 1 });
    if (found.suppressed !== null) throw new Error('withheld');
    expect(found.skill).toBeLessThan(0.01);
    expect(found.loss).toBeCloseTo(found.referenceLoss, 1);
  });

  it('skill is measured on groups held out: copies within a group teach nothing', () => {
    // Each group has one place and one loss, unrelated; folds that split groups would call the copies predictable.
    let skill = 0;
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(seed);
      const places = Array.from({ length: 40 }, () => [random(), random()]);
      const levels = places.map(() => random());
      const rows = Array.from({ length: 400 }, (_, i) => i % 40);
      const found = directLossEstimate(
        {
          features: rows.flatMap((group) => places[group]),
          width: 2,
          losses: rows.map((group) => levels[group]),
          groups: rows,
        },
        places.flat(),
        { domainCoverage: 1 },
      );
      if (found.suppressed === null) skill += found.skill / 20;
    }
    expect(skill).toBeLessThan(0.03);
  });

  it('a constant feature is harmless; few groups, and no batch, give a reason', () => {
    const flat = { ...labelled, features: labelled.features.map((value, i) => (i % 2 === 0 ? value : 3)) };
    const found = directLossEstimate(flat, flat.features, { domainCoverage: 1 });
    expect(found.suppressed === null && found.loss).toBeCloseTo(labelled.mean, 1);
    expect(directLossEstimate(regress(1, 40, 0, 1), [0, 0], { domainCoverage: 1 })).toEqual({
      suppressed: 'too-few-compounds',
      found: 10,
      needed: 20,
    });
    expect(directLossEstimate(labelled, [], { domainCoverage: 1 })).toMatchObject({
      suppressed: 'too-few-compounds',
      found: 0,
    });
  });
});

describe('quadratic terms', () => {
  it('are scaled by the reference, held to its range, and 0 for a constant', () => {
    const terms = quadraticTerms([1, 0, 3, 0], 2);
    expect([...terms([3, 0], 0)]).toEqual([1, 0, 1, 0, 0]);
    expect([...terms([0, 0, 99, 7], 1)]).toEqual([1, 0, 1, 0, 0]);
    expect(terms([-99, 0], 0)[0]).toBe(-1);
  });
});

describe('ridge regression', () => {
  it('finds a plane, and shrinks its slopes as the penalty grows', () => {
    const moments = emptyMoments(2);
    const extra = emptyMoments(2);
    for (let i = 0; i < 30; i++) {
      const row = Float64Array.of(Math.sin(i), Math.cos(3 * i));
      addRow(moments, row, 2 + 3 * row[0] - row[1]);
    }
    addRow(extra, Float64Array.of(9, 9), 500);
    const all = emptyMoments(2);
    for (let i = 0; i < 30; i++) {
      const row = Float64Array.of(Math.sin(i), Math.cos(3 * i));
      addRow(all, row, 2 + 3 * row[0] - row[1]);
    }
    addRow(all, Float64Array.of(9, 9), 500);
    const exact = fitRidge(withoutMoments(all, extra), 1e-12);
    expect(exact.intercept).toBeCloseTo(2, 6);
    expect(exact.coefficients[0]).toBeCloseTo(3, 6);
    expect(predictLinear(exact, Float64Array.of(1, 1))).toBeCloseTo(4, 6);
    expect(fitRidge(moments, 10).coefficients[0]).toBeLessThan(0.3);
  });
});

describe('proxies', () => {
  const side = (shifted: boolean, equivalent: boolean): ShiftAndEquivalence => ({
    shifted,
    shiftP: shifted ? 0.001 : 0.4,
    equivalent,
    equivalenceP: equivalent ? 0.001 : 0.4,
  });
  const moved = side(true, false);
  const steady = side(false, true);
  const unknown = side(false, false);

  it('each verdict needs both sides shown', () => {
    expect(proxyVerdict(moved, steady)).toBe('confidence-moved-alone');
    expect(proxyVerdict(steady, moved)).toBe('oddly-steady');
    expect(proxyVerdict(moved, moved)).toBe('both-moved');
    expect(proxyVerdict(steady, steady)).toBe('both-steady');
  });

  it('a shift that is not significant is not stability', () => {
    for (const other of [moved, steady, unknown]) {
      expect(proxyVerdict(unknown, other)).toBe('not-evaluable');
      expect(proxyVerdict(other, unknown)).toBe('not-evaluable');
    }
  });

  it('a significant shift within the margin is steady', () => {
    expect(proxyVerdict(moved, side(true, true))).toBe('confidence-moved-alone');
    expect(proxyVerdict(side(true, true), moved)).toBe('oddly-steady');
  });
});
