import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MoleculeGraph, parseGraph } from '../../src/chemistry/graph.ts';

import { morganIdentifiers, packFingerprint } from '../../src/chemistry/morgan.ts';
import { type JSMol, Toolkit } from '../../src/chemistry/toolkit.ts';
import { FINGERPRINT_BYTES, levelBit, MORGAN_BITS, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { noShared, readSharedTable } from '../shared.ts';

interface Known {
  readonly name: string;
  readonly smiles: string;
  readonly inchikey: string;
  /** From RDKit's own get_morgan_fp. */
  readonly morganBits: readonly number[];
}

const known = JSON.parse(
  readFileSync(new URL('../data/known-molecules.json', import.meta.url), 'utf8'),
) as Known[];

/** Read by RDKit 2022.09; refused since for their valences: neutral Si with 6, N(2+) with 5, Al(3-) with 9. */
const REFUSED_NOW = [
  'CC(C)C1=CCC2C(=C1)CCC1C(C)(CN)CCCC21C.F[Si](F)(F)(F)(F)F',
  'CC1=C2[OH+][AlH3-3]34([O+]=C2C=CN1C)([O+]=C1C=CN(C)C(C)=C1[OH+]3)[O+]=C1C=CN(C)C(C)=C1[OH+]4',
  'CC1=c2ccccc2=N[C-](CS(=O)(=O)CCO)[NH2+2]1[O-]',
];

let toolkit: Toolkit;
beforeAll(async () => {
  toolkit = await Toolkit.load();
});

function withMol<T>(smiles: string, use: (mol: JSMol) => T): T {
  const mol = toolkit.rdkit.get_mol(smiles);
  if (!mol) throw new Error(`RDKit refuses ${smiles}`);
  try {
    return use(mol);
  } finally {
    mol.delete();
  }
}

const graphOf = (smiles: string) => withMol(smiles, (mol) => parseGraph(mol.get_json()));

function fingerprintOf(smiles: string): Uint8Array {
  const out = new Uint8Array(FINGERPRINT_BYTES);
  packFingerprint(graphOf(smiles), toolkit.massDifference, out);
  return out;
}

/** How often each identifier occurs, folded by `modulus` where one is given; ascending. */
function countsOf(graph: MoleculeGraph, modulus = 2 ** 32): [id: number, count: number][] {
  const counts = new Map<number, number>();
  for (const id of morganIdentifiers(graph, toolkit.massDifference)) {
    counts.set(id % modulus, (counts.get(id % modulus) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

function bitsOf(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length * 8 }, (_, k) => k).filter((k) => (bytes[k >> 3] >> (k & 7)) & 1);
}

function rdkitBits(smiles: string): number[] {
  const text = withMol(smiles, (mol) => mol.get_morgan_fp('{"radius":2,"nBits":2048}'));
  return [...text].flatMap((bit, k) => (bit === '1' ? [k] : []));
}

test.each(known)('$name has RDKit’s Morgan bits and its InChIKey', ({ smiles, inchikey, morganBits }) => {
  expect(bitsOf(fingerprintOf(smiles).subarray(0, MORGAN_BYTES))).toEqual(morganBits);
  expect(withMol(smiles, (mol) => toolkit.rdkit.get_inchikey_for_inchi(mol.get_inchi()))).toBe(inchikey);
});

test('level bits are those of every count from 2 up to the folded count', () => {
  const expected = new Set<number>();
  for (const [bucket, count] of countsOf(graphOf('CCCCCCCC'), MORGAN_BITS)) {
    for (let level = 2; level <= count; level++) expected.add(levelBit(bucket, level));
  }
  const levels = bitsOf(fingerprintOf('CCCCCCCC')).filter((bit) => bit >= MORGAN_BYTES * 8);
  expect(expected.size).toBeGreaterThan(4);
  expect(levels).toEqual([...expected].sort((a, b) => a - b));
});

test('single atoms, dots and molecules past 64 bonds have RDKit’s bits', () => {
  const cases = ['[H+]', '*', '[U]', 'C.C', 'CC.CC.CC', 'C'.repeat(33), 'C'.repeat(34), 'N'.repeat(129)];
  for (const smiles of cases) {
    expect(bitsOf(fingerprintOf(smiles).subarray(0, MORGAN_BYTES)), smiles).toEqual(rdkitBits(smiles));
  }
});

test('an atom of 300 neighbours has RDKit’s bits', () => {
  const smiles = `*${'(C)'.repeat(299)}C`;
  expect(bitsOf(fingerprintOf(smiles).subarray(0, MORGAN_BYTES))).toEqual(rdkitBits(smiles));
});

test('isotopes of every element, one mass in eleven up to 300, give RDKit’s bits', () => {
  const wrong: string[] = [];
  for (let element = 0; element <= 118; element++) {
    for (let isotope = 1 + ((element * 37) % 11); isotope <= 300; isotope += 11) {
      const smiles = `[${isotope}#${element}]`;
      const ours = bitsOf(fingerprintOf(smiles).subarray(0, MORGAN_BYTES));
      if (ours.join() !== rdkitBits(smiles).join()) wrong.push(smiles);
    }
  }
  expect(wrong).toEqual([]);
});

test('the order of atoms in the SMILES changes neither fingerprint nor InChIKey', () => {
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.integer({ min: 1, max: 1e6 }), ({ smiles, inchikey }, seed) => {
      const shuffled = withMol(smiles, (mol) =>
        mol.get_smiles(JSON.stringify({ doRandom: true, randomSeed: seed })),
      );
      expect(fingerprintOf(shuffled)).toEqual(fingerprintOf(smiles));
      expect(withMol(shuffled, (mol) => toolkit.rdkit.get_inchikey_for_inchi(mol.get_inchi()))).toBe(
        inchikey,
      );
    }),
    { numRuns: 200 },
  );
});

test('a buffer of another length is refused', () => {
  expect(() => packFingerprint(graphOf('C'), toolkit.massDifference, new Uint8Array(256))).toThrow(
    RangeError,
  );
});

test('a graph is read from one molecule of the known version only', () => {
  expect(() => parseGraph('{"rdkitjson":{"version":11},"molecules":[{"atoms":[],"bonds":[]}]}')).toThrow(
    TypeError,
  );
  expect(() => parseGraph('{"rdkitjson":{"version":12},"molecules":[]}')).toThrow(TypeError);
});

describe.skipIf(noShared)('against RDKit 2022.09', () => {
  const rows = noShared ? [] : readSharedTable('oracles/rdkit-morgan.csv.gz');
  test('sparse counts, folded counts and bits are equal on every row that parses', () => {
    let checked = 0;
    const unread: string[] = [];
    for (const row of rows) {
      const mol = toolkit.rdkit.get_mol(row.smiles);
      if (!mol) {
        unread.push(row.smiles);
        continue;
      }
      const graph = parseGraph(mol.get_json());
      mol.delete();
      const text = (counts: [number, number][]) => counts.map((pair) => pair.join(':')).join(';');
      const sparse = text(countsOf(graph));
      const folded = text(countsOf(graph, MORGAN_BITS));
      const packed = new Uint8Array(FINGERPRINT_BYTES);
      packFingerprint(graph, toolkit.massDifference, packed);
      expect(sparse, row.smiles).toBe(row.morgan2_sparse_counts);
      expect(folded, row.smiles).toBe(row.morgan2_2048_counts);
      expect(Buffer.from(packed.subarray(0, MORGAN_BYTES)).toString('hex'), row.smiles).toBe(
        row.morgan2_2048_hex,
      );
      checked++;
    }
    expect(unread.sort()).toEqual(REFUSED_NOW);
    expect(checked).toBe(2997);
  });
});
