import { expect, test } from 'vitest';
import { calibrationByDistance } from '../../src/flows/validation/plots/distance.ts';
import {
  predictedAgainstMeasured,
  probabilitiesOfClasses,
  residualsOverPrediction,
} from '../../src/flows/validation/plots/measured.ts';
import { binnedBias, reliabilityOfClasses } from '../../src/flows/validation/plots/reliability.ts';
import { roundAxis, shareAxis, svgPlot } from '../../src/flows/validation/plots/svg-plot.ts';
import { shareOf } from '../../src/flows/validation/slices.ts';

const rows = (actual: number[], predicted: number[]) => ({
  actual: Float64Array.from(actual),
  predicted: Float64Array.from(predicted),
  similarities: new Float64Array(actual.length),
  spreads: new Float64Array(actual.length).fill(1),
  groups: Int32Array.from(actual, (_, i) => i),
});
const many = rows(
  Array.from({ length: 101 }, (_, i) => Number(i % 3 === 0)),
  Array.from({ length: 101 }, (_, i) => i / 100),
);
const slice = (name: string) => ({
  name,
  rows: 50,
  figures: {},
  promised: 0.9,
  observed: shareOf(45, 50),
});

const OF = 'ppb@1, split fixed, n = 101';
const PLOTS: [name: string, svg: string, says: string[]][] = [
  [
    'reliability of classes',
    reliabilityOfClasses(many, OF),
    ['mean predicted probability', 'share of positive'],
  ],
  ['binned bias', binnedBias(many, 'log10(mol/L)', OF), ['Binned bias', 'mean measured (log10(mol/L))']],
  [
    'predicted against measured',
    predictedAgainstMeasured(many, 'a < b & c', OF),
    ['measured (a &lt; b &amp; c)'],
  ],
  [
    'residuals',
    residualsOverPrediction(many, 'pIC50', OF),
    ['predicted (pIC50)', 'predicted minus measured (log units)'],
  ],
  ['probabilities', probabilitiesOfClasses(many, OF), ['positive test compounds', 'negative test compounds']],
  [
    'coverage',
    calibrationByDistance([slice('below 0.30'), slice('0.30 and above')], 'regression', OF),
    ['&lt;.30', '.30+', 'promised (90 %)'],
  ],
  ['one row', binnedBias(rows([1], [2]), 'x', OF), ['mean measured (x)']],
  ['one class', probabilitiesOfClasses(rows([1, 1], [0.5, 1]), OF), ['share of the class']],
];

test.each(PLOTS)(
  'a plot of %s is self-contained, labelled and readable on light and dark',
  (_, svg, says) => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|href|url\(/);
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const text of [`>${OF}</text>`, ...says]) expect(svg).toContain(text);
    // Every tag that opens closes: what a browser asks of an image.
    const tags = svg.match(/<\/?[a-z]+[^>]*>/g) ?? [];
    const open: string[] = [];
    for (const tag of tags) {
      const name = /^<\/?([a-z]+)/.exec(tag)?.[1] ?? '';
      if (tag.startsWith('</')) expect(open.pop()).toBe(name);
      else if (!tag.endsWith('/>')) open.push(name);
    }
    expect(open).toEqual([]);
  },
);

test('marks stand where their values are, and on the edge where those lie outside', () => {
  const axis = shareAxis('x');
  const at = (x: number, y: number) =>
    /cx="([\d.]+)" cy="([\d.]+)"/
      .exec(svgPlot('t', OF, axis, axis, [{ kind: 'dots', at: [[x, y]], colour: 'first' }], []))!
      .slice(1)
      .map(Number);
  const [[left, bottom], [middleX, middleY], [right, top]] = [at(0, 0), at(0.5, 0.5), at(1, 1)];
  expect(middleX).toBeCloseTo((left + right) / 2, 0);
  expect(middleY).toBeCloseTo((top + bottom) / 2, 0);
  expect(right).toBeGreaterThan(left);
  expect(top).toBeLessThan(bottom); // y grows upwards
  expect(at(7, -7)).toEqual([right, bottom]);
  // A point at either end stands whole inside the frame.
  const frame = /class="axis" d="M(\d+) (\d+)V(\d+)H(\d+)"/.exec(svgPlot('t', OF, axis, axis, [], []))!;
  const [frameLeft, frameTop, frameBottom, frameRight] = frame.slice(1).map(Number);
  const radius = 4;
  expect(left - frameLeft).toBeGreaterThan(radius);
  expect(top - frameTop).toBeGreaterThan(radius);
  expect(frameBottom - bottom).toBeGreaterThan(radius);
  expect(frameRight - right).toBeGreaterThan(radius);
});

test.each([
  [-2.7, 3.1, ['-3', '-2', '-1', '0', '1', '2', '3', '4']],
  [0.12, 0.31, ['0.10', '0.15', '0.20', '0.25', '0.30', '0.35']],
  [5, 5, ['5.0', '5.2']],
])('an axis from %d to %d has round ticks that hold both ends', (least, greatest, ticks) => {
  const axis = roundAxis('x', least, greatest);
  expect(axis.from).toBeLessThanOrEqual(least);
  expect(axis.to).toBeGreaterThanOrEqual(greatest);
  expect(axis.ticks.map(({ text }) => text).slice(0, ticks.length)).toEqual(ticks);
});

test('each bar of a reliability plot holds its share between exact bounds', () => {
  // Ten bins of ten rows; all positive from 0.5 on, none below.
  const step = rows(
    Array.from({ length: 100 }, (_, i) => Number(i >= 50)),
    Array.from({ length: 100 }, (_, i) => i / 100),
  );
  const svg = reliabilityOfClasses(step, OF);
  const heights = [...svg.matchAll(/<circle class="first" cx="[\d.]+" cy="([\d.]+)" r="4"\/>/g)].map(
    (match) => Number(match[1]),
  );
  const [axisTop, axisBottom] = [58, 338];
  expect(heights.slice(0, 10)).toEqual([...Array(5).fill(axisBottom), ...Array(5).fill(axisTop)]);
  // Clopper-Pearson of 0 in 10: 0 to 0.3085.
  expect(svg).toContain(`${axisBottom}V${(axisBottom - 0.3085 * (axisBottom - axisTop)).toFixed(1)}`);
});
