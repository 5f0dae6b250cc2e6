import { AssayerError } from '../core/errors.ts';
import { html, Markup } from './escape.ts';
import { shorten } from './shorten.ts';

/** What structures are to be drawn at: letters of atoms can be read at half of it. CSS pixels. */
export const STRUCTURE_SIZE = { width: 156, height: 116 } as const;

/** What a drawing may be: one `svg` of nothing but paths, each attribute of plain letters, figures and var(--name, #hex). */
const DRAWING =
  /^<svg(?: [a-z-]+="[\w .,#()-]*"| viewBox="[\d .]+")*>(?:<path(?: [a-z-]+="[\w .,#()-]*")*\/>)*<\/svg>$/;
const ACTIVE = / (?:on[a-z]*|href|style|id|src)=|url\(/;

/**
 * A compound's drawing with its SMILES for those who do not see it; the SMILES alone where there is no drawing.
 * @param drawings  SVG by SMILES, as `drawCompounds` makes it
 * @throws ERR_INTERNAL where a drawing holds anything but paths
 */
export function structure(smiles: string, drawings: ReadonlyMap<string, string>): Markup {
  const drawing = drawings.get(smiles);
  if (drawing === undefined) {
    return html`<div class="structure undrawn"><span>not drawn</span><code>${shorten(smiles, 120)}</code></div>`;
  }
  if (!DRAWING.test(drawing) || ACTIVE.test(drawing)) {
    throw new AssayerError('ERR_INTERNAL', {
      problem: `the drawing of ${shorten(smiles, 60)} holds more than lines`,
    });
  }
  return html`<div class="structure" role="img" aria-label="${`Structure of ${shorten(smiles, 300)}`}">${new Markup(drawing)}</div>`;
}
