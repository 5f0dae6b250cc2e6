import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/core/hash.ts';
import { DATASET_RECIPES, type DatasetRecipe } from '../../src/flows/recipes.ts';
import { type TrainRequest, train } from '../../src/flows/train.ts';
import { createEngine } from '../../src/main.ts';
import { readCsv } from '../assayer.ts';

export const examples = readCsv(new URL('../../examples/compounds.csv', import.meta.url).pathname);

/** One row of a made-up raw file, and its place in the split; without a part the split does not name it. */
export interface Row {
  readonly smiles: string;
  readonly part: 'train' | 'test' | null;
  readonly y: number | string;
  readonly relation: string;
  readonly group: number;
  readonly unit?: string;
}

/** A label that the features can explain: minus a tenth of the carbon atoms written. */
export const carbons = (smiles: string): number => (smiles.match(/c(?!l)|C(?!l)/g) ?? []).length;

/** The example compounds as a dataset, every fifth a test row. */
export function exampleRows(classes: boolean): Row[] {
  return examples.map(({ smiles }, i) => ({
    smiles,
    part: i % 5 === 0 ? 'test' : 'train',
    y: classes ? Number(carbons(smiles) > 18) : -carbons(smiles) / 10,
    relation: '=',
    group: Math.floor(i / 2),
  }));
}

/** Writes rows as the raw file and split file of a recipe, and gives the recipe. */
export function writeData(
  folder: string,
  endpoint: 'solubility' | 'ames',
  rows: readonly Row[],
  change: Partial<DatasetRecipe> = {},
): DatasetRecipe {
  mkdirSync(folder, { recursive: true });
  const raw = rows.map((row, i) => `m${i},"${row.smiles}",${row.y},${row.relation},${row.unit ?? 'M'}`);
  const split = rows.flatMap((row, i) =>
    row.part === null ? [] : [`${i},${row.part},${row.part},${row.y},1,${row.relation},${row.group},X`],
  );
  const recipe = {
    ...DATASET_RECIPES[endpoint],
    smilesColumn: 'smi',
    valueColumn: 'value',
    relationColumn: 'relation',
    rawFile: 'raw.csv.gz',
    splitFile: 'split.csv.gz',
    rawSha256: writePacked(folder, 'raw.csv.gz', `id,smi,value,relation,unit\n${raw.join('\n')}\n`),
    splitSha256: writeSplit(folder, split),
  };
  return { ...recipe, ...change };
}

/** Writes a split file. @returns its SHA-256, as a recipe names it */
export function writeSplit(folder: string, lines: readonly string[]): string {
  const head = 'row,split,strict,y,n,rel,group,skeleton';
  return writePacked(folder, 'split.csv.gz', `${[head, ...lines].join('\n')}\n`);
}

function writePacked(folder: string, name: string, text: string): string {
  writeFileSync(join(folder, name), gzipSync(text));
  return sha256(text);
}

/** Trains on written data, into `models` and `ws` of the same folder. */
export function trainIn(
  folder: string,
  recipe: DatasetRecipe,
  threads = 2,
  change: Partial<TrainRequest> = {},
): ReturnType<typeof train> {
  const engine = createEngine({ threads, devices: ['cpu'] });
  const folders = { dataFolder: folder, workspace: join(folder, 'ws'), modelsFolder: join(folder, 'models') };
  const request = {
    recipe,
    version: '1',
    seed: 1,
    curationReport: null,
    drugs: null,
    replace: false,
    ...folders,
  };
  return train(engine, { ...request, ...change });
}
