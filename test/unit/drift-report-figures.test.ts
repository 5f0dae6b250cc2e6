import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  briefUnit,
  count,
  counted,
  figure,
  numeral,
  percent,
  setting,
  unitBeside,
  withUnit,
} from '../../src/dashboard/figures.ts';
import { distancePlot } from '../../src/dashboard/plot-distance.ts';
import { axisLabel } from '../../src/dashboard/plot-frame.ts';
import { histogramPlot } from '../../src/dashboard/plot-histogram.ts';
import { compoundsOf, isPoint, maturityPlot } from '../../src/dashboard/plot-maturity.ts';
import { nullPlot } from '../../src/dashboard/plot-null.ts';
import { isDrawable, reliabilityPlot } from '../../src/dashboard/plot-reliability.ts';
import { linearScale, ticks } from '../../src/dashboard/plot-scale.ts';
import { shorten } from '../../src/dashboard/shorten.ts';

test.each([
  [0, '0'],
  [-0, '0'],
  [1, '1'],
  [183_000, '183,000'],
  [123_456, '123,456'],
  [0.0311, '0.0311'],
  [0.99996, '1.00'],
  [9.996, '10.0'],
  [1234.5, '1,230'],
  [-1.579, '−1.58'],
  [0.00001234, '1.23\u00a0×\u00a010⁻⁵'],
  [12_345_678, '1.23\u00a0×\u00a010⁷'],
  [Number.NaN, 'not a number'],
  [Number.NEGATIVE_INFINITY, 'minus infinity'],
])('%d reads %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

test('settings and p lose the zeros at their end, figures keep them', () => {
  expect([0.05, 0.0125, 0.001, 5, 100, 0.5].map((value) => setting(value))).toEqual([
    '0.05',
    '0.0125',
    '0.001',
    '5',
    '100',
    '0.5',
  ]);
  expect(figure(0.6)).toBe('0.600');
});

test('counts, shares, seeds and units', () => {
  expect([0, 1, 999, 1000, 1234567, Number.NaN].map(count)).toEqual([
    '0',
    '1',
    '999',
    '1,000',
    '1,234,567',
    'not a number',
  ]);
  expect([counted(1, 'row', 'rows'), counted(0, 'row', 'rows')]).toEqual(['1\u00a0row', '0\u00a0rows']);
  expect([0, 0.031, 0.5, 0.963, 1].map(percent)).toEqual([
    '0\u00a0%',
    '3.1\u00a0%',
    '50\u00a0%',
    '96.3\u00a0%',
    '100\u00a0%',
  ]);
  expect(numeral(20261121)).toBe('20261121');
  const unit = 'log10(bound/unbound), limits -3 to 3';
  expect([unit, ', ', 'nM'].map(briefUnit)).toEqual(['log10(bound/unbound)', ', ', 'nM']);
  expect([unitBeside('probability of ames', 'probability'), unitBeside('logd', 'log')]).toEqual(['', 'log']);
  expect(withUnit(2, unit)).toBe('2 log10(bound/unbound)');
  expect([withUnit(2, 'nM'), withUnit(2, ''), withUnit(Number.NaN, 'nM')]).toEqual([
    '2\u00a0nM',
    '2',
    'not a number',
  ]);
});

test('a shortened text keeps both ends, whole characters, and its length', () => {
  expect(shorten('short', 8)).toBe('short');
  expect(shorten('abcdefghijkl', 8)).toBe('abcde…jkl (12 characters)');
  expect(shorten('🧪'.repeat(8), 8)).toBe('🧪'.repeat(8));
  expect(shorten('🧪'.repeat(9), 8).isWellFormed()).toBe(true);
});

describe('scales', () => {
  test('ticks are round, within the stretch, ascending and few', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(finite, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (from, width) => {
        // Past nine digits the ends themselves are rounded by more than the ticks may stray.
        fc.pre(width >= 1e-6 * Math.abs(from));
        const found = ticks(from, from + width, 5);
        expect(found.length).toBeGreaterThanOrEqual(2);
        expect(found.length).toBeLessThanOrEqual(9);
        for (const [i, { value }] of found.entries()) {
          expect(value).toBeGreaterThanOrEqual(from - width * 1e-6);
          expect(value).toBeLessThanOrEqual(from + width * (1 + 1e-6));
          if (i > 0) expect(value).toBeGreaterThan(found[i - 1].value);
        }
      }),
    );
    expect(ticks(0, 1, 5).map(({ text }) => text)).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    expect(ticks(-3, 6, 5).map(({ text }) => text)).toEqual(['−2', '0', '2', '4', '6']);
  });

  test('a value outside lies on the nearer end', () => {
    const scale = linearScale([0, 10], [100, 200]);
    expect([-5, 0, 5, 10, 50].map(scale.at)).toEqual([100, 100, 150, 200, 200]);
  });
});

