import type { EndpointDefinition } from '../core/endpoint.ts';
import { type CurateRequest, curateDataset } from './curate-dataset.ts';
import type { LabelledRows } from './dataset.ts';
import type { Engine } from './engine.ts';
import { joinRows } from './row-collector.ts';
import { type RowsToScore, rowsToScore } from './score-rows.ts';

/** Rows that a candidate is measured on, and what is known beside them. Whoever makes the candidate has no say in it. */
export interface EvaluationSet {
  /** What the values of the rows mean. */
  readonly definition: EndpointDefinition;
  /** recipe: the shared test rows, which nobody chose for this model. table: rows that somebody brought with it. */
  readonly from: 'recipe' | 'table';
  /** Where the rows come from, in words. */
  readonly source: string;
  /** Identity over rows and labels. */
  readonly hash: string;
  readonly rows: RowsToScore;
  /** Training compounds of the shared dataset with their labels; null where there is none, as for rows from a table. */
  readonly training: LabelledRows | null;
  /** How many of the first rows of `training` have a value; of the rest only a bound is known. */
  readonly trainingValues: number;
}

/**
 * The evaluation set of a shared endpoint: the test rows of its recipe.
 * @throws what curateDataset throws
 */
export async function evaluationOfRecipe(
  engine: Engine,
  request: CurateRequest,
  signal?: AbortSignal,
): Promise<EvaluationSet> {
  const dataset = await curateDataset(engine, request, signal ? { signal } : {});
  return {
    definition: request.recipe.endpoint,
    from: 'recipe',
    source: `test rows of ${request.recipe.source}, split ${request.recipe.splitName}`,
    hash: dataset.versions.evaluation,
    rows: rowsToScore(dataset),
    training: joinRows(dataset.train, dataset.trainBounds),
    trainingValues: dataset.train.y.length,
  };
}

/** Rows of an evaluation set, rejected ones too. */
export function evaluationRows({ rows }: EvaluationSet): number {
  return rows.accepted.y.length + rows.rejectedY.length;
}
