import { clopperPearson } from '../../../statistics/clopper-pearson.ts';
import type { ScoredRows } from '../../evaluate.ts';
import { type Mark, roundAxis, shareAxis, svgPlot } from './svg-plot.ts';

/** Bins of equal mass. */
const BINS = 10;
/** Rows in a bin below which its bar says nothing. */
const LEAST_ROWS = 5;

/** Rows in order of their prediction, cut into runs of equal mass. */
function runs(predicted: Float64Array): number[][] {
  const order = [...predicted.keys()].sort((a, b) => predicted[a] - predicted[b] || a - b);
  const bins = Math.max(1, Math.min(BINS, Math.floor(order.length / LEAST_ROWS)));
  return Array.from({ length: bins }, (_, bin) =>
    order.slice(Math.floor((bin * order.length) / bins), Math.floor(((bin + 1) * order.length) / bins)),
  );
}

/** Of a class model: how often compounds of one predicted probability are positive, with exact binomial 95 % bounds. */
export function reliabilityOfClasses({ actual, predicted }: ScoredRows, of: string): string {
  const marks = runs(predicted).flatMap((at): Mark[] => {
    const positives = at.reduce((sum, i) => sum + actual[i], 0);
    const x = mean(at, predicted);
    const [low, high] = clopperPearson(positives, at.length);
    return [
      { kind: 'bar', x, low, high, colour: 'first' },
      { kind: 'dots', at: [[x, positives / at.length]], colour: 'first' },
    ];
  });
  return svgPlot(
    'Reliability: share of positive compounds against predicted probability',
    of,
    shareAxis('mean predicted probability, tenths of the compounds'),
    shareAxis('share of positive compounds'),
    [
      {
        kind: 'line',
        at: [
          [0, 0],
          [1, 1],
        ],
        dashed: true,
      },
      ...marks,
    ],
    [
      { text: 'test compounds, 95 % bounds', mark: 'first' },
      { text: 'perfect calibration', mark: 'guide' },
    ],
  );
}

/** Bias of a regression in bins: mean measured value of compounds of like prediction, with 95 % bounds of the mean (normal). */
export function binnedBias({ actual, predicted }: ScoredRows, scale: string, of: string): string {
  const bins = runs(predicted).map((at) => {
    const y = mean(at, actual);
    const squares = at.reduce((sum, i) => sum + (actual[i] - y) ** 2, 0);
    const half = at.length > 1 ? 1.96 * Math.sqrt(squares / (at.length - 1) / at.length) : 0;
    return { x: mean(at, predicted), y, low: y - half, high: y + half };
  });
  const least = Math.min(...bins.map(({ x, low }) => Math.min(x, low)));
  const greatest = Math.max(...bins.map(({ x, high }) => Math.max(x, high)));
  const axis = roundAxis('', least, greatest);
  return svgPlot(
    'Binned bias: mean measured value against mean prediction',
    of,
    { ...axis, label: `mean predicted, tenths of the compounds (${scale})` },
    { ...axis, label: `mean measured (${scale})` },
    [
      {
        kind: 'line',
        at: [
          [axis.from, axis.from],
          [axis.to, axis.to],
        ],
        dashed: true,
      },
      ...bins.flatMap(({ x, y, low, high }): Mark[] => [
        { kind: 'bar', x, low, high, colour: 'first' },
        { kind: 'dots', at: [[x, y]], colour: 'first' },
      ]),
    ],
    [
      { text: 'test compounds, 95 % bounds', mark: 'first' },
      { text: 'no bias', mark: 'guide' },
    ],
  );
}

function mean(at: readonly number[], values: Float64Array): number {
  return at.reduce((sum, i) => sum + values[i], 0) / at.length;
}
