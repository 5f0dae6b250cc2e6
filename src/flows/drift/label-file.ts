import { type EndpointDefinition, reversesOrder, toModelled, whyImpossible } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import { findColumn, indexOfColumn, listOf } from '../../store/choose-columns.ts';
import { openDelimitedRows } from '../../store/delimited-rows.ts';
import { InputBytes } from '../../store/input-bytes.ts';
import { formatOfName } from '../../store/table-format.ts';
import type { Workspace } from '../../store/workspace.ts';
import { dayOf } from './calendar-day.ts';

/** What a label's scale, range and kind depend on. */
export type LabelScale = Pick<EndpointDefinition, 'transform' | 'kind' | 'unit'>;

/** A row of a file of labels. */
export interface LabelRow {
  /** Data row of the file, from 1 below the header. */
  readonly row: number;
  /** Its id or InChIKey. */
  readonly key: string;
  /** Modelled scale, or 0 and 1; NaN where it has not arrived. */
  readonly value: number;
  /** On the modelled scale: -1 where the true value is at or below, 1 where it is at or above, 0 where it is the label. */
  readonly relation: number;
  /** Days since 1970; NaN where they are not told. */
  readonly submitted: number;
  readonly measured: number;
}

export interface LabelFile {
  /** Whether keys are ids of the batch; else they are InChIKeys. */
  readonly byId: boolean;
  readonly rows: readonly LabelRow[];
}

/** Rows that a message names. */
const SHOWN = 5;

/** Refuses a file of labels for some of its rows: the first five are named, the others counted. */
export function labelsRefused(path: string, problems: readonly string[]): AssayerError {
  const more = problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : [];
  const problem = `${[...problems.slice(0, SHOWN), ...more].join('; ')} (rows counted from 1, below the header)`;
  return new AssayerError('ERR_LABELS', { path, problem });
}

/**
 * Reads a file of labels; docs/drift.md has its columns.
 * @param today  day since 1970; one day later is still allowed, since it has begun somewhere
 * @throws ERR_LABELS, ERR_INPUT_COLUMN_NOT_FOUND, and as a reader of inputs
 */
export async function readLabelFile(
  path: string,
  scale: LabelScale,
  workspace: Workspace,
  { today, signal }: { readonly today: number; readonly signal?: AbortSignal },
): Promise<LabelFile> {
  await using bytes = await InputBytes.open(path, workspace.tmp, process.stdin, signal);
  const format = formatOfName(path) === 'tsv' ? 'tsv' : 'csv';
  await using source = await openDelimitedRows(bytes, { format, header: true, named: {} }, signal);
  const byId = indexOfColumn(source.columns, 'id') >= 0;
  const key = indexOfColumn(source.columns, byId ? 'id' : 'inchikey');
  if (key < 0) {
    const problem = `it has neither a column id nor inchikey, which say whose a value is. Its columns: ${listOf(source.columns)}`;
    throw new AssayerError('ERR_LABELS', { path, problem });
  }
  const optional = ['relation', 'submitted', 'measured'].map((name) => indexOfColumn(source.columns, name));
  const wanted = [key, findColumn(path, source.columns, 'value'), ...optional.filter((index) => index >= 0)];
  let place = 2;
  const [relationAt, submittedAt, measuredAt] = optional.map((index) => (index < 0 ? null : place++));
  const rows: LabelRow[] = [];
  const problems: string[] = [];
  for await (const piece of source.read(wanted, signal)) {
    for (let i = 0; i < piece[0].length; i++) {
      const row = rows.length + 1;
      const cell = (at: number | null) => (at === null ? '' : piece[at][i].trim());
      const before = problems.length;
      const refuse = (problem: string) => {
        problems.push(`row ${row} (${cell(0)}): ${problem}`);
        return Number.NaN;
      };
      const [submitted, measured] = [cell(submittedAt), cell(measuredAt)].map((text) =>
        dateOf(text, today, refuse),
      );
      const value = modelledValue(cell(1), scale, refuse);
      const relation = relationOf(cell(relationAt), scale, refuse);
      // A cell that could not be read is not missing.
      if (problems.length === before) checkOrder(value, submitted, measured, refuse);
      rows.push({ row, key: cell(0), value, relation, submitted, measured });
    }
  }
  if (problems.length > 0) throw labelsRefused(path, problems);
  return { byId, rows };
}

/** Notes what is wrong with a row. @returns NaN */
type Refuse = (problem: string) => number;

function modelledValue(text: string, scale: LabelScale, refuse: Refuse): number {
  if (text === '') return Number.NaN;
  const value = Number(text);
  if (scale.kind === 'classification') {
    return value === 0 || value === 1 ? value : refuse(`value ${text} is neither 0 nor 1`);
  }
  if (!Number.isFinite(value)) {
    return refuse(`value ${text} is no number; leave it empty where the label is still out`);
  }
  const impossible = whyImpossible(scale, value);
  return impossible === null ? toModelled(scale.transform, value) : refuse(impossible);
}

function relationOf(text: string, { kind, transform }: LabelScale, refuse: Refuse): number {
  const relation = { '': 0, '=': 0, '<': -1, '<=': -1, '>': 1, '>=': 1 }[text];
  if (relation === undefined) return refuse(`relation ${text} is none of <, <=, =, >=, >`);
  if (relation !== 0 && kind === 'classification') return refuse(`a class cannot be ${text} a value`);
  return relation === 0 ? 0 : reversesOrder(transform) ? -relation : relation;
}

function dateOf(text: string, today: number, refuse: Refuse): number {
  if (text === '') return Number.NaN;
  const day = dayOf(text);
  if (Number.isNaN(day)) return refuse(`${text} is no date such as 2026-03-31`);
  return day > today + 1 ? refuse(`${text} is in the future`) : day;
}

function checkOrder(value: number, submitted: number, measured: number, refuse: Refuse): void {
  if (measured < submitted) refuse('it was measured before it was submitted');
  else if (Number.isNaN(value) && !Number.isNaN(measured)) {
    refuse('it has a day of measurement and no value; leave out measurements that failed');
  } else if (!Number.isNaN(value) && !Number.isNaN(submitted) && Number.isNaN(measured)) {
    refuse('it has a value and a day of submission, and no day of measurement, so its delay is not known');
  }
}
