import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { outputError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import { buildDataset, type Dataset } from '../dataset.ts';
import { readSample } from '../drift/read-sample.ts';
import { readRawCells } from '../raw-records.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import type { Registry } from '../registry/open-registry.ts';
import { readSplit } from '../split.ts';
import { snapshotLabels } from './label-snapshot.ts';
import { splitByScaffold } from './scaffold-split.ts';

const RECIPE_FILE = 'recipe.json';

/** A recipe and the folder that its files lie in. */
export interface RecipeData {
  readonly recipe: DatasetRecipe;
  readonly dataFolder: string;
}

/**
 * The dataset of a recipe with what the registry knows by now of the compounds of some files: a raw file, its split and
 * their recipe, written into a folder. A compound that the recipe's own raw file names keeps what it says there. Rows of the
 * recipe keep their place in the split; new ones follow their scaffold (scaffold-split.ts), so that the figures of a candidate are of
 * old and new compounds. The registry knows no structures: they come from the files that were checked.
 * @param compounds  files of compounds, with the columns that a screen finds by itself
 * @param folder  is made, or written anew
 * @returns the recipe that was given where no label is new to it
 * @throws as buildDataset, readSample, snapshotLabels; ERR_OUTPUT_UNWRITABLE
 */
export async function addRegistryLabels(
  { engine, workspace, database }: Registry,
  base: RecipeData,
  compounds: readonly string[],
  folder: string,
  signal?: AbortSignal,
): Promise<RecipeData> {
  const { recipe, dataFolder } = base;
  const dataset = await buildDataset(engine, recipe, dataFolder, workspace, signal ? { signal } : {});
  const known = compoundsOf(dataset);
  const added: { inchikey: string; cells: string[] }[] = [];
  for (const path of compounds) {
    const reading = { covariates: [], cluster: 'scaffold', ...(signal && { signal }) };
    const sample = await readSample(engine, path, workspace, reading);
    const snapshot = await snapshotLabels(database, recipe.endpoint.id, sample);
    const smiles = new Map(sample.inchikeys.map((inchikey, row) => [inchikey, sample.smiles?.[row] ?? '']));
    for (const line of snapshot?.text.trimEnd().split('\n').slice(1) ?? []) {
      const [inchikey, value, relation] = line.split(',');
      if (value === '' || known.has(inchikey)) continue;
      known.add(inchikey);
      added.push({ inchikey, cells: [smiles.get(inchikey) ?? '', value, relation, recipe.endpoint.unit] });
    }
  }
  if (added.length === 0) return base;

  const raw = await readRawCells(recipe, join(dataFolder, recipe.rawFile), workspace, signal);
  const rows = raw.smiles.map((smiles, row) => [smiles, raw.values[row], raw.relations[row], raw.units[row]]);
  // In an order that does not hang on which file came first.
  rows.push(...added.toSorted((a, b) => (a.inchikey < b.inchikey ? -1 : 1)).map(({ cells }) => cells));
  const text = `smiles,value,relation,unit\n${rows.map((cells) => `${cells.map(quoted).join(',')}\n`).join('')}`;
  const written: DatasetRecipe = {
    ...recipe,
    rawFile: 'raw.csv.gz',
    rawSha256: sha256(text),
    smilesColumn: 'smiles',
    valueColumn: 'value',
    relationColumn: 'relation',
    ...(recipe.units && {
      units: { column: 'unit', factors: { ...recipe.units.factors, [recipe.endpoint.unit]: 1 } },
    }),
    splitFile: 'split.csv.gz',
    splitSha256: '',
    splitName: `${recipe.splitName} with new scaffolds`,
    source: `${recipe.source}; and ${added.length} labels of the registry`,
  };
  await put(folder, written.rawFile, gzipSync(text));
  const placed = {
    rows: await readSplit(recipe, join(dataFolder, recipe.splitFile)),
    of: raw.smiles.length,
  };
  const rawPath = join(folder, written.rawFile);
  const split = await splitByScaffold(engine, { recipe: written, rawPath, workspace, placed }, signal);
  await put(folder, written.splitFile, gzipSync(split));
  const whole = { ...written, splitSha256: sha256(split) };
  await put(folder, RECIPE_FILE, `${JSON.stringify(whole, null, 2)}\n`);
  return { recipe: whole, dataFolder: folder };
}

/** What addRegistryLabels wrote into a folder. @throws ERR_DATA_NOT_FOUND */
export async function readRecipeData(endpoint: string, folder: string): Promise<RecipeData> {
  const path = join(folder, RECIPE_FILE);
  try {
    return { recipe: JSON.parse(await readFile(path, 'utf8')), dataFolder: folder };
  } catch (cause) {
    const details = { endpoint, path: `${path} (${describeCause(cause)})` };
    throw new AssayerError('ERR_DATA_NOT_FOUND', details, { cause });
  }
}

/** InChIKeys of parents, and of the records of rows that were left out. */
function compoundsOf({ train, trainBounds, test, testBounds, dropped }: Dataset): Set<string> {
  const parts = [train, trainBounds, test, testBounds].flatMap(({ inchikeys }) => inchikeys);
  return new Set([...parts, ...dropped.map(({ record }) => record.inchikey ?? '')]);
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

async function put(folder: string, name: string, contents: string | Uint8Array): Promise<void> {
  const path = join(folder, name);
  try {
    await makeFolder(folder);
    await writeFile(path, contents);
  } catch (cause) {
    throw outputError(path, cause);
  }
}
