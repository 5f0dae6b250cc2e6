import { applyEdit, type Molecule } from './draft.ts';
import type { MoleculeGraph } from './graph.ts';
import { firstMatch } from './query.ts';
import type { RDKitModule } from './toolkit.ts';

/** SMARTS of an acid and of its anion; the last atom of each is the one that holds or lost the proton. */
interface AcidBase {
  readonly acid: string;
  readonly base: string;
}

const hydroxy = (pattern: string): AcidBase => pair(pattern, '[OH]', '[O-]');
const pair = (pattern: string, acid: string, base: string): AcidBase => ({
  acid: pattern.replace('@', acid),
  base: pattern.replace('@', base),
});

/**
 * Acids from the strongest to the weakest, after the FDA's Substance Registration System procedure guide, in the
 * order of MolVS and RDKit's Reionizer. `@` stands for the acidic atom.
 */
const ACIDS: readonly AcidBase[] = [
  hydroxy('OS(=O)(=O)@'),
  hydroxy('[!O]S(=O)(=O)@'),
  hydroxy('O[SD3](=O)@'),
  hydroxy('[!O][SD3](=O)@'),
  hydroxy('OP(=O)([OH])@'),
  hydroxy('[!O]P(=O)([OH])@'),
  hydroxy('C(=O)@'),
  pair('c@', '[SH]', '[S-]'),
  hydroxy('OP(=O)([O-])@'),
  hydroxy('[!O]P(=O)([O-])@'),
  pair('O=C1c2ccccc2C(=O)@1', '[NH]', '[N-]'),
  hydroxy('C(=O)O@'),
  pair('O=N(O)@', '[CH]', '[C-]'),
  pair('S(=O)(=O)@', '[NH2]', '[NH-]'),
  hydroxy('OB([OH])@'),
  hydroxy('[!O]B([OH])@'),
  hydroxy('c@'),
  pair('C@', '[SH]', '[S-]'),
  hydroxy('OB([O-])@'),
  hydroxy('[!O]B([O-])@'),
  { acid: 'C1=CC=C[CH2]1', base: 'c1ccc[cH-]1' },
  pair('C(=O)@', '[NH2]', '[NH-]'),
  { acid: 'c1cnc[nH]1', base: 'c1cnc[n-]1' },
  hydroxy('[CX4]@'),
  pair('O=C([!O])@', '[C!H0+0]', '[C-]'),
  pair('OC(=O)@', '[C!H0+0]', '[C-]'),
  pair('C#@', '[CH]', '[C-]'),
  pair('CS(=O)(=O)@', '[C!H0+0]', '[C-]'),
  pair('C[SD3](=O)@', '[C!H0+0]', '[C-]'),
  pair('[CX4]@', '[NH2]', '[NH-]'),
  pair('c@', '[CX4H2]', '[CX3H-]'),
  pair('[CX3]=@', '[CX3!H0+0]', '[CX2-]'),
  pair('@', '[CX4!H0+0]', '[CX3-]'),
];

/** Atoms drawn bare and neutral that only exist as ions. */
const BARE_IONS: Readonly<Record<number, number>> = { 3: 1, 11: 1, 19: 1, 12: 2, 20: 2, 17: -1 };

/** Whether an atom is drawn bare and neutral although it is an ion. */
export function isBareIon(graph: MoleculeGraph, atom: number): boolean {
  return (
    BARE_IONS[graph.element[atom]] !== undefined &&
    graph.charge[atom] === 0 &&
    graph.hydrogens[atom] === 0 &&
    graph.first[atom + 1] === graph.first[atom]
  );
}

/**
 * Gives bare metal and chlorine atoms their charge, taking protons from the strongest acids to balance it while the
 * whole is charged; then moves protons until no acid is protonated while a weaker one is ionized.
 * @param molecule  whole mixture; not deleted here
 * @returns the molecule itself when nothing moved, else a new one whose `mol` the caller deletes
 */
export function reionize(rdkit: RDKitModule, molecule: Molecule): Molecule {
  let current = molecule;
  const replace = (next: Molecule): void => {
    if (current !== molecule) current.mol.delete();
    current = next;
  };
  const bare = bareIons(molecule.graph);
  if (bare.size) {
    const ionized = applyEdit(rdkit, molecule.graph, { charges: bare, paired: new Set(bare.keys()) });
    if (!ionized) return molecule;
    replace(ionized);
    let owed =
      netCharge(ionized.graph) === 0 ? 0 : [...bare.values()].reduce((sum, charge) => sum + charge, 0);
    while (owed-- > 0) {
      const acid = strongestAcid(rdkit, current, ACIDS.length);
      const next = acid && move(rdkit, current.graph, acid.atom, -1);
      if (!next) break;
      replace(next);
    }
  }
  // Where two places trade one proton for ever, it stays at the second.
  const seen = new Set([current.smiles]);
  while (current.graph.charge.some((charge) => charge < 0)) {
    const base = weakestBase(rdkit, current);
    const acid = base && strongestAcid(rdkit, current, base.rank);
    if (!acid || acid.atom === base.atom) break;
    const next = move(rdkit, current.graph, acid.atom, base.atom);
    if (!next) break;
    if (seen.has(next.smiles)) {
      next.mol.delete();
      break;
    }
    seen.add(next.smiles);
    replace(next);
  }
  return current;
}

function bareIons(graph: MoleculeGraph): Map<number, number> {
  const charges = new Map<number, number>();
  for (let i = 0; i < graph.atomCount; i++)
    if (isBareIon(graph, i)) charges.set(i, BARE_IONS[graph.element[i]]);
  return charges;
}

function netCharge(graph: MoleculeGraph): number {
  return graph.charge.reduce((sum, charge) => sum + charge, 0);
}

interface Site {
  readonly rank: number;
  readonly atom: number;
}

/** The first acid of the strongest class before `limit`. */
function strongestAcid(rdkit: RDKitModule, { mol }: Molecule, limit: number): Site | null {
  for (let rank = 0; rank < limit; rank++) {
    const match = firstMatch(rdkit, mol, ACIDS[rank].acid);
    if (match) return { rank, atom: match.atoms.at(-1)! };
  }
  return null;
}

function weakestBase(rdkit: RDKitModule, { mol }: Molecule): Site | null {
  for (let rank = ACIDS.length - 1; rank >= 0; rank--) {
    const match = firstMatch(rdkit, mol, ACIDS[rank].base);
    if (match) return { rank, atom: match.atoms.at(-1)! };
  }
  return null;
}

function move(rdkit: RDKitModule, graph: MoleculeGraph, from: number, to: number): Molecule | null {
  const charges = new Map([[from, graph.charge[from] - 1]]);
  const hydrogens = new Map([[from, graph.hydrogens[from] - 1]]);
  if (to >= 0) {
    charges.set(to, graph.charge[to] + 1);
    hydrogens.set(to, graph.hydrogens[to] + 1);
  }
  return applyEdit(rdkit, graph, { charges, hydrogens });
}
