import { join } from 'node:path';
import { createTableWriter } from '../store/table-writer.ts';
import { openWorkspace } from '../store/workspace.ts';
import { writeCurationReport } from './curation-report.ts';
import { buildDataset, type Dataset } from './dataset.ts';
import { requireDistinctFiles } from './distinct-files.ts';
import type { Engine, Progress } from './engine.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

export interface CurateRequest {
  readonly recipe: DatasetRecipe;
  /** Folder that holds the raw file and the split of the recipe. */
  readonly dataFolder: string;
  readonly workspace: string;
  /** File for the curation report; null for none. */
  readonly curationReport: string | null;
}

/**
 * Makes a dataset by its recipe, and the report that tells what became of every raw row.
 * @throws what buildDataset and writeCurationReport throw, ERR_USAGE where the report would overwrite the data;
 *   what is wrong with the report's path is told before any work
 */
export async function curateDataset(
  engine: Engine,
  { recipe, dataFolder, workspace, curationReport }: CurateRequest,
  options: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<Dataset> {
  const sources = [recipe.rawFile, recipe.splitFile].map((path) => join(dataFolder, path));
  requireDistinctFiles([...sources, curationReport]);
  if (curationReport !== null && curationReport !== '-') await requireWritable(curationReport);
  const dataset = await buildDataset(engine, recipe, dataFolder, await openWorkspace(workspace), options);
  if (curationReport !== null) await writeCurationReport(curationReport, dataset, options.signal);
  return dataset;
}

/** Opens a table under this name and drops it again. @throws ERR_OUTPUT_FORMAT, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE */
async function requireWritable(path: string): Promise<void> {
  const columns = [{ name: 'row', type: 'int', nullable: false }] as const;
  const writer = await createTableWriter(path, columns, { metadata: {} });
  await writer.abort();
}
