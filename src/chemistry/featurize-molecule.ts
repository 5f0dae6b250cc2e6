import { readDescriptors } from './descriptors.ts';
import { type MoleculeGraph, parseGraph } from './graph.ts';
import type { Limits } from './limits.ts';
import { packFingerprint } from './morgan.ts';
import { parseFailure } from './parse-failure.ts';
import { readMolblock } from './read-molblock.ts';
import { type Rejection, readSmiles } from './read-smiles.ts';
import { scaffoldSmiles } from './scaffold.ts';
import { standardize } from './standardize.ts';
import type { JSMol, RDKitModule, Toolkit } from './toolkit.ts';

/** What a compound is given as. */
export type InputKind = 'smiles' | 'molblock';

/** The texts among a compound's features. */
export interface MoleculeTexts {
  readonly smiles: string;
  readonly inchikey: string;
  readonly scaffold: string;
  readonly notes: string;
}

/**
 * One compound, from text to features.
 * @param fingerprint uint8 [384], zero before; filled when accepted
 * @param descriptors float32 [43]; filled when accepted
 * @returns the texts, or why it is refused
 * @throws whatever RDKit throws on a molecule that breaks it; the toolkit must then be rebuilt
 */
export function featurizeMolecule(
  toolkit: Toolkit,
  input: string,
  kind: InputKind,
  limits: Limits,
  fingerprint: Uint8Array,
  descriptors: Float32Array,
): MoleculeTexts | Rejection {
  const { rdkit } = toolkit;
  const text = kind === 'molblock' ? readMolblock(rdkit, input, limits) : readSmiles(input, limits);
  if (typeof text !== 'string') return text;
  const given = rdkit.get_mol(text);
  if (!given) return parseFailure(rdkit, text);
  const graph = parseGraph(given.get_json());
  const heavyAtoms = countHeavyAtoms(graph);
  if (heavyAtoms > limits.heavyAtoms) {
    given.delete();
    return { code: 'TOO_MANY_ATOMS', detail: `${heavyAtoms}, limit ${limits.heavyAtoms}` };
  }
  const parent = standardize(rdkit, given, graph);
  const smiles = parent.mol.get_smiles();
  const notes = graph.stereoGroups.length
    ? ['relative stereo read as absolute', ...parent.notes]
    : parent.notes;
  const texts = {
    smiles,
    inchikey: inchikeyOf(rdkit, parent.mol),
    scaffold: scaffoldSmiles(rdkit, parent.graph, smiles),
    notes: notes.join('; '),
  };
  readDescriptors(parent.mol.get_descriptors(), descriptors);
  packFingerprint(parent.graph, toolkit.massDifference, fingerprint);
  if (parent.mol !== given) parent.mol.delete();
  given.delete();
  return texts;
}

/** Standard InChIKey; '' where InChI has none. */
function inchikeyOf(rdkit: RDKitModule, mol: JSMol): string {
  const inchi = mol.get_inchi();
  return inchi ? rdkit.get_inchikey_for_inchi(inchi) : '';
}

function countHeavyAtoms(graph: MoleculeGraph): number {
  let count = 0;
  for (let i = 0; i < graph.atomCount; i++) if (graph.element[i] !== 1) count++;
  return count;
}
