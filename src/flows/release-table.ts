import { openWorkspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import { labelsHash, readLabelledTable } from './labelled-table.ts';
import { type ModelEntry, readModel } from './models.ts';
import { DATASET_RECIPES } from './recipes.ts';
import type { EvaluationSet } from './release-evaluation.ts';
import { selectRows } from './row-collector.ts';

/** A table that a model is judged on. */
export interface EvaluationTable {
  readonly path: string;
  readonly smilesColumn?: string;
  readonly valueColumn?: string;
  readonly workspace: string;
}

/**
 * An evaluation set from a table, for endpoints without a shared recipe and for imported models. Rows whose compound the
 * model was trained on are left out, as they are when the model is imported: the hash over the others is the manifest's
 * only if both are the same rows. The endpoint means what its recipe says, and without one what the model says.
 * @throws what readModel and readLabelledTable throw
 */
export async function evaluationOfTable(
  engine: Engine,
  entry: ModelEntry,
  { path, smilesColumn, valueColumn, workspace }: EvaluationTable,
  signal?: AbortSignal,
): Promise<EvaluationSet> {
  const { manifest, reference } = await readModel(entry);
  const definition = Object.hasOwn(DATASET_RECIPES, entry.endpoint)
    ? DATASET_RECIPES[entry.endpoint].endpoint
    : manifest.endpoint;
  const request = {
    path,
    endpoint: definition,
    ...(smilesColumn !== undefined && { smilesColumn }),
    ...(valueColumn !== undefined && { valueColumn }),
  };
  const table = await readLabelledTable(
    engine,
    request,
    await openWorkspace(workspace, engine.clock),
    signal ? { signal } : {},
  );
  const trained = new Set(reference.inchikeys.filter((key) => key !== ''));
  const isNew = table.rows.inchikeys.map((key) => !trained.has(key));
  const rows = selectRows(table.rows, isNew);
  const judged = { ...table, rows, at: table.at.filter((_, i) => isNew[i]) };
  // Each rejected row is a group of its own.
  const firstGroup = 1 + rows.groups.reduce((most, group) => Math.max(most, group), -1);
  return {
    definition,
    from: 'table',
    source: `${path}, without ${isNew.filter((flag) => !flag).length} rows of training compounds`,
    hash: labelsHash(judged),
    rows: {
      accepted: rows,
      rejectedY: table.rejectedY,
      rejectedGroups: Int32Array.from(table.rejectedY, (_, i) => firstGroup + i),
    },
    training: null,
    trainingValues: 0,
  };
}
