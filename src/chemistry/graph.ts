/** RDKit's bond type codes that its JSON can carry. */
export const BOND = {
  SINGLE: 1,
  DOUBLE: 2,
  TRIPLE: 3,
  QUADRUPLE: 4,
  AROMATIC: 12,
  DATIVE: 17,
  ZERO: 21,
} as const;

/** An atom of RDKit's JSON; a missing member has its default (z 6, all else 0 or 'unspecified'). */
export interface JsonAtom {
  readonly z?: number;
  readonly impHs?: number;
  readonly chg?: number;
  readonly nRad?: number;
  readonly isotope?: number;
  readonly stereo?: string;
}

/** A bond of RDKit's JSON; `bo` (default 1) is the Kekule order: 0 zero, 1, 2, 3, 4, 17 dative. */
export interface JsonBond {
  readonly atoms: readonly [number, number];
  readonly bo?: number;
  readonly stereo?: string;
  readonly stereoAtoms?: readonly [number, number];
}

interface JsonExtension {
  readonly name: string;
  readonly aromaticAtoms?: readonly number[];
  readonly aromaticBonds?: readonly number[];
  readonly atomRings?: readonly (readonly number[])[];
}

interface JsonMolecule {
  readonly atoms: readonly JsonAtom[];
  readonly bonds: readonly JsonBond[];
  readonly extensions?: readonly JsonExtension[];
  readonly stereoGroups?: readonly unknown[];
}

interface JsonDocument {
  readonly rdkitjson: { readonly version: number };
  readonly molecules: readonly JsonMolecule[];
}

/**
 * A sanitized molecule as plain arrays, indexed by RDKit's atom and bond numbers. Hydrogens that are atoms of their
 * own ([2H], [H+]) are atoms and neighbours here too; all others are counted in `hydrogens`.
 *
 *     neighbours of atom i: neighbour[first[i] .. first[i + 1]), over the bonds incident[same range]
 */
export interface MoleculeGraph {
  readonly atomCount: number;
  readonly bondCount: number;
  /** Atomic number, 0 for a dummy atom. */
  readonly element: Uint8Array;
  readonly charge: Int8Array;
  /** Hydrogens that are not atoms of the graph. */
  readonly hydrogens: Uint8Array;
  /** Mass number, 0 where natural. */
  readonly isotope: Uint16Array;
  /** Unpaired electrons. */
  readonly radicals: Uint8Array;
  /** 1 where the atom is aromatic. */
  readonly aromatic: Uint8Array;
  /** 1 where the atom is in a ring of RDKit's ring set (dative bonds close none). */
  readonly inRing: Uint8Array;
  readonly bondBegin: Uint16Array;
  readonly bondEnd: Uint16Array;
  /** BOND code, 12 where aromatic. */
  readonly bondOrder: Uint8Array;
  /** BOND code with aromatic rings drawn as alternating single and double bonds. */
  readonly kekuleOrder: Uint8Array;
  /** uint32 [atomCount + 1]: where each atom's neighbours start. */
  readonly first: Uint32Array;
  readonly neighbour: Uint16Array;
  readonly incident: Uint16Array;
  /** The rings, as atom numbers in ring order. */
  readonly rings: readonly (readonly number[])[];
  /** The parsed JSON's atoms and bonds (stereo is only here): what an edited molecule is written from. */
  readonly atoms: readonly JsonAtom[];
  readonly bonds: readonly JsonBond[];
  /** Enhanced stereo groups, in RDKit's JSON form. */
  readonly stereoGroups: readonly unknown[];
}

const VERSION = 12;

/**
 * Reads the graph from the text of RDKit's `mol.get_json()`.
 * @throws TypeError when the text is not one molecule in rdkitjson version 12
 */
