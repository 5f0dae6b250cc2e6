import type { Edit } from './draft.ts';
import { ELEMENT } from './element.ts';
import { BOND, type MoleculeGraph } from './graph.ts';
import { bondValence } from './valence.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Sc-Zn, Y-Cd, Hf-Au and Al: their bonds to carbon and to every other non-metal are cut. */
const COVALENT_CUT = new Set([13, ...range(21, 30), ...range(39, 48), ...range(72, 79)]);
/** Those and alkali, alkaline-earth and the heavier main-group metals: their bonds to N, O and F are cut. */
const IONIC_CUT = new Set([
  ...COVALENT_CUT,
  ...[3, 11, 19, 37, 55, 87, 4, 12, 20, 38, 56, 88],
  ...[31, 49, 50, 80, 81, 82, 83],
]);
/** B, C, Si, P, S, Cl, As, Se, Br, Sb, Te, I, At. */
const NON_METAL = new Set([5, 6, 14, 15, 16, 17, 33, 34, 35, 51, 52, 53, 85]);

/** Usual valences, lowest first, of the atoms whose charge follows from them (RDKit's periodic table). */
// biome-ignore format: a table, metals in the last row
const VALENCES: Readonly<Record<number, readonly number[]>> = {
  5: [3], 6: [4], 7: [3], 8: [2], 9: [1], 14: [4], 15: [3, 5], 16: [2, 4, 6], 17: [1], 33: [3, 5], 34: [2, 4, 6],
  35: [1], 51: [3, 5], 52: [2, 4, 6], 53: [1, 3, 5], 85: [1, 3, 5],
  3: [1], 11: [1], 19: [1], 37: [1], 55: [1], 87: [1], 4: [2], 12: [2], 20: [2], 38: [2], 56: [2], 88: [2], 13: [3],
  31: [3], 49: [3], 50: [2, 4], 82: [2, 4], 83: [3, 5],
};

/** Whether an element is a metal of the standardization rules. */
export function isMetal(element: number): boolean {
  return IONIC_CUT.has(element);
}

/** The number of the metal atom of a bond that the rules cut, or -1. */
function metalOf(graph: MoleculeGraph, bond: number): number {
  const begin = graph.bondBegin[bond];
  const end = graph.bondEnd[bond];
  if (isCut(graph, begin, end)) return begin;
  return isCut(graph, end, begin) ? end : -1;
}

function isCut(graph: MoleculeGraph, metal: number, other: number): boolean {
  const z = graph.element[other];
  if (z === ELEMENT.N || z === ELEMENT.O || z === ELEMENT.F) return IONIC_CUT.has(graph.element[metal]);
  return NON_METAL.has(z) && !graph.aromatic[other] && COVALENT_CUT.has(graph.element[metal]);
}

/**
 * Cuts the bonds between metals and non-metals. The non-metal takes the electrons that its usual valence asks for,
 * the metal the opposite charge up to its usual valence; a dative bond moves no charge.
 * @returns the edit and the metal atoms that lost a bond; null when there is nothing to cut
 */
export function disconnectMetals(graph: MoleculeGraph): { edit: Edit; metals: readonly number[] } | null {
  const cuts = new Set<number>();
  const partners = new Map<number, { order: number; metals: Set<number> }>();
  const taken = new Map<number, number>();
  for (let b = 0; b < graph.bondCount; b++) {
    const metal = metalOf(graph, b);
    if (metal < 0) continue;
    const other = graph.bondBegin[b] === metal ? graph.bondEnd[b] : graph.bondBegin[b];
    cuts.add(b);
    taken.set(metal, 0);
    const partner = partners.get(other) ?? { order: 0, metals: new Set<number>() };
    partner.order += electronPairs(graph.kekuleOrder[b]);
    partner.metals.add(metal);
    partners.set(other, partner);
  }
  if (!cuts.size) return null;
  const charges = new Map<number, number>();
  const hydrogens = new Map<number, number>();
  const paired = new Set<number>(taken.keys());
  for (const other of [...partners.keys()].sort((a, b) => a - b)) {
    const { order, metals } = partners.get(other)!;
    const after = chargeAfterCut(graph, other, order, metals.size);
    charges.set(other, after.charge);
    hydrogens.set(other, graph.hydrogens[other] + after.addedHydrogens);
    if (after.paired) paired.add(other);
    takeElectrons(taken, metals, after.taken);
  }
  for (const [metal, electrons] of taken) {
    charges.set(metal, metalCharge(graph, metal, electrons));
    hydrogens.set(metal, 0);
  }
  return { edit: { cuts, charges, hydrogens, paired }, metals: [...taken.keys()] };
}

function electronPairs(order: number): number {
  return order === BOND.DATIVE || order === BOND.ZERO ? 0 : order;
}

function chargeAfterCut(graph: MoleculeGraph, atom: number, cutOrder: number, cutBonds: number) {
  const before = graph.hydrogens[atom] + explicitValence(graph, atom) + graph.radicals[atom];
  const valences = VALENCES[graph.element[atom]];
  const valence = before - cutOrder;
  const usual = valences.find((v) => valence <= v);
  let charge = usual === undefined ? -cutOrder : valence - usual;
  // An odd electron pairs with the one the metal leaves: a carbene-like atom, not an anion.
  const carbene = usual !== undefined && graph.radicals[atom] % 2 === 1 && charge < 0;
  if (carbene) charge++;
  const degree = graph.first[atom + 1] - graph.first[atom] - cutBonds + graph.hydrogens[atom];
  const unsaturated = charge === -1 && valence === degree + 1;
  if (unsaturated) charge = 0;
  const acetylide = charge === -1 && graph.element[atom] === ELEMENT.C && valence === degree + 2;
  const taken = cutOrder === 0 || acetylide ? 0 : Math.max(0, -charge - (carbene ? 1 : 0));
  // An imine's N or a vinyl C takes a hydrogen instead; an atom past its lowest valence keeps those it has.
  const addedHydrogens = unsaturated && usual === valences[0] ? 1 : 0;
  return { charge, taken, addedHydrogens, paired: carbene || unsaturated };
}

function explicitValence(graph: MoleculeGraph, atom: number): number {
  let sum = 0;
  for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) {
    sum += bondValence(graph, graph.incident[k], atom);
  }
  return sum;
}

/** Spreads the electrons an atom took over the metals it was bound to, the least charged first. */
function takeElectrons(taken: Map<number, number>, metals: ReadonlySet<number>, electrons: number): void {
  const order = [...metals].sort((a, b) => taken.get(a)! - taken.get(b)! || a - b);
  for (let k = 0; k < electrons; k++) {
    const metal = order[k % order.length];
    taken.set(metal, taken.get(metal)! + 1);
  }
}

function metalCharge(graph: MoleculeGraph, metal: number, electrons: number): number {
  const current = graph.charge[metal];
  const highest = VALENCES[graph.element[metal]]?.at(-1);
  if (highest !== undefined && current >= highest) return current;
  const wanted = electrons + Math.max(0, current);
  return Math.max(current, highest === undefined ? wanted : Math.min(wanted, highest));
}