describe('plots', () => {
  const names = { reference: 'Reference', batch: 'Batch', unit: 'compounds' };
  const draw = (reference: number[], batch: number[]) =>
    histogramPlot({
      id: 'a',
      title: 'A',
      histogram: { name: 'x', unit: 'u', from: 0, to: 2, reference, batch },
      names,
    }).text;

  test('bars are shares of their own side, so sides of unlike size compare', () => {
    const bars = (text: string) => /class="bars-reference" d="(.*?)"/.exec(text)?.[1];
    expect(bars(draw([1, 3], [4, 0]))).toBe(bars(draw([100, 300], [4, 0])));
    expect(bars(draw([1, 3], [4, 0]))).not.toBe(bars(draw([3, 1], [4, 0])));
    // 25 % and 75 % of an axis of 140 units that ends at 105 %
    expect(bars(draw([1, 3], [4, 0]))).toBe('M40 164V130.7H175V64H310V164Z');
  });

  test('a side without rows is left out and said to be empty', () => {
    const text = draw([1, 3], [0, 0]);
    expect(text).not.toContain('step-batch');
    expect(text).toContain('Batch: no compounds.');
    expect(text).toContain(
      'Reference: 4\u00a0compounds, 100\u00a0% of them up to 2; the highest bar is 75\u00a0%, from 1 to 2.',
    );
  });

  test('of a side the bin is told in which its middle lies', () => {
    expect(draw([2, 2], [1, 9])).toContain('50\u00a0% of them up to 1;');
  });

  test('the domain ends in a line at its limit, labelled once, in the description too', () => {
    const distance = { name: 'd', unit: '', from: 0, to: 1, reference: [5, 5], batch: [1, 0] };
    const text = distancePlot('d', 'D', { ...distance, domainLimit: 0.7312 }).text;
    // 40 + 0.7312 of 270
    expect(text.match(/class="marker" d="M237.4 30V176"/g)).toHaveLength(1);
    expect(text.match(/>end of the domain 0.731</g)).toHaveLength(1);
    expect(text).toMatch(/<desc [^>]*>[^<]*Line: end of the domain 0.731\.<\/desc>/);
    expect(distancePlot('d', 'D', { ...distance, domainLimit: Number.NaN }).text).not.toContain('domain');
  });

  test('a label of an axis has room for its letters, and says no unit twice', () => {
    expect(axisLabel('predicted ppb', 'log10(bound/unbound), limits -3 to 3')).toBe(
      'predicted ppb (log10(bound/unbound))',
    );
    expect(axisLabel('probability of ames', 'probability')).toBe('probability of ames');
    expect(axisLabel('chi3v', 'deviations of the training compounds, log scale')).toBe(
      'chi3v (deviations of the training compounds)',
    );
    expect(axisLabel('predicted hlm-clearance', 'log10 of intrinsic clearance in mL/min/kg')).toBe(
      'log10 of intrinsic clearance in mL/min/kg',
    );
    const [name, unit] = ['n'.repeat(60), 'u'.repeat(60)];
    for (const [label, letter] of [
      [axisLabel(name, ''), 'n'],
      [axisLabel(name, unit), 'u'],
      [axisLabel('x', unit), 'u'],
    ]) {
      expect(label).toMatch(new RegExp(`^${letter}+…`));
      expect(Array.from(label).length).toBeLessThanOrEqual(48);
    }
    expect(axisLabel(name, 'nM')).toBe('nM');
  });

  test('the axis of a null reaches to an observed value on either side of it', () => {
    const permuted = { name: 'MMD2', unit: '', from: 0, to: 1, reference: [5, 5], batch: [] };
    const at = (observed: number) => {
      const text = nullPlot('n', 'N', { kernel: 'k', observed, permuted }).text;
      return Number(/class="marker" d="M([\d.]+) /.exec(text)?.[1]);
    };
    expect(at(0.5)).toBeGreaterThan(100);
    expect(at(9)).toBeLessThan(310);
    expect(at(9)).toBeGreaterThan(280);
    expect(at(-9)).toBeLessThan(60);
    expect(nullPlot('n', 'N', { kernel: 'k', observed: Number.NaN, permuted }).text).not.toContain('marker');
    expect(nullPlot('n', 'N', { kernel: 'k', observed: 1e12, permuted }).text).toContain(
      '1.00\u00a0×\u00a010¹²',
    );
  });

  test('reliability: bars from bound to bound, bins off the diagonal counted, figures outside refused', () => {
    const bin = { mean: 0.5, observed: 0.5, low: 0.25, high: 0.75, rows: 12 };
    const text = reliabilityPlot('r', 'R', [bin, { ...bin, mean: 0.9, rows: 7 }]).text;
    expect(text).toContain('d="M175 129V59m');
    expect(text).toContain('in 1 of them the 95 % bounds');
    expect(text).toMatch(/>12<\/text>.*>7<\/text>/s);
    expect([bin, { ...bin, high: 1.01 }, { ...bin, low: Number.NaN }].map(isDrawable)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('maturity: steps in the order of days, when half had arrived, and from how many compounds that is known', () => {
    const points = [
      { days: 10, arrived: 1, atRisk: 3 },
      { days: 0, arrived: 0, atRisk: 12 },
      { days: 0.5, arrived: 0.1, atRisk: 11 },
      { days: 5, arrived: 0.5, atRisk: 8 },
      { days: 9.9, arrived: 0.9, atRisk: 4 },
    ];
    const text = maturityPlot('m', 'M', points).text;
    expect(text).toContain('d="M40 164H40V164H53.5V150H175V94H307.3V38H310V24"');
    expect(text).toContain(
      'From 12\u00a0compounds. Half of the labels have arrived after 5 days; after 10 days 100\u00a0%, which is known from 3\u00a0compounds.',
    );
    // Counts that would stand on each other are left out, the last one never.
    expect([...text.matchAll(/class="small" x="([\d.]+)"[^>]*>(\d+)</g)].map(([, x, n]) => [x, n])).toEqual([
      ['40', '12'],
      ['175', '8'],
      ['318', '3'],
    ]);
    expect(compoundsOf(points)).toBe(12);
  });

  test('maturity: nothing is drawn where nobody is at risk', () => {
    const point = { days: 3, arrived: 0.5, atRisk: 1 };
    const none = [
      { ...point, atRisk: 0 },
      { ...point, atRisk: Number.NaN },
      { ...point, arrived: 1.1 },
      { ...point, days: -1 },
    ];
    expect([point, ...none].map(isPoint)).toEqual([true, false, false, false, false]);
  });
});
