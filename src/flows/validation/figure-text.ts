import type { Figure, Share, SplitReport } from './report-schema.ts';

/** `0.528 (0.449 to 0.612)`; a dash where there is no figure. */
export function figureText(figure: Figure | undefined, digits = 3): string {
  if (!figure || figure.value === null) return '-';
  const value = figure.value.toFixed(digits);
  if (figure.low === null || figure.high === null) return value;
  return `${value} (${figure.low.toFixed(digits)} to ${figure.high.toFixed(digits)})`;
}

/** `86.5 % (81.7 to 90.5)`; a dash where there is none. */
export function shareText(share: Share | null): string {
  if (share === null) return '-';
  return `${percent(share.value)} % (${percent(share.low)} to ${percent(share.high)})`;
}

/** `16.4 %`; a dash where there is none. */
export function percentText(value: number | null): string {
  return value === null ? '-' : `${percent(value)} %`;
}

/** Beside calibration errors: their percentile intervals are biased upwards, and can even leave out the value itself. */
export const CALIBRATION_ERROR_NOTE =
  'Bootstrap intervals of ECE and debiased ECE lie too high, since drawing rows again adds noise that counts as miscalibration.';

/** What a report is called: its split, and what was held out where a split has several. */
export function titleOf({ split, heldOut }: Pick<SplitReport, 'split' | 'heldOut'>): string {
  return heldOut === null ? split : `${split}: ${heldOut}`;
}

/** A Markdown list. */
export function bulletList(texts: readonly string[]): string {
  return texts.map((text) => `- ${text}`).join('\n');
}

/** A Markdown table; cells may hold SMILES, which no pipe of theirs may break. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const percent = (value: number): string => (100 * value).toFixed(1);
