import { describe, expect, it } from 'vitest';
import { chooseColumns } from '../../src/store/choose-columns.ts';
import { looksLikeSmiles } from '../../src/store/smiles-text.ts';
import { noShared, readShared, shared } from '../shared.ts';
import { failure, fileWith, read } from './store-fixtures.ts';

const choose = (columns: string[], sample: string[][], named = {}) =>
  chooseColumns('x', columns, sample, named);

describe('column choice', () => {
  it.each([
    ['smiles'],
    ['SMILES'],
    ['canonical_smiles'],
    ['Canonical SMILES'],
    ['Smiles_unify'],
    ['isomeric-smiles'],
    ['smi'],
  ])('takes a column named %s whatever it holds', (name) => {
    expect(choose(['x', name], [['CCO'], ['not a smiles']]).smiles).toBe(1);
  });

  it('takes a vague name only when the values look like SMILES', () => {
    expect(
      choose(
        ['Drug', 'y'],
        [
          ['CCO', 'CCN'],
          ['1', '2'],
        ],
      ).smiles,
    ).toBe(0);
    expect(
      choose(
        ['Drug', 'y'],
        [
          ['aspirin', 'ibuprofen'],
          ['CC(=O)O', 'c1ccccc1'],
        ],
      ).smiles,
    ).toBe(1);
  });

  it('finds SMILES by content and says how sure it is', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i < 2 ? 'bad value' : `C${'C'.repeat(i)}(=O)O`));
    const names = values.map((_, i) => `NAME-${i}`);
    const chosen = choose(['a', 'b'], [names, values]);
    expect(chosen.smiles).toBe(1);
    expect(chosen.how).toContain('by content: 98 % of 100 sampled values');
  });

  it('does not take codes, formulas, InChI, InChIKeys or numbers for SMILES', () => {
    const columns = {
      type: ['F', 'F', 'F', 'B', 'F', 'F', 'F', 'F', 'F', 'F'],
      target: Array(10).fill('PPB'),
      formula: ['C2H6O', 'C6H6', 'CO2', 'C4', 'NO', 'CH4', 'H2O', 'C2H4', 'C3H8', 'C5H12'],
      inchi: Array.from({ length: 10 }, () => 'InChI=1S/CH4/h1H4'),
      key: Array.from({ length: 10 }, () => 'VNWKTOKETHGBQD-UHFFFAOYSA-N'),
      value: Array.from({ length: 10 }, (_, i) => `${i}.5`),
      compound_code: Array.from({ length: 10 }, (_, i) => `B-${i}`),
    };
    expect(() => choose(Object.keys(columns), Object.values(columns))).toThrow(
      expect.objectContaining({ code: 'ERR_INPUT_NO_SMILES_COLUMN' }),
    );
  });

  it('says when several columns would do, and takes the one with the most structure', () => {
    const chosen = choose(
      ['a', 'b'],
      [
        ['CC', 'CCC', 'CCCC'],
        ['CC(C)O', 'c1ccccc1', 'C=C'],
      ],
    );
    expect(chosen.smiles).toBe(1);
    expect(chosen.how).toContain('ambiguous: "a"');
  });

  it('never takes the SMILES column as id, and takes ids by name', () => {
    const sample = [['CCO'], ['a'], ['b']];
    expect(choose(['smiles', 'x', 'Molecule ChEMBL ID'], sample).id).toBe(2);
    expect(choose(['id', 'x', 'y'], sample, { smilesColumn: 'id' }).id).toBeNull();
  });

  it('takes named columns, without regard to case where that is clear', () => {
    const chosen = choose(['A', 'b', 'B'], [['x'], ['y'], ['z']], { smilesColumn: 'a', idColumn: 'B' });
    expect([chosen.smiles, chosen.id]).toEqual([0, 2]);
  });

  it('refuses a named column that does not exist and lists those that do', async () => {
    const path = fileWith('a.csv', 'smiles,name\nCCO,a\n');
    for (const options of [{ smilesColumn: 'structure' }, { idColumn: 'nr' }]) {
      const error = await failure(read(path, options));
      expect(error.code).toBe('ERR_INPUT_COLUMN_NOT_FOUND');
      expect(error.message).toContain('smiles, name');
    }
  });
});

describe('SMILES likeness', () => {
  it.each(['C', 'CCO', '[Na+].[Cl-]', 'C%10CC%10', 'N[C@@H](C)C(=O)O', 'F/C=C/F', '*C', 'c1cc[nH]c1'])(
    '%s looks like one',
    (text) => {
      expect(looksLikeSmiles(text)).toBe(true);
    },
  );
  it.each(['', '1', '-', 'caffeine', 'IC50', 'C1CC', 'C(C', 'CC)', 'CHEMBL25', 'C C', '0.5', '[]'])(
    '%j does not',
    (text) => {
      expect(looksLikeSmiles(text)).toBe(false);
    },
  );
});

describe.skipIf(noShared)('real tables', () => {
  it.each([
    ['library/library-220k.csv.gz', 'smiles', null],
    ['tdc/pgp_broccatelli.tab.gz', 'Drug', 'Drug_ID'],
    ['aqsoldb/data_curated.csv.gz', 'SMILES', 'ID'],
    ['chembl_herg/ChEMBL_hERG.csv.gz', 'canonical_smiles', 'mol_chembl_id'],
    ['pharmabench/dated/chembl_cyp_raw_data.csv.gz', 'Smiles', 'Molecule ChEMBL ID'],
  ])('%s: columns by name, and each row once', async (name, smiles, id) => {
    const { table, rows, inputs } = await read(`${shared}/data/raw/${name}`);
    expect([table.smilesColumn, table.idColumn]).toEqual([smiles, id]);
    expect(rows).toEqual(rows.map((_, i) => i));
    expect(inputs.filter(looksLikeSmiles).length).toBeGreaterThan(inputs.length * 0.98);
  });

  it('finds the same SMILES by content where the names are taken away', async () => {
    for (const [name, column] of [
      ['aqsoldb/sources/dataset-G.csv.gz', 4],
      ['biogen/ADME_public_set_3521.csv.gz', 2],
      ['chembl_herg/ChEMBL_hERG.csv.gz', 0],
      ['tdc/cyp2d6_veith.tab.gz', 1],
    ] as const) {
      const text = readShared(`data/raw/${name}`).replace(/^[^\n]*\n/, (line) =>
        line
          .trim()
          .split(/[,\t]/)
          .map((_, i) => `h${i}`)
          .join(name.includes('.tab') ? '\t' : ',')
          .concat('\n'),
      );
      const { table } = await read(fileWith(name.includes('.tab') ? 'a.tsv' : 'a.csv', text));
      expect(table.smilesColumn, name).toBe(`h${column}`);
    }
  });
});
