import { AssayerError } from '../core/errors.ts';
import { isRefused } from '../core/monitoring-state.ts';
import type {
  CompoundName,
  TracedPrediction,
  TracedRejection,
  TracedRow,
  TraceReading,
} from '../core/trace.ts';
import type { ResultRow } from '../store/result-rows-columns.ts';
import type { LineageRecord, WorkRecord } from './lineage.ts';

const ROW_COLUMNS = ['row', 'id', 'input', 'inchikey', 'reason'];
const ANSWER_ENDINGS = [
  '',
  '_low',
  '_high',
  '_percentile',
  '_in_domain',
  '_nn_similarity',
  '_nn_id',
  '_nn_value',
];

/** The columns of a result that a trace reads (screen-columns.ts). */
export function traceColumns(work: WorkRecord): string[] {
  const answers = work.models.flatMap(({ endpoint }) => ANSWER_ENDINGS.map((ending) => endpoint + ending));
  const states = work.models.flatMap((model) => (model.states ? [`${model.endpoint}_state`] : []));
  return [...ROW_COLUMNS, ...answers, ...states];
}

/** Which readings a row agrees with: keys are hashes, so what stands in the row decides. */
export function matchesOf(row: ResultRow, readings: readonly TraceReading[]): CompoundName['kind'][] {
  const kinds = readings
    .filter(({ kind, text }) => (textOf(row, kind) ?? '') === text)
    .map(({ kind }) => kind);
  return [...new Set(kinds)];
}

/**
 * What a row says: a rejection, or what every model of the run said, in the order of the models; of one that was frozen and
 * refused to answer a rejection with its state.
 * @throws ERR_INPUT_CORRUPT where a cell is not what a screen writes
 */
export function tracedOf(
  run: LineageRecord,
  row: ResultRow,
  matched: TracedRow['matched'],
): (TracedPrediction | TracedRejection)[] {
  const common = tracedRow(run, row, matched);
  const reason = textOf(row, 'reason');
  if (reason !== null) return [{ ...common, reason }];
  const required = <T>(value: T | null, column: string): T => {
    if (value !== null) return value;
    throw corrupt(run, `row ${common.input.row} was accepted and has no ${column}`);
  };
  return run.work.models.map((model) => {
    const { endpoint } = model;
    const state = textOf(row, `${endpoint}_state`);
    if (model.states && isRefused(model.states))
      return { ...common, reason: `${endpoint}@${model.version}: ${required(state, `${endpoint}_state`)}` };
    const number = (ending: string) => numberOf(run, row, endpoint + ending);
    return {
      ...common,
      model: {
        endpoint,
        version: model.version,
        artifact: model.hash,
        released: model.released,
        lowEvidence: model.lowEvidence,
        calibrated: model.calibrated,
      },
      device: run.devices[endpoint],
      unit: model.unit,
      value: number(''),
      low: number('_low'),
      high: number('_high'),
      percentile: number('_percentile'),
      inDomain: required(booleanOf(run, row, `${endpoint}_in_domain`), `${endpoint}_in_domain`),
      nearest: {
        similarity: required(number('_nn_similarity'), `${endpoint}_nn_similarity`),
        inchikey: textOf(row, `${endpoint}_nn_id`),
        value: number('_nn_value'),
      },
      state,
    };
  });
}

function tracedRow(run: LineageRecord, row: ResultRow, matched: TracedRow['matched']): TracedRow {
  const number = numberOf(run, row, 'row');
  if (number === null) throw corrupt(run, 'a row of it has no number');
  return {
    run: run.run,
    finishedAt: run.finishedAt,
    matched,
    input: {
      path: run.input,
      sha256: run.work.input.sha256,
      row: number,
      id: textOf(row, 'id') ?? '',
      text: textOf(row, 'input') ?? '',
    },
    inchikey: textOf(row, 'inchikey'),
    contract: run.work.contract,
    engine: run.work.engine,
    output: { path: run.output.path, sha256: run.output.sha256 },
  };
}

/** null and '' are one: delimited text cannot tell them apart. */
function textOf(row: ResultRow, column: string): string | null {
  const cell = row[column] ?? '';
  return cell === '' ? null : String(cell);
}

function numberOf(run: LineageRecord, row: ResultRow, column: string): number | null {
  const text = textOf(row, column);
  if (text === null) return null;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw corrupt(run, `column ${column} holds ${text}, which is no number`);
}

function booleanOf(run: LineageRecord, row: ResultRow, column: string): boolean | null {
  const text = textOf(row, column);
  if (text === null || text === 'true' || text === 'false') return text && text === 'true';
  throw corrupt(run, `column ${column} holds ${text}, which is neither true nor false`);
}

function corrupt({ output }: LineageRecord, problem: string): AssayerError {
  return new AssayerError('ERR_INPUT_CORRUPT', { path: output.path, problem });
}
