import { type DriftReport, STREAM_NAMES, type Verdict } from '../core/drift.ts';
import { ABSENT, outside } from './drift-words.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { count, figure, withUnit } from './figures.ts';
import { table } from './table.ts';

/** Figures beside the verdicts, for who wants to know more; nothing where no verdict has any. */
export function driftDetails({ verdicts }: DriftReport): Markup {
  const detailed = verdicts.filter(({ figures = [] }) => figures.length > 0);
  if (detailed.length === 0) return NOTHING;
  return html`<section>
<h2>Further figures</h2>
${detailed.map(part)}</section>
`;
}

function part({ stream, figures = [] }: Verdict): Markup {
  return table({
    caption: `${STREAM_NAMES[stream]}. These figures test nothing. Intervals are of 95 %; n is the compounds that a figure is from.`,
    columns: [
      { label: 'Figure', wide: true },
      { label: 'Value', numeric: true },
      { label: '95 % interval', numeric: true },
      { label: 'n', numeric: true },
    ],
    rows: figures.map(({ name, value, unit, low, high, n }) => [
      outside(name),
      withUnit(value, unit),
      low === undefined || high === undefined ? ABSENT : `${figure(low)} to ${figure(high)}`,
      count(n),
    ]),
  });
}