export function parseGraph(json: string): MoleculeGraph {
  const document = JSON.parse(json) as JsonDocument;
  if (document.rdkitjson?.version !== VERSION || document.molecules.length !== 1) {
    throw new TypeError(`RDKit's JSON is not one molecule in version ${VERSION}`);
  }
  const { atoms, bonds, extensions, stereoGroups } = document.molecules[0];
  const representation = extensions?.find((extension) => extension.name === 'rdkitRepresentation');
  const rings = representation?.atomRings ?? [];
  const order = orders(bonds, representation?.aromaticBonds ?? []);
  return {
    atomCount: atoms.length,
    bondCount: bonds.length,
    ...atomColumns(atoms),
    aromatic: flags(atoms.length, [representation?.aromaticAtoms ?? []]),
    inRing: flags(atoms.length, rings),
    ...order,
    ...adjacency(atoms.length, bonds),
    rings,
    atoms,
    bonds,
    stereoGroups: stereoGroups ?? [],
  };
}

function atomColumns(atoms: readonly JsonAtom[]) {
  const n = atoms.length;
  const element = new Uint8Array(n);
  const charge = new Int8Array(n);
  const hydrogens = new Uint8Array(n);
  const isotope = new Uint16Array(n);
  const radicals = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const atom = atoms[i];
    element[i] = atom.z ?? 6;
    charge[i] = atom.chg ?? 0;
    hydrogens[i] = atom.impHs ?? 0;
    isotope[i] = atom.isotope ?? 0;
    radicals[i] = atom.nRad ?? 0;
  }
  return { element, charge, hydrogens, isotope, radicals };
}

function orders(bonds: readonly JsonBond[], aromaticBonds: readonly number[]) {
  const kekuleOrder = new Uint8Array(bonds.length);
  for (let b = 0; b < bonds.length; b++) kekuleOrder[b] = bonds[b].bo === 0 ? BOND.ZERO : (bonds[b].bo ?? 1);
  const bondOrder = kekuleOrder.slice();
  for (const b of aromaticBonds) bondOrder[b] = BOND.AROMATIC;
  return { bondOrder, kekuleOrder };
}

function adjacency(atomCount: number, bonds: readonly JsonBond[]) {
  const bondBegin = new Uint16Array(bonds.length);
  const bondEnd = new Uint16Array(bonds.length);
  const first = new Uint32Array(atomCount + 1);
  for (let b = 0; b < bonds.length; b++) {
    const [begin, end] = bonds[b].atoms;
    bondBegin[b] = begin;
    bondEnd[b] = end;
    first[begin + 1]++;
    first[end + 1]++;
  }
  for (let i = 0; i < atomCount; i++) first[i + 1] += first[i];
  const next = first.slice(0, atomCount);
  const neighbour = new Uint16Array(2 * bonds.length);
  const incident = new Uint16Array(2 * bonds.length);
  for (let b = 0; b < bonds.length; b++) {
    const begin = bondBegin[b];
    const end = bondEnd[b];
    incident[next[begin]] = b;
    neighbour[next[begin]++] = end;
    incident[next[end]] = b;
    neighbour[next[end]++] = begin;
  }
  return { bondBegin, bondEnd, first, neighbour, incident };
}

function flags(length: number, lists: readonly (readonly number[])[]): Uint8Array {
  const out = new Uint8Array(length);
  for (const list of lists) for (const i of list) out[i] = 1;
  return out;
}

/** The text of one molecule in RDKit's JSON, to be read by `get_mol`: the inverse of parseGraph. */
export function moleculeJson(
  atoms: readonly JsonAtom[],
  bonds: readonly JsonBond[],
  extensions: readonly object[] = [],
): string {
  return JSON.stringify({ ...HEADER, molecules: [{ atoms, bonds, extensions }] });
}

const HEADER = {
  rdkitjson: { version: VERSION },
  defaults: {
    atom: { z: 6, impHs: 0, chg: 0, nRad: 0, isotope: 0, stereo: 'unspecified' },
    bond: { bo: 1, stereo: 'unspecified' },
  },
};
