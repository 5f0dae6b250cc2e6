/** An axis in the plot's own unit. */
export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** A text below the plot may have a second line. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** What is drawn inside the axes. */
export type Mark =
  | { readonly kind: 'points'; readonly at: readonly (readonly [x: number, y: number])[] }
  | {
      readonly kind: 'dots';
      readonly at: readonly (readonly [x: number, y: number])[];
      readonly colour: Colour;
    }
  | {
      readonly kind: 'line';
      readonly at: readonly (readonly [x: number, y: number])[];
      readonly dashed: boolean;
    }
  | {
      readonly kind: 'bar';
      readonly x: number;
      readonly low: number;
      readonly high: number;
      readonly colour: Colour;
    }
  | {
      readonly kind: 'box';
      readonly from: readonly [x: number, y: number];
      readonly to: readonly [x: number, y: number];
      readonly colour: Colour;
    };
export type Colour = 'first' | 'second';

const WIDTH = 520;
const HEIGHT = 410;
/** The top holds a line that says what is plotted, and the legend. */
const MARGIN = { left: 64, right: 16, top: 52, bottom: 66 };
/** Between the frame and the first and last value, so that a point there stands whole beside the axis; boxes stand on it. */
const INSET = 6;
const LEGEND = 36;

/** Colours of middling brightness stand out on white and on dark alike; lines and texts follow the reader's scheme. */
const STYLE = `
svg{color:#24292f;font:12px system-ui,sans-serif}
text{fill:currentColor}
.axis{stroke:currentColor;fill:none}
.grid{stroke:currentColor;opacity:.13}
.guide{stroke:currentColor;fill:none;opacity:.7}
.dashed{stroke-dasharray:5 4}
.points{stroke:#2f81f7;stroke-width:4;stroke-linecap:round;opacity:.6}
.first{stroke:#2f81f7;fill:#2f81f7}
.second{stroke:#d9822b;fill:#d9822b}
.whisker{stroke-width:2}
.box{fill-opacity:.45}
@media(prefers-color-scheme:dark){svg{color:#e6edf3}}
`;

/**
 * A plot as a self-contained SVG document. What lies outside the axes is drawn on their edge.
 * @param title   for readers that do not see it
 * @param of      what is plotted, in a line above it: model, split, number of compounds
 * @param legend  entries in words, with the class of their mark
 */
export function svgPlot(
  title: string,
  of: string,
  x: Axis,
  y: Axis,
  marks: readonly Mark[],
  legend: readonly { readonly text: string; readonly mark: Colour | 'guide' }[],
): string {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const scaled = (axis: Axis, start: number, end: number) => (value: number) => {
    const share = (Math.min(Math.max(value, axis.from), axis.to) - axis.from) / (axis.to - axis.from);
    return Number((start + share * (end - start)).toFixed(1));
  };
  const inset = marks.some(({ kind }) => kind === 'box') ? 0 : INSET;
  const atX = scaled(x, MARGIN.left + inset, right - inset);
  const atY = scaled(y, bottom - inset, MARGIN.top + inset);
  const lines = [
    label(MARGIN.left, 16, 'start', of),
    ...x.ticks.map(({ at }) => `<path class="grid" d="M${atX(at)} ${MARGIN.top}V${bottom}"/>`),
    ...y.ticks.map(({ at }) => `<path class="grid" d="M${MARGIN.left} ${atY(at)}H${right}"/>`),
    ...marks.map((mark) => markSvg(mark, atX, atY)),
    `<path class="axis" d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}"/>`,
    ...x.ticks.flatMap(({ at, text }) =>
      text.split('\n').map((line, i) => label(atX(at), bottom + 16 + 14 * i, 'middle', line)),
    ),
    ...y.ticks.map(({ at, text }) => label(MARGIN.left - 7, atY(at) + 4, 'end', text)),
    label((MARGIN.left + right) / 2, HEIGHT - 14, 'middle', x.label),
    `<text transform="translate(15 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>`,
    ...legend.map((entry, i) => legendSvg(entry, MARGIN.left + (i * (right - MARGIN.left)) / legend.length)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${escaped(title)}</title><style>${STYLE}</style>
${lines.join('\n')}
</svg>
`;
}

/** Five or so ticks at round numbers, and the axis from the first to the last of them. */
export function roundAxis(label: string, least: number, greatest: number): Axis {
  const span = greatest - least || 1;
  const rough = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * rough).find((size) => span / size <= 6) ?? span;
  const first = Math.floor(least / step);
  const last = Math.max(Math.ceil(greatest / step), first + 1);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => {
    const at = (first + i) * step;
    return { at, text: at.toFixed(digits).replace(/^-(0\.?0*)$/, '$1') };
  });
  return { label, from: first * step, to: last * step, ticks };
}

/** An axis from 0 to 1. */
export function shareAxis(label: string): Axis {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => ({ at, text: at.toFixed(1) }));
  return { label, from: 0, to: 1, ticks };
}

/** An axis with one place for each name: place i is at i. */
export function namedAxis(label: string, names: readonly string[]): Axis {
  return { label, from: -0.5, to: names.length - 0.5, ticks: names.map((text, at) => ({ at, text })) };
}

function markSvg(mark: Mark, atX: (value: number) => number, atY: (value: number) => number): string {
  switch (mark.kind) {
    case 'points':
      // One path of lines without length: a tenth of the bytes of as many circles.
      return `<path class="points" d="${mark.at.map(([x, y]) => `M${atX(x)} ${atY(y)}h0`).join('')}"/>`;
    case 'dots':
      return mark.at
        .map(([x, y]) => `<circle class="${mark.colour}" cx="${atX(x)}" cy="${atY(y)}" r="4"/>`)
        .join('');
    case 'line': {
      const path = mark.at.map(([x, y]) => `${atX(x)} ${atY(y)}`).join('L');
      return `<path class="guide${mark.dashed ? ' dashed' : ''}" d="M${path}"/>`;
    }
    case 'bar': {
      const [x, low, high] = [atX(mark.x), atY(mark.low), atY(mark.high)];
      return `<path class="${mark.colour} whisker" d="M${x} ${low}V${high}m-4 0h8M${x - 4} ${low}h8"/>`;
    }
    case 'box': {
      const [left, right] = [atX(mark.from[0]), atX(mark.to[0])];
      const [low, high] = [atY(mark.from[1]), atY(mark.to[1])];
      const size = `width="${(right - left).toFixed(1)}" height="${(low - high).toFixed(1)}"`;
      return `<rect class="${mark.colour} box" x="${left}" y="${high}" ${size}/>`;
    }
  }
}

function legendSvg({ text, mark }: { text: string; mark: Colour | 'guide' }, x: number): string {
  const sign =
    mark === 'guide'
      ? `<path class="guide dashed" d="M${x} ${LEGEND}h18"/>`
      : `<circle class="${mark}" cx="${x + 9}" cy="${LEGEND}" r="4"/>`;
  return `${sign}${label(x + 23, LEGEND + 4, 'start', text)}`;
}

function label(x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
