import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordInchikeys } from '../../src/chemistry/record-keys.ts';
import { applySplit } from '../../src/flows/apply-split.ts';
import { curate, type RawRecord } from '../../src/flows/curation.ts';
import { readRawCells } from '../../src/flows/raw-records.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { readSplit } from '../../src/flows/split.ts';
import { createEngine } from '../../src/main.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { noShared, readSharedTable, shared } from '../shared.ts';

interface Difference {
  readonly endpoint: string;
  readonly row: number;
}

const data = join(shared, 'data');
const path = new URL('../data/curation-differences.json', import.meta.url).pathname;
const differences: Difference[] = JSON.parse(readFileSync(path, 'utf8')).rows;
/** Names of reasons where the given files have other ones. */
const GIVEN: Readonly<Record<string, string>> = {
  'not-in-split': 'no-published-label',
  'not-a-number': 'no-value',
};

describe.skipIf(noShared)('curation from the raw files, against the given rows', () => {
  // Every dropped row with the row it was merged into, and some others: an InChIKey takes milliseconds.
  test.each(Object.keys(DATASET_RECIPES))(
    '%s: labels, merged rows, conflicts and bounds are equal',
    async (endpoint) => {
      const recipe = DATASET_RECIPES[endpoint];
      const workspace = await openWorkspace(join(temporaryFolder(), 'ws'));
      const cells = await readRawCells(recipe, join(data, recipe.rawFile), workspace);
      const given = readSharedTable(`data/splits/${endpoint}-dropped.csv.gz`);
      const split = await readSplit(recipe, join(data, recipe.splitFile));
      expect(cells.smiles.length).toBe(split.length + given.length);

      const singles = split.filter(({ n }) => n === 1).slice(0, 40);
      const merged = split.filter(({ n }) => n > 1);
      const rows = [
        ...[...singles, ...merged].map(({ row }) => row),
        ...given.map(({ row }) => Number(row)),
      ].sort((a, b) => a - b);
      const texts = [
        ...new Set(rows.filter((row) => cells.values[row] !== '').map((row) => cells.smiles[row])),
      ];
      const keys = new Map((await recordInchikeys(texts)).map((key, i) => [texts[i], key]));
      const records = rows.map((row): RawRecord => {
        const input = cells.smiles[row];
        const inchikey = keys.get(input) ?? '';
        return {
          row,
          input,
          value: cells.values[row],
          relation: cells.relations[row],
          unit: cells.units[row],
          inchikey,
          refusal: null,
        };
      });
      const curation = curate(recipe, records, recipe.rawFile);
      const { rows: kept, dropped } = applySplit(recipe, curation, [...singles, ...merged], recipe.splitFile);
      expect(kept).toHaveLength(singles.length + merged.length);
      const told = [...curation.dropped, ...dropped].map(({ record, reason, keptRow }) => {
        return { row: String(record.row), reason: GIVEN[reason] ?? reason, keptRow: String(keptRow ?? '') };
      });
      expect(told.sort((a, b) => Number(a.row) - Number(b.row))).toEqual(given);
    },
    120_000,
  );

  test('records that differ in their reason are refused by this chemistry', async () => {
    const engine = createEngine({ threads: 1 });
    await using featurizer = await engine.createFeaturizer();
    const workspace = await openWorkspace(join(temporaryFolder(), 'ws'));
    for (const { endpoint, row } of differences) {
      const recipe = DATASET_RECIPES[endpoint];
      const { smiles } = await readRawCells(recipe, join(data, recipe.rawFile), workspace);
      const { reasons } = await featurizer.featurize([smiles[row]]);
      expect(reasons[0]).toMatch(/^CHEMISTRY/);
    }
    expect(differences).toHaveLength(8);
  }, 60_000);
});
