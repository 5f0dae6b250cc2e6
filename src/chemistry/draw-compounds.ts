import { AssayerError } from '../core/errors.ts';
import { LIMITS } from './limits.ts';
import { readSmiles } from './read-smiles.ts';
import { type DrawingSize, redraw } from './redraw.ts';
import type { Toolkit } from './toolkit.ts';

/** More heavy atoms than these are no picture at the size of a page, and their layout may take seconds. */
const LIMITS_OF_DRAWING = { ...LIMITS, heavyAtoms: 120 };

/** One colour for each class of atoms, no shades, so that `redraw` knows every colour that comes back. */
const PALETTE: Readonly<Record<string, readonly number[]>> = {
  '-1': [0, 0, 0],
  0: [0, 0, 0],
  7: [0, 0, 1],
  8: [1, 0, 0],
  9: [0, 1, 0],
  15: [1, 0, 1],
  16: [1, 1, 0],
  17: [0, 1, 0],
  35: [0, 1, 0],
  53: [0, 1, 0],
};

/**
 * Structures as SVG for a page: paths alone, without ids, styles or background. Carbon and bonds have the colour of
 * the text around them; heteroatoms that of the page's custom properties --atom-nitrogen and so on.
 * @param smiles  any text; what repeats is drawn once
 * @returns SVG by SMILES as given, in their order. What cannot be read, or has more than 120 heavy atoms, has no
 *          entry; nor has what broke the toolkit, which is rebuilt then
 * @throws ERR_CHEMISTRY when the toolkit cannot be rebuilt, or draws anything but paths
 */
export async function drawCompounds(
  toolkit: Toolkit,
  smiles: readonly string[],
  size: DrawingSize,
): Promise<Map<string, string>> {
  const drawings = new Map<string, string>();
  const details = JSON.stringify({ ...size, ...STYLE_OF_DRAWING });
  for (const given of new Set(smiles)) {
    const text = readSmiles(given, LIMITS_OF_DRAWING);
    if (typeof text !== 'string') continue;
    let svg: string | null;
    try {
      svg = svgOf(toolkit, text, details);
    } catch {
      // A trap: what was half done is lost with the instance.
      await toolkit.rebuild();
      continue;
    }
    if (svg === null) continue;
    const drawing = redraw(svg, size);
    if (drawing === null) {
      throw new AssayerError('ERR_CHEMISTRY', { problem: `the drawing of ${given} holds more than paths` });
    }
    drawings.set(given, drawing);
  }
  return drawings;
}

const STYLE_OF_DRAWING = {
  clearBackground: false,
  bondLineWidth: 1.3,
  scaleBondWidth: false,
  fixedBondLength: 17,
  minFontSize: 9,
  padding: 0.03,
  atomColourPalette: PALETTE,
};

function svgOf(toolkit: Toolkit, smiles: string, details: string): string | null {
  const mol = toolkit.rdkit.get_mol(smiles);
  if (!mol) return null;
  mol.normalize_depiction();
  const svg = mol.get_svg_with_highlights(details);
  mol.delete();
  return svg;
}
