import { BOND, type MoleculeGraph } from './graph.ts';

/**
 * Allowed valences by atomic number, ascending; -1 at the end: anything above goes. Elements that are not listed
 * (transition metals, lanthanoids, actinoids, dummies) take no implied hydrogens.
 * @source RDKit's periodic table
 */
const VALENCES: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [0],
  3: [1, -1],
  4: [2],
  5: [3],
  6: [4],
  7: [3],
  8: [2],
  9: [1],
  10: [0],
  11: [1, -1],
  12: [2, -1],
  13: [3],
  14: [4],
  15: [3, 5],
  16: [2, 4, 6],
  17: [1],
  18: [0],
  19: [1, -1],
  20: [2, -1],
  31: [3],
  32: [4],
  33: [3, 5],
  34: [2, 4, 6],
  35: [1],
  36: [0],
  37: [1, -1],
  38: [2, -1],
  49: [3],
  50: [2, 4],
  51: [3, 5],
  52: [2, 4, 6],
  53: [1, 3, 5],
  54: [0, 2, 4, 6],
  55: [1],
  56: [2, -1],
  82: [2, 4],
  83: [3, 5],
  84: [2, 4, 6],
  85: [1, 3, 5],
  86: [0],
  87: [1],
  88: [2, -1],
};

/**
 * Hydrogens that RDKit would imply on an atom without brackets: up to the next allowed valence of the element with
 * as many electrons (N+ counts as C), but P, S, As and Se keep their own high valences when negative.
 * @param used  sum of the orders of the atom's bonds
 */
export function impliedHydrogens(element: number, charge: number, radicals: number, used: number): number {
  if (!VALENCES[element]) return 0;
  const hypervalent =
    (element === 15 || element === 16 ? element - charge > 16 : false) ||
    (element === 33 || element === 34 ? element - charge > 34 : false);
  const allowed = VALENCES[hypervalent ? element : element - charge] ?? [];
  const taken = used + radicals - (hypervalent ? charge : 0);
  const valence = allowed.find((value) => value >= taken);
  return valence === undefined ? 0 : valence - taken;
}

/** What a bond of this Kekule order adds to the valence of its atom; a dative bond only to the atom it points at. */
export function bondValence(graph: MoleculeGraph, bond: number, atom: number): number {
  const order = graph.kekuleOrder[bond];
  if (order === BOND.DATIVE) return graph.bondEnd[bond] === atom ? 1 : 0;
  return order === BOND.ZERO ? 0 : order;
}
