import { AssayerError } from '../core/errors.ts';
import { BOND, type JsonAtom, type JsonBond, type MoleculeGraph, moleculeJson } from './graph.ts';
import type { RDKitModule } from './toolkit.ts';
import { bondValence, impliedHydrogens } from './valence.ts';

/**
 * Canonical SMILES of the Bemis-Murcko scaffold: the rings, what links them, and the atoms double-bonded to either.
 * Equal to RDKit's MurckoScaffold.GetScaffoldForMol, element types and bond orders kept. An atom that loses a
 * neighbour loses its handedness and takes the hydrogens that its element implies.
 * @param parentSmiles  canonical SMILES of the graph; the answer where the scaffold is the whole molecule
 * @returns '' when there is no ring
 * @throws ERR_CHEMISTRY when RDKit refuses the scaffold
 * @source Bemis and Murcko 1996, doi:10.1021/jm9602928
 */
export function scaffoldSmiles(rdkit: RDKitModule, graph: MoleculeGraph, parentSmiles: string): string {
  if (graph.rings.length === 0) return '';
  const frame = framework(graph);
  const kept = withDoubleBonded(graph, frame);
  if (kept.every((keep) => keep === 1)) return parentSmiles;
  // Stereo is assigned when the SMILES is read: doing it on this draft would drop cis and trans.
  const draft = rdkit.get_mol(scaffoldJson(graph, frame, kept), '{"assignStereo":false}');
  if (!draft) throw new AssayerError('ERR_CHEMISTRY', { problem: `no scaffold of ${parentSmiles}` });
  const smiles = draft.get_smiles();
  draft.delete();
  // A centre that was one only by what is gone now is no centre of the scaffold: reading anew drops its mark.
  return /[@/\\]/.test(smiles) ? reread(rdkit, smiles) : smiles;
}

function reread(rdkit: RDKitModule, smiles: string): string {
  const mol = rdkit.get_mol(smiles);
  if (!mol) throw new AssayerError('ERR_CHEMISTRY', { problem: `RDKit cannot read back ${smiles}` });
  const again = mol.get_smiles();
  mol.delete();
  return again;
}

/** Rings and linkers: what is left when atoms outside rings with fewer than two neighbours go, again and again. */
function framework(graph: MoleculeGraph): Uint8Array {
  const { atomCount, first, neighbour, inRing } = graph;
  const kept = new Uint8Array(atomCount).fill(1);
  const degree = Uint16Array.from({ length: atomCount }, (_, i) => first[i + 1] - first[i]);
  const leaves: number[] = [];
  for (let i = 0; i < atomCount; i++) if (degree[i] < 2 && !inRing[i]) leaves.push(i);
  for (let leaf = leaves.pop(); leaf !== undefined; leaf = leaves.pop()) {
    kept[leaf] = 0;
    for (let k = first[leaf]; k < first[leaf + 1]; k++) {
      const other = neighbour[k];
      if (kept[other] && --degree[other] === 1 && !inRing[other]) leaves.push(other);
    }
  }
  return kept;
}

function withDoubleBonded(graph: MoleculeGraph, frame: Uint8Array): Uint8Array {
  const kept = frame.slice();
  for (let b = 0; b < graph.bondCount; b++) {
    if (graph.bondOrder[b] === BOND.DOUBLE && frame[graph.bondBegin[b]] !== frame[graph.bondEnd[b]]) {
      kept[graph.bondBegin[b]] = 1;
      kept[graph.bondEnd[b]] = 1;
    }
  }
  return kept;
}

function scaffoldJson(graph: MoleculeGraph, frame: Uint8Array, kept: Uint8Array): string {
  const number = new Int32Array(graph.atomCount).fill(-1);
  const atoms: JsonAtom[] = [];
  for (let i = 0; i < graph.atomCount; i++) {
    if (!kept[i]) continue;
    number[i] = atoms.length;
    atoms.push(scaffoldAtom(graph, frame, kept, i));
  }
  const bonds: JsonBond[] = [];
  for (const bond of graph.bonds) {
    const [begin, end] = bond.atoms;
    if (!kept[begin] || !kept[end]) continue;
    const { stereo, stereoAtoms, ...rest } = bond;
    const marked =
      stereo !== undefined &&
      stereoAtoms !== undefined &&
      !loses(graph, kept, begin) &&
      !loses(graph, kept, end);
    bonds.push({
      ...rest,
      atoms: [number[begin], number[end]],
      ...(marked ? { stereo, stereoAtoms: [number[stereoAtoms[0]], number[stereoAtoms[1]]] } : {}),
    });
  }
  return moleculeJson(atoms, bonds);
}

function loses(graph: MoleculeGraph, kept: Uint8Array, i: number): boolean {
  for (let k = graph.first[i]; k < graph.first[i + 1]; k++) if (!kept[graph.neighbour[k]]) return true;
  return false;
}

function scaffoldAtom(graph: MoleculeGraph, frame: Uint8Array, kept: Uint8Array, i: number): JsonAtom {
  const atom = graph.atoms[i];
  if (!loses(graph, kept, i)) return atom;
  let used = 0;
  for (let k = graph.first[i]; k < graph.first[i + 1]; k++) {
    if (kept[graph.neighbour[k]]) used += bondValence(graph, graph.incident[k], i);
  }
  return { ...atom, impHs: hydrogens(graph, frame, i, used), stereo: 'unspecified' };
}

function hydrogens(graph: MoleculeGraph, frame: Uint8Array, i: number, used: number): number {
  const element = graph.element[i];
  const charge = graph.charge[i];
  if (graph.aromatic[i] && (element !== 6 || charge === 1)) return 1;
  // A double-bonded atom outside the frame keeps the hydrogens that brackets gave it.
  if (!frame[i] && (charge !== 0 || graph.isotope[i] !== 0 || graph.radicals[i] !== 0))
    return graph.hydrogens[i];
  return impliedHydrogens(element, charge, graph.radicals[i], used);
}
