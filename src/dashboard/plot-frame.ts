import { type Content, html, type Markup } from './escape.ts';
import { linearScale, place, type Scale, ticks } from './plot-scale.ts';

/** Units of a drawing. At phone width one is about a pixel, so text of 11 units can be read there. */
const WIDTH = 320;
const HEIGHT = 204;
const LEFT = 40;
const RIGHT = WIDTH - 10;
const TOP = 24;
const BOTTOM = HEIGHT - 40;

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
}

/**
 * Axes with what `draw` puts between them, as inline SVG of fixed proportions.
 * @param draw  markup of the marks; its coordinates come from the scales
 */
export function plot({ id, title, description, x, y }: Plot, draw: (frame: Frame) => Content): Markup {
  const frame: Frame = {
    x: linearScale([x.from, x.to], [LEFT, RIGHT]),
    y: linearScale([y.from, y.to], [BOTTOM, TOP]),
    top: TOP,
    bottom: BOTTOM,
    left: LEFT,
    right: RIGHT,
  };
  const across = ticks(x.from, x.to, 5).map(({ value, text }) => {
    const at = place(frame.x.at(value));
    return html`<path class="axis" d="M${at} ${place(BOTTOM)}v4"/><text x="${at}" y="${place(BOTTOM + 15)}" text-anchor="middle">${text}</text>`;
  });
  const up = ticks(y.from, y.to, 4).map(({ value, text }) => {
    const at = frame.y.at(value);
    return html`<path class="grid" d="M${place(LEFT)} ${place(at)}H${place(RIGHT)}"/><text x="${place(LEFT - 5)}" y="${place(at + 3.8)}" text-anchor="end">${text}</text>`;
  });
  return html`<svg class="plot" role="img" aria-labelledby="${id}-title ${id}-description" viewBox="0 0 ${place(WIDTH)} ${place(HEIGHT)}" width="${place(WIDTH)}" height="${place(HEIGHT)}">
<title id="${id}-title">${title}</title>
<desc id="${id}-description">${description}</desc>
${up}
<text class="label" x="2" y="11">${y.label}</text>
${draw(frame)}
<path class="axis" d="M${place(LEFT)} ${place(BOTTOM)}H${place(RIGHT)}"/>
${across}
<text class="label" x="${place((LEFT + RIGHT) / 2)}" y="${place(HEIGHT - 6)}" text-anchor="middle">${x.label}</text>
</svg>`;
}

/** Letters that a label of 11 units has room for under or over a plot. */
const LABEL_LETTERS = 48;

/** A quantity with its unit as a label of an axis; of a name too long for the place the end is cut. */
export function axisLabel(name: string, unit: string): string {
  const shown = Array.from(unit)
    .slice(0, LABEL_LETTERS / 2)
    .join('');
  const ending = shown === '' ? '' : ` (${shown})`;
  const letters = Array.from(name);
  const room = LABEL_LETTERS - ending.length;
  return (letters.length <= room ? name : `${letters.slice(0, room - 1).join('')}…`) + ending;
}

/** An upright line at a value, with its text at the side where there is room. */
export function marker(frame: Frame, value: number, text: string): Markup {
  const at = frame.x.at(value);
  const leftward = at > (frame.left + frame.right) / 2;
  const x = place(at + (leftward ? -5 : 5));
  return html`<path class="marker" d="M${place(at)} ${place(frame.top - 4)}V${place(frame.bottom)}"/><text class="marked" x="${x}" y="${place(frame.top + 6)}" text-anchor="${leftward ? 'end' : 'start'}">${text}</text>`;
}
