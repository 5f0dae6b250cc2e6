import type { ScoredRows } from '../../evaluate.ts';
import { type Mark, roundAxis, shareAxis, svgPlot } from './svg-plot.ts';

/** Of a regression: each test compound's prediction against its measured value. */
export function predictedAgainstMeasured(
  { actual, predicted }: ScoredRows,
  scale: string,
  of: string,
): string {
  const axis = roundAxis('', least(actual, predicted), greatest(actual, predicted));
  const line = (shift: number, dashed: boolean): Mark => ({
    kind: 'line',
    at: [
      [axis.from - Math.min(0, shift), axis.from + Math.max(0, shift)],
      [axis.to - Math.max(0, shift), axis.to + Math.min(0, shift)],
    ],
    dashed,
  });
  return svgPlot(
    'Predicted against measured values of the test compounds',
    of,
    { ...axis, label: `measured (${scale})` },
    { ...axis, label: `predicted (${scale})` },
    [
      { kind: 'points', at: [...actual].map((y, i) => [y, predicted[i]]) },
      line(0, false),
      line(1, true),
      line(-1, true),
    ],
    [
      { text: 'test compounds', mark: 'first' },
      { text: '1 log unit from equal', mark: 'guide' },
    ],
  );
}

/** Of a regression: predicted minus measured over the prediction; a trend is a bias that a user can correct for. */
export function residualsOverPrediction(
  { actual, predicted }: ScoredRows,
  scale: string,
  of: string,
): string {
  const residuals = predicted.map((value, i) => value - actual[i]);
  const x = roundAxis(`predicted (${scale})`, least(predicted), greatest(predicted));
  const limit = Math.max(...residuals.map(Math.abs));
  return svgPlot(
    'Residuals of the test compounds',
    of,
    x,
    roundAxis('predicted minus measured (log units)', -limit, limit),
    [
      { kind: 'points', at: [...predicted].map((value, i) => [value, residuals[i]]) },
      {
        kind: 'line',
        at: [
          [x.from, 0],
          [x.to, 0],
        ],
        dashed: true,
      },
    ],
    [
      { text: 'test compounds', mark: 'first' },
      { text: 'no error', mark: 'guide' },
    ],
  );
}

/** Of a class model: how predicted probabilities of positive and of negative compounds are spread. */
export function probabilitiesOfClasses({ actual, predicted }: ScoredRows, of: string): string {
  const bins = 20;
  const shares = [0, 1].map((label) => {
    const chosen = predicted.filter((_, i) => actual[i] === label);
    const counts = new Array<number>(bins).fill(0);
    for (const probability of chosen) counts[Math.min(bins - 1, Math.floor(probability * bins))]++;
    return counts.map((count) => count / Math.max(1, chosen.length));
  });
  const boxes = shares.flatMap((heights, label) =>
    heights.flatMap((height, bin): Mark[] =>
      height === 0
        ? []
        : [
            {
              kind: 'box',
              from: [bin / bins, 0],
              to: [(bin + 1) / bins, height],
              colour: label === 1 ? 'first' : 'second',
            },
          ],
    ),
  );
  return svgPlot(
    'Predicted probabilities of positive and negative test compounds',
    of,
    shareAxis('predicted probability'),
    roundAxis('share of the class', 0, Math.max(...shares.flat())),
    boxes,
    [
      { text: 'positive test compounds', mark: 'first' },
      { text: 'negative test compounds', mark: 'second' },
    ],
  );
}

const least = (...arrays: Float64Array[]): number => Math.min(...arrays.flatMap((values) => [...values]));
const greatest = (...arrays: Float64Array[]): number => Math.max(...arrays.flatMap((values) => [...values]));
