import { describe, expect, test } from 'vitest';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { PROVENANCE, provenanceOf } from '../../src/flows/validation/provenance.ts';
import { methodOf } from '../../src/flows/validation/provenance-columns.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { noShared, readSharedTable, shared } from '../shared.ts';

const find = async (endpoint: string) =>
  provenanceOf(DATASET_RECIPES[endpoint], `${shared}/data`, await openWorkspace(temporaryFolder()));

const countLabels = (labels: readonly (string | null)[]) => {
  const counts = new Map<string | null, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
};

test('every endpoint has a rule for its provenance', () => {
  expect(Object.keys(PROVENANCE).sort()).toEqual(Object.keys(DATASET_RECIPES).sort());
});

test.each([
  ['Inhibition of human ERG by patch clamp assay', 'electrophysiology'],
  ['Inhibition of human ERG by IonWork assay', 'electrophysiology'],
  ['Binding affinity to human ERG expressed in CHOK1 cells by IonWorks HT assay', 'electrophysiology'],
  ['Displacement of [3H]dofetilide from human ERG', 'ligand displacement'],
  ['Displacement of [35S]-MK499 from human ERG expressed in HEK293 cells', 'ligand displacement'],
  ['Inhibition of human ERG expressed in CHO cells after 30 mins by Rb+ flux assay', 'flux or dye'],
  ['Inhibition of human ERG', 'not said'],
  ['', 'not said'],
])('the method of %j is %s', (description, method) => {
  expect(methodOf(description)).toBe(method);
});

test('a table that is not the one meant, or not there, is refused', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  await expect(provenanceOf(DATASET_RECIPES.herg, temporaryFolder(), workspace)).rejects.toMatchObject({
    code: 'ERR_DATA_NOT_FOUND',
  });
});

describe.skipIf(noShared)('on the public data', () => {
  test('plasma protein binding has years and assays by way of ChEMBL', async () => {
    const { years, origin, source } = await find('ppb');
    if (typeof years === 'string') throw new Error(years);
    expect(years).toHaveLength(1262);
    expect(years.filter((year) => year === null)).toHaveLength(1);
    expect(years.filter((year) => year === 2022)).toHaveLength(175);
    expect(years.filter((year) => year !== null && year < 2000)).toHaveLength(9);
    const counts = countLabels(origin[0].labels);
    expect(counts.get(null)).toBe(28);
    expect(counts.get('CHEMBL4325182')).toBe(50);
    expect(source).toEqual({ by: 'ChEMBL assay' });
  });

  test('solubility has its nine sources, and the drift case counts the same', async () => {
    const { origin, years } = await find('solubility');
    const rows = readSharedTable('data/drift/aqsoldb-by-source.csv.gz');
    const counts = countLabels(origin[0].labels);
    expect(counts.get('A')).toBe(3656);
    expect(counts.get('I')).toBe(46);
    expect([...counts.values()].reduce((sum, n) => sum + n, 0)).toBe(rows.length);
    expect(typeof years).toBe('string');
  });

  test('logD has one large deposit, hERG has methods, the one-laboratory set has no source', async () => {
    const [logd, herg, hlm] = await Promise.all(['logd', 'herg', 'hlm-clearance'].map(find));
    const assays = [...countLabels(logd.origin[0].labels)].sort(([, a], [, b]) => b - a);
    expect(assays[0][0]).toBe('CHEMBL 3301361 AZ');
    const methods = countLabels(herg.origin[0].labels);
    expect([...methods.values()].reduce((sum, n) => sum + n, 0)).toBe(8989);
    expect(methods.get('ligand displacement')).toBeGreaterThan(2500);
    expect(hlm.source).toContain('one laboratory');
  });
});
