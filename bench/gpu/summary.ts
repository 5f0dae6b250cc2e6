import { figure } from '../report-table.ts';
import type { OrtFigure } from './ort.ts';
import type { Aim, Figure } from './timing.ts';

/** A table of text: figures beside their limits and aims. */
export function summarize(figures: readonly Figure[]): string {
  const head = ['', 'rate', 'unit', 'device ms', 'wall ms', 'of limit', 'aim'];
  const rows = figures.map((found) =>
    'skipped' in found
      ? [found.name, `skipped: ${found.skipped}`]
      : [
          found.name,
          short(found.rate),
          found.unit,
          figure(found.kernelMilliseconds),
          figure(found.wallMilliseconds),
          found.share === undefined ? '' : `${figure(found.share * 100)} %`,
          aimText(found.aim),
        ],
  );
  return alignColumns([head, ...rows]);
}

/** The same of what ONNX Runtime does. */
export function summarizeOrt(figures: readonly OrtFigure[]): string {
  const rows = figures.map(({ what, provider, refused, unit = '', rate = 0, difference = 0, aim }) =>
    refused === undefined
      ? [`${provider}: ${what}`, short(rate), unit, difference.toExponential(1), aimText(aim)]
      : [`${provider}: ${what}`, `refused: ${refused}`],
  );
  return alignColumns([['ONNX Runtime', 'rate', 'unit', 'difference', 'aim'], ...rows]);
}

function aimText(aim: Aim | undefined): string {
  return aim ? `${aim.text}: ${aim.reached ? 'yes' : 'NO'}` : '';
}

/** Columns as wide as their widest cell; a row's last cell does not count. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.slice(0, -1).entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) => row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]) : cell)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** As in 1.23e12. */
export function short(value: number): string {
  return value.toExponential(2).replace('e+', 'e');
}
