import type { FeatureBatch } from '../core/compound.ts';
import { openTable } from '../store/compound-table.ts';
import type { Workspace } from '../store/workspace.ts';
import type { RawRecord } from './curation.ts';
import type { Engine, Progress } from './engine.ts';
import { openFeatures } from './features.ts';
import { readRawCells } from './raw-records.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/**
 * The data rows of a recipe's raw file with the identity of each compound: the InChIKey of the record as written, which
 * a salt and its free base do not share.
 * @param onFeatures takes the features of each row that chemistry accepted: row `i` of a batch
 * @throws what readRawCells, openTable and openFeatures throw
 */
export async function readRecords(
  engine: Engine,
  recipe: DatasetRecipe,
  path: string,
  workspace: Workspace,
  onFeatures: (row: number, input: string, features: FeatureBatch, i: number) => void,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<RawRecord[]> {
  const cells = await readRawCells(recipe, path, workspace, signal);
  await using table = await openTable(path, {
    smilesColumn: recipe.smilesColumn,
    spoolFolder: workspace.tmp,
    signal,
  });
  const records: RawRecord[] = [];
  /** Records that standardization changed: their key is not the parent's. */
  const changed: number[] = [];
  const source = await openFeatures(engine, table, workspace, signal);
  for await (const { compounds, features } of source.batches) {
    for (let i = 0; i < features.count; i++) {
      const row = compounds.rows[i];
      const refusal = features.reasons[i];
      if (refusal === null) onFeatures(row, compounds.inputs[i], features, i);
      if (refusal === null && features.notes[i] !== '') changed.push(row);
      records.push({
        row,
        input: compounds.inputs[i],
        value: cells.values[row],
        relation: cells.relations[row],
        unit: cells.units[row],
        inchikey: refusal === null ? features.inchikeys[i] : null,
        refusal,
      });
    }
    const rows = compounds.rows[features.count - 1] + 1;
    onProgress?.(rows, source.share(rows));
  }
  const keys = await engine.recordInchikeys(
    changed.map((row) => records[row].input),
    signal,
  );
  changed.forEach((row, k) => {
    records[row] = { ...records[row], inchikey: keys[k] };
  });
  return records;
}
