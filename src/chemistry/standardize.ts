import { applyEdit, type Molecule, readMolecule } from './draft.ts';
import { elementSymbol } from './element.ts';
import { largestFragment } from './fragment.ts';
import type { MoleculeGraph } from './graph.ts';
import { disconnectMetals } from './metal.ts';
import { neutralize } from './neutralize.ts';
import { NORMALIZATION_RULES } from './normalization-rules.ts';
import { normalize } from './normalize.ts';
import { reionize } from './reionize.ts';
import { isSettled, isStandardForm } from './standard-form.ts';
import { separateSulfoxides } from './sulfoxide.ts';
import type { JSMol, RDKitModule } from './toolkit.ts';

/** Stated rules, part of the feature contract. The version changes whenever any parent can change. */
export const STANDARDIZATION_RULES: { readonly version: number; readonly rules: readonly string[] } = {
  version: 1,
  rules: [
    'order of atoms: taken from the canonical SMILES, so that the input does not decide between equal choices',
    'metals: bonds to N, O and F are cut, for Al and the transition metals also those to other non-metals',
    `functional groups, each written one way: sulfoxide, ${NORMALIZATION_RULES.map(({ name }) => name).join(', ')}`,
    'reionize: Li, Na, K, Mg, Ca and Cl drawn bare are ions; of the acids in a mixture the strongest are ionized',
    'fragment: one with carbon before one without, then most atoms with hydrogens, then weight, then SMILES',
    'neutralize: by protons, hydrides on B, C and metals; permanent cations keep anions that balance them',
    'all of it again until nothing changes',
    'isotopes and stereo stay as written; tautomers are not made one',
  ],
};

export interface Standardized {
  /** The given molecule when nothing changed, else a new one that the caller deletes. */
  readonly mol: JSMol;
  readonly graph: MoleculeGraph;
  /** What was done, in words for people. */
  readonly notes: string[];
  readonly changed: boolean;
}

/** One pass settles nearly all; the rest need a second to see what the first uncovered. */
const MAX_PASSES = 8;

/**
 * The standardized parent of a molecule, by STANDARDIZATION_RULES.
 * @param mol    sanitized molecule; never changed nor deleted here
 * @param graph  its graph
 * @throws ERR_CHEMISTRY when RDKit cannot read back what it wrote
 * @source RDKit rdMolStandardize: FragmentParent (which runs Cleanup), then Uncharger
 */
export function standardize(rdkit: RDKitModule, mol: JSMol, graph: MoleculeGraph): Standardized {
  if (isStandardForm(graph)) return { mol, graph, notes: [], changed: false };
  const notes: string[] = [];
  let current = begin(rdkit, mol, graph, notes);
  for (let pass = 0; pass < MAX_PASSES && !isStandardForm(current.graph); pass++) {
    const next = onePass(rdkit, current, notes);
    if (next === current) break;
    current.mol.delete();
    current = next;
  }
  if (!notes.length) {
    current.mol.delete();
    return { mol, graph, notes, changed: false };
  }
  return { mol: current.mol, graph: current.graph, notes: [...new Set(notes)], changed: true };
}

/** The molecule read from its canonical SMILES, less what is so frequent that it is done on the way. */
function begin(rdkit: RDKitModule, mol: JSMol, graph: MoleculeGraph, notes: string[]): Molecule {
  const sulfoxides = separateSulfoxides(graph);
  const separated = sulfoxides && applyEdit(rdkit, graph, sulfoxides);
  if (separated) {
    notes.push('normalized sulfoxide');
    return separated;
  }
  const smiles = mol.get_smiles();
  if (!isSettled(graph)) return readMolecule(rdkit, smiles);
  const order = JSON.parse(mol.get_prop('_smilesAtomOutputOrder')) as number[];
  return readMolecule(rdkit, chooseFragment(graph, smiles, order, notes));
}

function chooseFragment(
  graph: MoleculeGraph,
  smiles: string,
  order: readonly number[] | undefined,
  notes: string[],
): string {
  const fragment = largestFragment(graph, smiles, order);
  if (!fragment) return smiles;
  const count = fragment.removed.length;
  notes.push(`removed ${count} fragment${count === 1 ? '' : 's'} (${tally(fragment.removed)})`);
  return fragment.smiles;
}

/** Equal formulas once, with their number: `2 H2O, HCl`. */
function tally(formulas: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const formula of formulas) counts.set(formula, (counts.get(formula) ?? 0) + 1);
  return [...counts].map(([formula, count]) => (count === 1 ? formula : `${count} ${formula}`)).join(', ');
}

/** Every rule once. Returns the molecule itself when none changed it; does not delete it. */
function onePass(rdkit: RDKitModule, start: Molecule, notes: string[]): Molecule {
  let current = start;
  const replace = (next: Molecule | null): boolean => {
    if (!next || next === current) return false;
    if (current !== start) current.mol.delete();
    current = next;
    return true;
  };

  const cut = disconnectMetals(current.graph);
  if (cut) {
    const symbols = [...new Set(cut.metals.map((metal) => elementSymbol(start.graph.element[metal])))].sort();
    if (replace(applyEdit(rdkit, current.graph, cut.edit))) notes.push(`disconnected ${symbols.join(', ')}`);
  }

  const sulfoxides = separateSulfoxides(current.graph);
  if (sulfoxides && replace(applyEdit(rdkit, current.graph, sulfoxides))) notes.push('normalized sulfoxide');
  const normalized = normalize(rdkit, current);
  if (replace(normalized.molecule)) notes.push(...normalized.applied.map((name) => `normalized ${name}`));

  if (replace(reionize(rdkit, current))) notes.push('reionized');

  const parent = chooseFragment(current.graph, current.smiles, undefined, notes);
  if (parent !== current.smiles) replace(readMolecule(rdkit, parent));

  const neutral = neutralize(current.graph);
  if (neutral) {
    const count = neutral.charges!.size;
    if (replace(applyEdit(rdkit, current.graph, neutral))) {
      notes.push(`neutralized ${count} atom${count === 1 ? '' : 's'}`);
    }
  }
  return current;
}
