import type { Slice } from '../report-schema.ts';
import { type Mark, namedAxis, shareAxis, svgPlot } from './svg-plot.ts';

const NEAREST = 'similarity to the nearest training compound (below it: test compounds)';

/**
 * What a model promises and what was found, by distance to training: coverage of intervals, or mean probability and share of
 * positive compounds; exact binomial 95 % bounds.
 */
export function calibrationByDistance(
  slices: readonly Slice[],
  kind: 'regression' | 'classification',
  of: string,
): string {
  const told = slices.filter(({ observed, promised }) => observed !== null && promised !== null);
  const names = told.map(({ name, rows }) => `${shortName(name)}\n${rows}`);
  const marks = told.flatMap(({ observed, promised }, i): Mark[] => [
    { kind: 'bar', x: i, low: observed!.low, high: observed!.high, colour: 'first' },
    { kind: 'dots', at: [[i, observed!.value]], colour: 'first' },
    ...(kind === 'classification' ? [{ kind: 'dots', at: [[i, promised!]], colour: 'second' } as const] : []),
  ]);
  const x = namedAxis(NEAREST, names);
  if (kind === 'classification') {
    return svgPlot(
      'Share of positive compounds and mean probability by distance to training',
      of,
      x,
      shareAxis('share of positive compounds'),
      marks,
      [
        { text: 'positive, 95 % bounds', mark: 'first' },
        { text: 'mean predicted probability', mark: 'second' },
      ],
    );
  }
  const level = told[0]?.promised ?? 0;
  const promise: Mark = {
    kind: 'line',
    at: [
      [x.from, level],
      [x.to, level],
    ],
    dashed: true,
  };
  return svgPlot(
    'Coverage of intervals by distance to training',
    of,
    x,
    shareAxis('share of values in their interval'),
    [promise, ...marks],
    [
      { text: 'found, 95 % bounds', mark: 'first' },
      { text: `promised (${Math.round(level * 100)} %)`, mark: 'guide' },
    ],
  );
}

/** Names that fit under a plot. */
function shortName(name: string): string {
  return name
    .replace(/^below /, '<')
    .replace(/ and above$/, '+')
    .replace(/0\.(\d+)/g, '.$1')
    .replace(' to ', '-');
}
