import { AssayerError } from '../core/errors.ts';
import type { Curation } from './curation.ts';
import type { LabelledRows } from './dataset.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/** Below these, held-out calibration and its quantiles are not worth their name. */
const LEAST_TRAINING_ROWS = 50;
const LEAST_GROUPS = 20;

/**
 * Refuses rows that were enough until duplicates were merged.
 * @throws ERR_DATA_DUPLICATES
 */
export function requireDifferentCompounds(
  { endpoint }: DatasetRecipe,
  { kept, dropped }: Curation,
  path: string,
): void {
  const duplicates = dropped.filter(({ reason }) => reason === 'merged' || reason === 'conflict');
  const rows = kept.length + duplicates.length;
  if (kept.length >= LEAST_TRAINING_ROWS || rows < LEAST_TRAINING_ROWS) return;
  throw new AssayerError('ERR_DATA_DUPLICATES', {
    endpoint: endpoint.id,
    compounds: kept.length,
    rows,
    path,
  });
}

/**
 * Refuses data on which calibration or test figures would mean nothing.
 * @throws ERR_DATA_TOO_FEW, ERR_DATA_ONE_CLASS
 */
export function requireTrainable(
  { endpoint }: DatasetRecipe,
  training: LabelledRows,
  test: LabelledRows,
  path: string,
): void {
  requireEnough('training', training, LEAST_TRAINING_ROWS, LEAST_GROUPS);
  requireEnough('test', test, 1, 1);

  function requireEnough(part: string, rows: LabelledRows, leastRows: number, leastGroups: number): void {
    const groups = new Set(rows.groups).size;
    if (rows.y.length < leastRows || groups < leastGroups) {
      const details = { part, rows: rows.y.length, groups, leastRows, leastGroups };
      throw new AssayerError('ERR_DATA_TOO_FEW', { endpoint: endpoint.id, ...details, path });
    }
    if (endpoint.kind === 'classification' && new Set(rows.y).size < 2) {
      throw new AssayerError('ERR_DATA_ONE_CLASS', { endpoint: endpoint.id, part, path });
    }
  }
}
