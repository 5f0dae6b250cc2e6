import { applyEdit, type Molecule } from './draft.ts';
import { BOND, type MoleculeGraph } from './graph.ts';
import { type Need, NORMALIZATION_RULES, type NormalizationRule } from './normalization-rules.ts';
import { firstMatch } from './query.ts';
import type { RDKitModule } from './toolkit.ts';

/** O, S, Se, Te. */
const CHALCOGENS = new Set([8, 16, 34, 52]);
/** N, P, As, Sb. */
const PNICTOGENS = new Set([7, 15, 33, 51]);

/** A molecule that all rules fit could loop for ever; none needs nearly as many steps. */
const MAX_STEPS = 200;

/**
 * Rewrites functional groups in one form.
 * @param molecule  not deleted here
 * @returns the molecule itself when no rule applied, else a new one whose `mol` the caller deletes; and the names of
 *   the rules that applied, in order
 */
export function normalize(
  rdkit: RDKitModule,
  molecule: Molecule,
): { readonly molecule: Molecule; readonly applied: readonly string[] } {
  let current = molecule;
  const applied: string[] = [];
  while (applied.length < MAX_STEPS) {
    const step = firstStep(rdkit, current);
    if (!step) break;
    if (current !== molecule) current.mol.delete();
    current = step.molecule;
    applied.push(step.name);
  }
  return { molecule: current, applied };
}

function firstStep(rdkit: RDKitModule, current: Molecule): { molecule: Molecule; name: string } | null {
  const has = normalizationNeeds(current.graph);
  for (const rule of NORMALIZATION_RULES) {
    if (!has[rule.need]) continue;
    const match = firstMatch(rdkit, current.mol, rule.smarts);
    const molecule = match && apply(rdkit, current.graph, rule, match.atoms);
    if (molecule) return { molecule, name: rule.name };
  }
  return null;
}

/** Which needs the graph meets; false for all means that no rule can apply. */
export function normalizationNeeds(graph: MoleculeGraph): Readonly<Record<Need, boolean>> {
  let anion = false;
  let cation = false;
  let hypervalent = false;
  for (let i = 0; i < graph.atomCount; i++) {
    if (graph.charge[i] < 0) anion = true;
    else if (graph.charge[i] > 0) cation = true;
    else if (PNICTOGENS.has(graph.element[i]) && isAnhydride(graph, i)) hypervalent = true;
  }
  return { anion, cation, both: anion && cation, hypervalent };
}

/** Three neighbours, at least two of them double-bonded O, S, Se or Te. */
function isAnhydride(graph: MoleculeGraph, atom: number): boolean {
  const { element, first, neighbour, incident } = graph;
  if (first[atom + 1] - first[atom] + graph.hydrogens[atom] !== 3) return false;
  let oxo = 0;
  for (let k = first[atom]; k < first[atom + 1]; k++) {
    if (CHALCOGENS.has(element[neighbour[k]]) && graph.kekuleOrder[incident[k]] === BOND.DOUBLE) oxo++;
  }
  return oxo >= 2;
}

function apply(
  rdkit: RDKitModule,
  graph: MoleculeGraph,
  rule: NormalizationRule,
  atoms: readonly number[],
): Molecule | null {
  const charges = new Map(rule.charges.map((change, k) => [atoms[k], graph.charge[atoms[k]] + change]));
  const hydrogens = new Map(
    (rule.hydrogens ?? []).map((change, k) => [atoms[k], graph.hydrogens[atoms[k]] + change]),
  );
  const orders = new Map(
    rule.orders.map(([a, b, order]) => [bondBetween(graph, atoms[a], atoms[b]), order] as const),
  );
  return applyEdit(rdkit, graph, { charges, hydrogens, orders, keepAromatic: rule.aromatic === true });
}

function bondBetween(graph: MoleculeGraph, a: number, b: number): number {
  for (let k = graph.first[a]; k < graph.first[a + 1]; k++)
    if (graph.neighbour[k] === b) return graph.incident[k];
  throw new RangeError(`no bond between atoms ${a} and ${b}`);
}
