import { AssayerError } from '../core/errors.ts';
import { BOND, type JsonAtom, type JsonBond, type MoleculeGraph, moleculeJson, parseGraph } from './graph.ts';
import type { JSMol, RDKitModule } from './toolkit.ts';

/** A molecule read from its own canonical SMILES, so its atom numbers do not depend on how the input was written. */
export interface Molecule {
  readonly mol: JSMol;
  readonly graph: MoleculeGraph;
  /** Canonical SMILES; its dot-separated parts hold consecutive atom numbers. */
  readonly smiles: string;
}

/** Changes to a graph. Atoms and bonds keep their numbers until the draft is read. */
export interface Edit {
  /** New formal charges by atom number. */
  readonly charges?: ReadonlyMap<number, number>;
  /** New hydrogen counts by atom number. */
  readonly hydrogens?: ReadonlyMap<number, number>;
  /** New BOND codes by bond number. */
  readonly orders?: ReadonlyMap<number, number>;
  /** Bonds to cut. */
  readonly cuts?: ReadonlySet<number>;
  /** Atoms whose unpaired electrons go. */
  readonly paired?: ReadonlySet<number>;
  /** Rings stay aromatic and are drawn anew, instead of being perceived from the drawn double bonds. */
  readonly keepAromatic?: boolean;
}

/**
 * Reads a SMILES that RDKit wrote.
 * @returns the molecule; the caller deletes its `mol`
 * @throws ERR_CHEMISTRY when RDKit does not read its own SMILES
 */
export function readMolecule(rdkit: RDKitModule, smiles: string): Molecule {
  const molecule = tryRead(rdkit, smiles);
  if (!molecule) throw new AssayerError('ERR_CHEMISTRY', { problem: `RDKit cannot read back ${smiles}` });
  return molecule;
}

/**
 * The molecule after an edit, read anew from its SMILES.
 * @returns null when the edited molecule is chemically impossible; else the caller deletes its `mol`
 */
export function applyEdit(rdkit: RDKitModule, graph: MoleculeGraph, edit: Edit): Molecule | null {
  // Assigning stereo here would drop cis and trans: RDKit's reader of its own JSON has set them already.
  const draft = rdkit.get_mol(writeJson(graph, edit), '{"assignStereo":false}');
  if (!draft) return null;
  const smiles = draft.get_smiles();
  draft.delete();
  return tryRead(rdkit, smiles);
}

function tryRead(rdkit: RDKitModule, text: string): Molecule | null {
  const mol = rdkit.get_mol(text);
  if (!mol) return null;
  return { mol, graph: parseGraph(mol.get_json()), smiles: text };
}

function writeJson(graph: MoleculeGraph, edit: Edit): string {
  const atoms = graph.atoms.map((atom, i) => editedAtom(graph, edit, atom, i));
  const kept = [...graph.bonds.keys()].filter((b) => !edit.cuts?.has(b));
  const bonds = kept.map((b) => editedBond(graph, edit, b));
  const extensions = edit.keepAromatic ? [aromaticity(graph, edit, kept)] : [];
  return moleculeJson(atoms, bonds, extensions);
}

function editedAtom(graph: MoleculeGraph, edit: Edit, atom: JsonAtom, i: number): JsonAtom {
  const edited = {
    ...atom,
    chg: edit.charges?.get(i) ?? graph.charge[i],
    impHs: edit.hydrogens?.get(i) ?? graph.hydrogens[i],
  };
  if (edit.paired?.has(i)) edited.nRad = 0;
  // The handedness refers to all the bonds in their order; with one less it says nothing.
  if (loses(graph, edit, i)) edited.stereo = 'unspecified';
  return edited;
}

function loses(graph: MoleculeGraph, edit: Edit, atom: number): boolean {
  for (let k = graph.first[atom]; k < graph.first[atom + 1]; k++) {
    if (edit.cuts?.has(graph.incident[k])) return true;
  }
  return false;
}

function editedBond(graph: MoleculeGraph, edit: Edit, b: number): JsonBond {
  const bond = graph.bonds[b];
  const order = edit.orders?.get(b);
  if (order !== undefined) return { atoms: bond.atoms, bo: order };
  const endChanged = bond.atoms.some((atom) => loses(graph, edit, atom));
  return endChanged ? { atoms: bond.atoms, ...(bond.bo === undefined ? {} : { bo: bond.bo }) } : bond;
}

function aromaticity(graph: MoleculeGraph, edit: Edit, kept: readonly number[]) {
  const aromaticAtoms = new Set<number>();
  const aromaticBonds: number[] = [];
  kept.forEach((b, position) => {
    if (graph.bondOrder[b] !== BOND.AROMATIC || edit.orders?.has(b)) return;
    aromaticBonds.push(position);
    for (const atom of graph.bonds[b].atoms) aromaticAtoms.add(atom);
  });
  return {
    name: 'rdkitRepresentation',
    formatVersion: 2,
    aromaticAtoms: [...aromaticAtoms],
    aromaticBonds,
  };
}
