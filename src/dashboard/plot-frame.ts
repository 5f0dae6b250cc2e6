import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { briefUnit, unitBeside } from './figures.ts';
import { linearScale, place, type Scale, ticks } from './plot-scale.ts';

/** Units of a drawing. At phone width one is about a pixel, so text of 11 units can be read there. */
const WIDTH = 320;
const HEIGHT = 204;
const LEFT = 40;
const RIGHT = WIDTH - 10;
/** Above it is the label of the upright axis. */
const TOP = 24;
const BOTTOM = HEIGHT - 40;
/** Height of a row of text, added over the marks or under the axis. */
const ROW = 12;

export interface Axis {
  /** With its unit, `distance (1 − Tanimoto)`. */
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

export interface Frame {
  readonly x: Scale;
  readonly y: Scale;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export interface Plot {
  /** Unique in the page, of letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What is seen in the drawing, for those who do not see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Has a `marker`, whose text needs a row of its own over the marks. */
  readonly marked?: boolean;
  /** Small texts in a row under the ticks, each centred at its value; the label of the axis says what they are. */
  readonly below?: readonly { readonly value: number; readonly text: string }[];
}

/**
 * Axes with what `draw` puts between them, as inline SVG of fixed proportions.
 * @param draw  markup of the marks; its coordinates come from the scales
 */
export function plot(
  { id, title, description, x, y, marked = false, below }: Plot,
  draw: (frame: Frame) => Content,
): Markup {
  const top = marked ? TOP + ROW : TOP;
  const bottom = marked ? BOTTOM + ROW : BOTTOM;
  const frame: Frame = {
    x: linearScale([x.from, x.to], [LEFT, RIGHT]),
    y: linearScale([y.from, y.to], [bottom, top]),
    top,
    bottom,
    left: LEFT,
    right: RIGHT,
  };
  const height = HEIGHT + (marked ? ROW : 0) + (below ? ROW : 0);
  const across = ticks(x.from, x.to, 5).map(({ value, text }) => {
    const at = place(frame.x.at(value));
    return html`<path class="axis" d="M${at} ${place(bottom)}v4"/><text x="${at}" y="${place(bottom + 15)}" text-anchor="middle">${text}</text>`;
  });
  const up = ticks(y.from, y.to, 4).map(({ value, text }) => {
    const at = frame.y.at(value);
    return html`<path class="grid" d="M${place(LEFT)} ${place(at)}H${place(RIGHT)}"/><text x="${place(LEFT - 5)}" y="${place(at + 3.8)}" text-anchor="end">${text}</text>`;
  });
  const row = (below ?? []).map(({ value, text }) => {
    const at = frame.x.at(value);
    // At the end of the axis a long text would leave the drawing.
    const [where, anchor] = at > RIGHT - 15 ? [WIDTH - 2, 'end'] : [at, 'middle'];
    return html`<text class="small" x="${place(where)}" y="${place(bottom + 15 + ROW)}" text-anchor="${anchor}">${text}</text>`;
  });
  return html`<svg class="plot" role="img" aria-labelledby="${id}-title ${id}-description" viewBox="0 0 ${place(WIDTH)} ${place(height)}" width="${place(WIDTH)}" height="${place(height)}">
<title id="${id}-title">${title}</title>
<desc id="${id}-description">${description}</desc>
${up}
<text class="label" x="2" y="11">${y.label}</text>
${draw(frame)}
<path class="axis" d="M${place(LEFT)} ${place(bottom)}H${place(RIGHT)}"/>
${across}
${row.length === 0 ? NOTHING : html`${row}\n`}<text class="label" x="${place((LEFT + RIGHT) / 2)}" y="${place(height - 6)}" text-anchor="middle">${x.label}</text>
</svg>`;
}

/** Letters that a label of 11 units has room for under or over a plot. */
const LABEL_LETTERS = 48;

/**
 * A quantity with its unit as a label of an axis. Where there is no room for both the unit stands alone, since the name is the
 * title of the plot; what is still too long is cut at its end.
 */
export function axisLabel(name: string, unit: string): string {
  const brief = briefUnit(unitBeside(name, unit));
  const both = brief === '' ? name : `${name} (${brief})`;
  if (brief === '' || Array.from(both).length <= LABEL_LETTERS) return cut(both, LABEL_LETTERS);
  return cut(brief, LABEL_LETTERS);
}

function cut(text: string, most: number): string {
  const letters = Array.from(text);
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** An upright line at a value, its text above the marks, on the side where there is room. */
export function marker(frame: Frame, value: number, text: string): Markup {
  const at = frame.x.at(value);
  const anchor = at > (frame.left + frame.right) / 2 ? 'end' : 'start';
  return html`<path class="marker" d="M${place(at)} ${place(frame.top - 6)}V${place(frame.bottom)}"/><text class="marked" x="${place(at)}" y="${place(frame.top - 10)}" text-anchor="${anchor}">${text}</text>`;
}
