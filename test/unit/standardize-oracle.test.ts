import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseGraph } from '../../src/chemistry/graph.ts';
import { standardize } from '../../src/chemistry/standardize.ts';
import { type JSMol, type RDKitModule, Toolkit } from '../../src/chemistry/toolkit.ts';
import { noShared, readSharedTable } from '../shared.ts';

interface Difference {
  readonly smiles: string;
  readonly differs: 'parent' | 'inchikey';
  readonly cause: string;
}

const listed = JSON.parse(
  readFileSync(new URL('../data/standardization-differences.json', import.meta.url), 'utf8'),
) as Difference[];

let rdkit: RDKitModule;
beforeAll(async () => {
  rdkit = (await Toolkit.load()).rdkit;
});

/** What `use` makes of the parent of a molecule. */
function withParent<T>(smiles: string, use: (parent: JSMol, input: JSMol, changed: boolean) => T): T {
  const mol = rdkit.get_mol(smiles);
  if (!mol) throw new Error(`RDKit refuses ${smiles}`);
  const { mol: parent, changed } = standardize(rdkit, mol, parseGraph(mol.get_json()));
  try {
    return use(parent, mol, changed);
  } finally {
    if (changed) parent.delete();
    mol.delete();
  }
}

function canonical(smiles: string): string {
  using mol = rdkit.get_mol(smiles);
  return mol ? mol.get_smiles() : `unreadable ${smiles}`;
}

/** Empty for a molecule that InChI refuses. */
function inchiKey(mol: JSMol): string {
  const inchi = mol.get_inchi();
  return inchi && rdkit.get_inchikey_for_inchi(inchi);
}

describe.skipIf(noShared)('against RDKit', () => {
  const rows = noShared ? [] : readSharedTable('oracles/rdkit-standard.csv.gz');

  test('every one of the 1,000 parents is RDKit’s, but for the listed differences', () => {
    const found: { smiles: string; differs: string }[] = [];
    for (const row of rows) {
      const difference = withParent(row.smiles, (parent) => {
        if (parent.get_smiles() !== canonical(row.parent_smiles)) return 'parent';
        return inchiKey(parent) === row.parent_inchikey ? '' : 'inchikey';
      });
      if (difference) found.push({ smiles: row.smiles, differs: difference });
    }
    expect(rows.length).toBe(1000);
    expect(found).toEqual(listed.map(({ smiles, differs }) => ({ smiles, differs })));
  });

  test('a parent is its own parent', () => {
    for (const { smiles } of sample(rows)) {
      const parent = withParent(smiles, (mol) => mol.get_smiles());
      withParent(parent, (_, __, changed) => expect(changed, `${smiles} -> ${parent}`).toBe(false));
    }
  });

  test('the parent does not depend on the order of atoms in the input', () => {
    let changedCount = 0;
    for (const { smiles } of sample(rows)) {
      const [key, shuffled] = withParent(smiles, (parent, input, changed) => {
        if (changed) changedCount++;
        return [inchiKey(parent), changed ? input.get_smiles('{"doRandom":true}') : ''];
      });
      if (shuffled)
        withParent(shuffled, (parent) => expect(inchiKey(parent), `${smiles} as ${shuffled}`).toBe(key));
    }
    expect(changedCount).toBeGreaterThan(450);
  });

  /** The oracle's molecules and every hundredth of the library. */
  function sample(oracle: readonly Record<string, string>[]): { readonly smiles: string }[] {
    const library = readSharedTable('data/raw/library/library-220k.csv.gz').filter((_, i) => i % 100 === 0);
    const readable = library.filter(({ smiles }) => !canonical(smiles).startsWith('unreadable'));
    return [...oracle, ...readable].map((row) => ({ smiles: row.smiles }));
  }
});

test('each listed difference has its cause', () => {
  expect(listed.length).toBeGreaterThan(0);
  for (const { smiles, cause } of listed) expect(cause.length, smiles).toBeGreaterThan(20);
});
