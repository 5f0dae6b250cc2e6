/** In CSS pixels at full size. */
export interface DrawingSize {
  readonly width: number;
  readonly height: number;
}

/** What becomes of the colours asked for; the second colour is for pages without the custom property. */
const COLOURS: Readonly<Record<string, string>> = {
  '#000000': 'currentColor',
  '#0000FF': 'var(--atom-nitrogen, #2546c4)',
  '#FF0000': 'var(--atom-oxygen, #c0201d)',
  '#00FF00': 'var(--atom-halogen, #17752c)',
  '#FF00FF': 'var(--atom-phosphorus, #a84c08)',
  '#FFFF00': 'var(--atom-sulfur, #806200)',
};

const COORDINATES = /^[MLQCZ\d\s,.-]+$/;

/**
 * RDKit's SVG written anew: of each path the coordinates, colour and width, checked one by one, paths drawn alike in
 * one. Nothing else of the text is carried over.
 * @param svg  of `get_svg_with_highlights`
 * @returns an `svg` element; null when the text holds anything but paths of the colours asked for
 */
export function redraw(svg: string, { width, height }: DrawingSize): string | null {
  const start = svg.indexOf('<!-- END OF HEADER -->');
  const end = svg.lastIndexOf('</svg>');
  if (start < 0 || end < start) return null;
  const paths = new Map<string, string[]>();
  const elements = svg.slice(start, end).split('<').slice(2);
  for (const element of elements) {
    const drawn = readPath(element);
    if (drawn === null) return null;
    const coordinates = paths.get(drawn.attributes);
    if (coordinates) coordinates.push(drawn.coordinates);
    else paths.set(drawn.attributes, [drawn.coordinates]);
  }
  const body = [...paths].map(([attributes, parts]) => `<path${attributes} d="${parts.join('')}"/>`);
  return `<svg class="molecule" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">${body.join('')}</svg>`;
}

function readPath(element: string): { attributes: string; coordinates: string } | null {
  const [, text] = /^path\s([^>]*)\/>\s*$/.exec(element) ?? [];
  if (text === undefined) return null;
  const [, coordinates = ''] = /\bd='([^']*)'/.exec(text) ?? [];
  if (!COORDINATES.test(coordinates)) return null;
  const fill = colourOf(/\bfill[:=]'?(#[\dA-Fa-f]{6}|none)/.exec(text)?.[1]);
  const stroke = colourOf(/\bstroke:(#[\dA-Fa-f]{6}|none)/.exec(text)?.[1] ?? 'none');
  const lineWidth = Number(/\bstroke-width:([\d.]+)px/.exec(text)?.[1] ?? 0);
  if (fill === null || stroke === null) return null;
  const lined = lineWidth > 0 && stroke !== 'none';
  const attributes = lined
    ? ` fill="${fill}" stroke="${stroke}" stroke-width="${lineWidth}"`
    : ` fill="${fill}"`;
  return { attributes, coordinates: shortened(coordinates) };
}

function colourOf(colour: string | undefined): string | null {
  return colour === 'none' ? 'none' : (COLOURS[(colour ?? '').toUpperCase()] ?? null);
}

/** The same coordinates without the white space that a path does not need. */
function shortened(coordinates: string): string {
  return coordinates
    .trim()
    .replace(/\.0(?!\d)/g, '')
    .replace(/\s*,\s*|\s+/g, ' ')
    .replace(/ ?([A-Z]) ?/g, '$1');
}
