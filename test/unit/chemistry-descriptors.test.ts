import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDescriptors } from '../../src/chemistry/descriptors.ts';
import { type MoleculeGraph, parseGraph } from '../../src/chemistry/graph.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { noShared, readSharedTable } from '../shared.ts';

interface Difference {
  readonly smiles: string;
  readonly cause: string;
  readonly descriptors: readonly string[];
}

const listed = JSON.parse(
  readFileSync(new URL('../data/descriptor-differences.json', import.meta.url), 'utf8'),
) as Difference[];

let toolkit: Toolkit;
beforeAll(async () => {
  toolkit = await Toolkit.load();
});

function describeMolecule(smiles: string): {
  values: Float32Array;
  exact: Record<string, number>;
  graph: MoleculeGraph;
} {
  const mol = toolkit.rdkit.get_mol(smiles);
  if (!mol) throw new Error(`RDKit refuses ${smiles}`);
  const text = mol.get_descriptors();
  const graph = parseGraph(mol.get_json());
  mol.delete();
  const values = new Float32Array(DESCRIPTOR_COUNT);
  readDescriptors(text, values);
  return { values, exact: JSON.parse(text) as Record<string, number>, graph };
}

test('aspirin has its known descriptors, in the order of the names', () => {
  const { values } = describeMolecule('CC(=O)Oc1ccccc1C(=O)O');
  const at = (name: (typeof DESCRIPTOR_NAMES)[number]) => values[DESCRIPTOR_NAMES.indexOf(name)];
  expect(at('exactmw')).toBeCloseTo(180.0423, 3);
  expect(at('amw')).toBeCloseTo(180.159, 2);
  expect(at('tpsa')).toBeCloseTo(63.6, 4);
  expect(at('CrippenClogP')).toBeCloseTo(1.3101, 4);
  expect(at('NumHeavyAtoms')).toBe(13);
  expect(at('NumAtoms')).toBe(21);
  expect(at('NumHBD')).toBe(1);
  expect(at('NumAromaticRings')).toBe(1);
});

test('other names, another order, a missing value and a value that is no number are refused', () => {
  const good = Object.fromEntries(DESCRIPTOR_NAMES.map((name, i) => [name, i]));
  const out = new Float32Array(DESCRIPTOR_COUNT);
  const read = (value: object) => () => readDescriptors(JSON.stringify(value), out);
  read(good)();
  expect([...out]).toEqual(DESCRIPTOR_NAMES.map((_, i) => i));
  const refused = expect.objectContaining({ code: 'ERR_CHEMISTRY' });
  expect(read({ ...good, extra: 1 })).toThrow(refused);
  expect(read(Object.fromEntries(Object.entries(good).reverse()))).toThrow(refused);
  expect(read(Object.fromEntries(Object.entries(good).slice(1)))).toThrow(refused);
  expect(read({ ...good, tpsa: null })).toThrow(refused);
});

/** Valence electrons of the elements for which the definition below is checked. */
const OUTER: Readonly<Record<number, number>> = {
  5: 3,
  6: 4,
  7: 5,
  8: 6,
  9: 7,
  14: 4,
  15: 5,
  16: 6,
  17: 7,
  34: 6,
  35: 7,
  53: 7,
};

/**
 * Second-order simple connectivity by its definition: over all paths of three atoms, the product of 1/sqrt(valence
 * electrons less hydrogens). @source Hall and Kier 1991, doi:10.1002/9780470125793.ch9
 */
function chi2n({ atomCount, element, hydrogens, first, neighbour }: MoleculeGraph): number {
  const value = (i: number) => {
    const delta = OUTER[element[i]] - hydrogens[i];
    return delta === 0 ? 0 : 1 / Math.sqrt(delta);
  };
  let sum = 0;
  for (let i = 0; i < atomCount; i++) {
    for (let a = first[i]; a < first[i + 1]; a++) {
      for (let b = a + 1; b < first[i + 1]; b++) sum += value(neighbour[a]) * value(i) * value(neighbour[b]);
    }
  }
  return sum;
}

/** Aromatic nitrogens with three neighbours, which count as acceptors no more. */
function bridgingAromaticNitrogens(graph: MoleculeGraph): number {
  let count = 0;
  for (let i = 0; i < graph.atomCount; i++) {
    const plain = graph.element[i] === 7 && graph.charge[i] === 0 && graph.hydrogens[i] === 0;
    if (plain && graph.aromatic[i] && graph.first[i + 1] - graph.first[i] === 3) count++;
  }
  return count;
}

describe.skipIf(noShared)('against RDKit 2022.09', () => {
  test('all are equal but chi2v, chi2n, NumHBA by a stated rule and the listed rows', () => {
    const found: Omit<Difference, 'cause'>[] = [];
    let unread = 0;
    let byDefinition = 0;
    for (const row of readSharedTable('oracles/rdkit-descriptors.csv.gz')) {
      if (row.smiles === 'CC(C)C1=CCC2C(=C1)CCC1C(C)(CN)CCCC21C.F[Si](F)(F)(F)(F)F') {
        unread++;
        continue;
      }
      const { exact, values, graph } = describeMolecule(row.smiles);
      const differing = DESCRIPTOR_NAMES.filter((name) => Math.abs(exact[name] - Number(row[name])) > 1e-5);
      const rest = differing.filter((name) => !['chi2v', 'chi2n', 'NumHBA'].includes(name));
      if (rest.length) found.push({ smiles: row.smiles, descriptors: rest });
      expect(Number(row.NumHBA) - exact.NumHBA, row.smiles).toBe(bridgingAromaticNitrogens(graph));
      expect(exact.NumRings, row.smiles).toBe(graph.rings.length);
      if (graph.element.every((element) => element in OUTER)) {
        expect(exact.chi2n, row.smiles).toBeCloseTo(chi2n(graph), 6);
        byDefinition++;
      }
      expect([...values]).toEqual(DESCRIPTOR_NAMES.map((name) => Math.fround(exact[name])));
    }
    expect(unread).toBe(1);
    expect(byDefinition).toBeGreaterThan(750);
    expect(found).toEqual(listed.map(({ smiles, descriptors }) => ({ smiles, descriptors })));
  });
});

test('every listed difference is explained in the docs', () => {
  const docs = readFileSync(new URL('../../docs/chemistry.md', import.meta.url), 'utf8');
  for (const { smiles } of listed) expect(docs).toContain(`\`${smiles}\``);
});
