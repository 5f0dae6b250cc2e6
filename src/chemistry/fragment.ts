import { ELEMENT } from './element.ts';
import { fragmentFormula } from './formula.ts';
import type { MoleculeGraph } from './graph.ts';

/** Connected parts as lists of atom numbers, ordered by their first atom. */
export function fragments(graph: MoleculeGraph): readonly (readonly number[])[] {
  const seen = new Uint8Array(graph.atomCount);
  const parts: number[][] = [];
  for (let start = 0; start < graph.atomCount; start++) {
    if (seen[start]) continue;
    seen[start] = 1;
    const part = [start];
    for (let next = 0; next < part.length; next++) {
      const atom = part[next];
      for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) {
        const neighbour = graph.neighbour[k];
        if (seen[neighbour]) continue;
        seen[neighbour] = 1;
        part.push(neighbour);
      }
    }
    parts.push(part);
  }
  return parts;
}

interface Size {
  readonly organic: boolean;
  readonly atoms: number;
  readonly weight: number;
  readonly smiles: string;
}

/**
 * The largest organic fragment: one with carbon before one without; then the most atoms, hydrogens counted; then the
 * greatest weight (atomic numbers, then isotopes and hydrogens); then the SMILES that sorts first.
 * @param smiles  canonical SMILES of the graph
 * @param order   atom numbers in the order in which the SMILES has them; the graph's own when not given
 * @returns the fragment's SMILES and the formulas of the others; null when there is only one fragment
 */
export function largestFragment(
  graph: MoleculeGraph,
  smiles: string,
  order?: readonly number[],
): { readonly smiles: string; readonly removed: readonly string[] } | null {
  const parts = order ? inOrder(fragments(graph), order) : fragments(graph);
  if (parts.length === 1) return null;
  const texts = smiles.split('.');
  if (texts.length !== parts.length) throw new RangeError(`${parts.length} fragments, but SMILES ${smiles}`);
  const sizes = parts.map((part, i) => size(graph, part, texts[i]));
  let best = 0;
  for (let i = 1; i < sizes.length; i++) if (larger(sizes[i], sizes[best])) best = i;
  const removed = parts.filter((_, i) => i !== best).map((part) => fragmentFormula(graph, part));
  return { smiles: texts[best], removed };
}

function inOrder(
  parts: readonly (readonly number[])[],
  order: readonly number[],
): readonly (readonly number[])[] {
  const partOf = new Map(parts.flatMap((part) => part.map((atom) => [atom, part] as const)));
  return [...new Set(order.map((atom) => partOf.get(atom)!))];
}

function size(graph: MoleculeGraph, part: readonly number[], smiles: string): Size {
  let organic = false;
  let atoms = 0;
  let weight = 0;
  for (const atom of part) {
    if (graph.element[atom] === ELEMENT.C) organic = true;
    atoms += 1 + graph.hydrogens[atom];
    // In tenths, so that equal weights compare equal.
    weight +=
      1000 * graph.element[atom] + 10 * (graph.isotope[atom] + graph.hydrogens[atom]) - graph.charge[atom];
  }
  return { organic, atoms, weight, smiles };
}

function larger(a: Size, b: Size): boolean {
  if (a.organic !== b.organic) return a.organic;
  if (a.atoms !== b.atoms) return a.atoms > b.atoms;
  if (a.weight !== b.weight) return a.weight > b.weight;
  return a.smiles < b.smiles;
}
