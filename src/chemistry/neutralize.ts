import type { Edit } from './draft.ts';
import { ELEMENT } from './element.ts';
import type { MoleculeGraph } from './graph.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Elements left of the valence-shell half, which lose a hydride where later ones gain a proton (RDKit's list). */
const EARLY = new Set([
  ...[3, 4, 5, 11, 12, 13, 19, 20, 21, 22, 30, 31, 32, 37, 38, 39, 40, 41, 48, 49, 50, 51, 55, 56],
  ...[...range(57, 61), 72, 73, 80, 81, 82, 83, ...range(87, 93), ...range(104, 118)],
]);

/**
 * Removes formal charges by moving hydrogens. Cations that hydrogens cannot neutralize are kept, with as many anions
 * as balance them: the strongest acids stay ionized, in atom order within a class. Charges that belong together
 * (neighbours of opposite sign: nitro, N-oxide, azide) are left alone.
 * @param graph  one fragment
 * @returns null when there is nothing to do
 */
export function neutralize(graph: MoleculeGraph): Edit | null {
  const charge = Int8Array.from(graph.charge);
  const hydrogens = Uint8Array.from(graph.hydrogens);
  const protonated: number[] = [];
  let permanent = 0;
  for (let i = 0; i < graph.atomCount; i++) {
    if (!isCation(charge[i])) continue;
    const anions = count(graph, i, (n) => graph.charge[n] === -1);
    if (!hydrogens[i] && !anions) permanent += charge[i];
    // Every protonated cation can give up or take a hydrogen, so none of them is permanent.
    if (hydrogens[i] && anions !== 1) protonated.push(i);
  }
  const anions = removableAnions(graph);
  let surplus = anions.length - permanent;
  for (const atom of anions) {
    if (surplus === 0) break;
    const change = EARLY.has(graph.element[atom]) ? (hydrogens[atom] ? -1 : 0) : 1;
    if (!change) continue;
    hydrogens[atom] += change;
    charge[atom]++;
    surplus--;
  }
  let net = charge.reduce((sum, c) => sum + c, 0);
  for (const atom of protonated) {
    const takesHydride = graph.element[atom] === ELEMENT.C || EARLY.has(graph.element[atom]);
    while (net > 0 && charge[atom] > 0 && (takesHydride || hydrogens[atom])) {
      hydrogens[atom] += takesHydride ? 1 : -1;
      charge[atom]--;
      net--;
    }
  }
  return difference(graph, charge, hydrogens);
}

function isCation(charge: number): boolean {
  return charge >= 1 && charge <= 4;
}

function count(graph: MoleculeGraph, atom: number, test: (neighbour: number) => boolean): number {
  let found = 0;
  for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) if (test(graph.neighbour[k])) found++;
  return found;
}

/** Atoms of charge -1 to neutralize, in turn: first the weak acids' anions, then the strong ones'. */
function removableAnions(graph: MoleculeGraph): number[] {
  const weak: number[] = [];
  const strong: number[] = [];
  const balanced = new Map<number, number>();
  for (let i = 0; i < graph.atomCount; i++) {
    if (graph.charge[i] !== -1) continue;
    const acid = isStrongAcidAnion(graph, i);
    const cation = neighbourCation(graph, i);
    if (!acid && cation < 0) weak.push(i);
    if (!acid) continue;
    // Within a group such as nitrate, an anion next to a cation balances it; only the others are surplus.
    const used = balanced.get(cation) ?? 0;
    if (cation >= 0 && used < graph.charge[cation]) balanced.set(cation, used + 1);
    else strong.push(i);
  }
  return [...weak, ...strong];
}

function neighbourCation(graph: MoleculeGraph, atom: number): number {
  for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) {
    if (isCation(graph.charge[graph.neighbour[k]])) return graph.neighbour[k];
  }
  return -1;
}

/** Anions of carboxylic, sulfonic and like acids, of nitric and phosphonic, of halogen oxoacids, and of tetrazole. */
function isStrongAcidAnion(graph: MoleculeGraph, atom: number): boolean {
  const { element, charge, aromatic } = graph;
  if (aromatic[atom]) return element[atom] === ELEMENT.N && isTetrazole(graph, atom);
  if (!isChalcogen(graph, atom)) return false;
  for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) {
    const centre = graph.neighbour[k];
    if (graph.kekuleOrder[graph.incident[k]] !== 1 || aromatic[centre]) continue;
    const z = element[centre];
    const oxo = hasOxo(graph, centre);
    const partners = count(graph, centre, (n) => n !== atom && charge[n] === -1 && isChalcogen(graph, n));
    if ((z === ELEMENT.C || z === ELEMENT.S) && charge[centre] === 0 && oxo) return true;
    if ((z === ELEMENT.N || z === ELEMENT.P) && charge[centre] === 1 && oxo && partners) return true;
    const halogen = z === ELEMENT.CL || z === ELEMENT.BR || z === ELEMENT.I;
    const oxides = count(graph, centre, (n) => n !== atom && charge[n] === -1 && element[n] === ELEMENT.O);
    if (halogen && element[atom] === ELEMENT.O && charge[centre] >= 1 && charge[centre] <= 3 && oxides)
      return true;
  }
  return false;
}

function isChalcogen(graph: MoleculeGraph, atom: number): boolean {
  const z = graph.element[atom];
  return (z === ELEMENT.O || z === ELEMENT.S) && !graph.aromatic[atom];
}

function hasOxo(graph: MoleculeGraph, centre: number): boolean {
  for (let k = graph.first[centre]; k < graph.first[centre + 1]; k++) {
    if (graph.bondOrder[graph.incident[k]] === 2 && isChalcogen(graph, graph.neighbour[k])) return true;
  }
  return false;
}

function isTetrazole(graph: MoleculeGraph, atom: number): boolean {
  return graph.rings.some((ring) => {
    if (ring.length !== 5 || !ring.includes(atom) || !ring.every((a) => graph.aromatic[a])) return false;
    const carbons = ring.filter((a) => graph.element[a] === ELEMENT.C).length;
    return (
      carbons === 1 && ring.every((a) => graph.element[a] === ELEMENT.C || graph.element[a] === ELEMENT.N)
    );
  });
}

function difference(graph: MoleculeGraph, charge: Int8Array, hydrogens: Uint8Array): Edit | null {
  const charges = new Map<number, number>();
  const counts = new Map<number, number>();
  for (let i = 0; i < graph.atomCount; i++) {
    if (charge[i] === graph.charge[i]) continue;
    charges.set(i, charge[i]);
    counts.set(i, hydrogens[i]);
  }
  return charges.size ? { charges, hydrogens: counts } : null;
}
