import type { DeviceHours } from '../core/audit.ts';
import { outside } from './drift-words.ts';
import { html, type Markup } from './escape.ts';
import { count, figure } from './figures.ts';
import { place } from './plot-scale.ts';
import { shorten } from './shorten.ts';
import { table } from './table.ts';

const WIDTH = 320;
const ROW = 30;
const MOST = 8;

/** Hours by command and device as bars from one zero, and all of them as a table. */
export function deviceHoursSection(hours: readonly DeviceHours[]): Markup {
  if (hours.length === 0) return html`<p>No run is recorded, so no hours are.</p>`;
  return html`${bars(hours.slice(0, MOST))}
${table({
  caption: 'From start to end of the recorded runs; a run that used two devices counts for both.',
  columns: [
    { label: 'Command' },
    { label: 'Device', wide: true },
    { label: 'Runs', numeric: true },
    { label: 'Hours', numeric: true },
  ],
  rows: hours.map(({ command, device, runs, hours: time }) => [
    outside(command, 60),
    outside(device, 120),
    count(runs),
    figure(time),
  ]),
})}`;
}

function bars(hours: readonly DeviceHours[]): Markup {
  const most = Math.max(...hours.map((one) => one.hours), Number.MIN_VALUE);
  const height = hours.length * ROW + 4;
  const rows = hours.map(({ command, device, hours: time }, i) => {
    const width = Number.isFinite(time / most) ? Math.max((time / most) * (WIDTH - 4), 1) : 1;
    const label = `${shorten(command, 16)} on ${shorten(device, 20)}: ${figure(time)} h`;
    return html`<text class="label" x="2" y="${place(i * ROW + 12)}">${label}</text><path class="bars-reference" d="M2 ${place(i * ROW + 16)}h${place(width)}v9h-${place(width)}Z"/>`;
  });
  const description = hours
    .map(({ command, device, hours: time }) => `${command} on ${device}, ${figure(time)} hours`)
    .join('; ');
  return html`<div class="plotted"><svg class="plot" role="img" aria-labelledby="hours-title hours-description" viewBox="0 0 ${place(WIDTH)} ${place(height)}" width="${place(WIDTH)}" height="${place(height)}">
<title id="hours-title">Hours by command and device</title>
<desc id="hours-description">${shorten(description, 600)}</desc>
${rows}
</svg></div>`;
}
