import { AssayerError } from '../../core/errors.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { type LabelledTable, readLabelledTable, type TableRequest } from '../labelled-table.ts';
import { selectRows } from '../row-collector.ts';

/** Below these, a domain, a calibration or figures would mean nothing. */
const LEAST_ROWS = 50;
const LEAST_GROUPS = 20;

/** Tables that a model comes with. */
export interface TablePaths {
  readonly training: string;
  readonly evaluation: string;
  /** null where the model is not calibrated. */
  readonly calibration: string | null;
}

/** Rows that a model was trained on, that its figures are scored on and that it is calibrated with: no compound twice. */
export interface ImportRows {
  readonly training: LabelledTable;
  readonly evaluation: LabelledTable;
  readonly calibration: LabelledTable | null;
  /** Rows that were left out because their compound (InChIKey of the parent) is in a table before. */
  readonly evaluationInTraining: number;
  readonly calibrationElsewhere: number;
  /** Training compounds whose rows contradict each other. */
  readonly conflictCompounds: number;
}

/**
 * Reads the tables of an imported model. What was in training says nothing about new compounds, so an evaluation row of
 * the same compound is left out and counted; so is a calibration row of a compound of either.
 * @throws what readLabelledTable throws, ERR_DATA_TOO_FEW, ERR_DATA_DUPLICATES, ERR_DATA_ONE_CLASS
 */
export async function readImportRows(
  engine: Engine,
  paths: TablePaths,
  request: Omit<TableRequest, 'path'>,
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<ImportRows> {
  const read = (path: string) =>
    readLabelledTable(engine, { ...request, path }, workspace, signal ? { signal } : {});
  const training = await read(paths.training);
  const evaluation = await read(paths.evaluation);
  const calibration = paths.calibration === null ? null : await read(paths.calibration);
  const newToModel = withoutCompounds(evaluation, training.rows.inchikeys);
  const heldOut =
    calibration && withoutCompounds(calibration, [...training.rows.inchikeys, ...evaluation.rows.inchikeys]);
  const parts = { training, evaluation: newToModel, calibration: heldOut };
  for (const [part, table] of Object.entries(parts)) if (table) requireEnough(request, part, table);
  return {
    ...parts,
    evaluationInTraining: evaluation.at.length - newToModel.at.length,
    calibrationElsewhere: calibration && heldOut ? calibration.at.length - heldOut.at.length : 0,
    conflictCompounds: conflicts(training, request.endpoint.kind),
  };
}

/** The table without the rows of these compounds. */
function withoutCompounds(table: LabelledTable, inchikeys: readonly string[]): LabelledTable {
  const known = new Set(inchikeys.filter((key) => key !== ''));
  const kept = table.rows.inchikeys.map((key) => !known.has(key));
  return { ...table, rows: selectRows(table.rows, kept), at: table.at.filter((_, i) => kept[i]) };
}

function requireEnough(
  { endpoint }: Omit<TableRequest, 'path'>,
  part: string,
  { rows, path }: LabelledTable,
): void {
  const compounds = new Set(rows.inchikeys).size;
  if (rows.y.length >= LEAST_ROWS && compounds < LEAST_ROWS) {
    const details = { endpoint: endpoint.id, compounds, rows: rows.y.length, path };
    throw new AssayerError('ERR_DATA_DUPLICATES', details);
  }
  const groups = new Set(rows.groups).size;
  if (rows.y.length < LEAST_ROWS || groups < LEAST_GROUPS) {
    const least = { leastRows: LEAST_ROWS, leastGroups: LEAST_GROUPS };
    const details = { endpoint: endpoint.id, part, rows: rows.y.length, groups, ...least, path };
    throw new AssayerError('ERR_DATA_TOO_FEW', details);
  }
  if (endpoint.kind === 'classification' && new Set(rows.y).size < 2) {
    throw new AssayerError('ERR_DATA_ONE_CLASS', { endpoint: endpoint.id, part, path });
  }
}

/** Values of one compound further apart than this contradict each other, as in the recipes' curation. */
const LARGEST_SPREAD = 0.5;

function conflicts({ rows }: LabelledTable, kind: 'regression' | 'classification'): number {
  const most = kind === 'classification' ? 0 : LARGEST_SPREAD;
  const compounds = Map.groupBy(rows.inchikeys.keys(), (row) => rows.inchikeys[row]);
  return [...compounds].filter(([key, at]) => {
    const values = at.map((row) => rows.y[row]);
    return key !== '' && Math.max(...values) - Math.min(...values) > most;
  }).length;
}
