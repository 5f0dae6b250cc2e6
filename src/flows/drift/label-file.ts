import { type EndpointDefinition, reversesOrder, toModelled } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import { findColumn, indexOfColumn } from '../../store/choose-columns.ts';
import { openDelimitedRows } from '../../store/delimited-rows.ts';
import { InputBytes } from '../../store/input-bytes.ts';
import { formatOfName } from '../../store/table-format.ts';
import type { Workspace } from '../../store/workspace.ts';
import { dayOf } from './calendar-day.ts';

/** What a label's scale and kind depend on. */
export type LabelScale = Pick<EndpointDefinition, 'transform' | 'kind'>;

/** A row of a file of labels. */
export interface LabelRow {
  /** Data row of the file, from 0. */
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
  const optional = ['relation', 'submitted', 'measured'].map((name) => indexOfColumn(source.columns, name));
  const wanted = [
    findColumn(path, source.columns, byId ? 'id' : 'inchikey'),
    findColumn(path, source.columns, 'value'),
    ...optional.filter((index) => index >= 0),
  ];
  let place = 2;
  const [relationAt, submittedAt, measuredAt] = optional.map((index) => (index < 0 ? null : place++));
  const rows: LabelRow[] = [];
  for await (const piece of source.read(wanted, signal)) {
    for (let i = 0; i < piece[0].length; i++) {
      const row = rows.length;
      const cell = (at: number | null) => (at === null ? '' : piece[at][i].trim());
      const refuse = (problem: string) => new AssayerError('ERR_LABELS', { path, row, problem });
      const days = [cell(submittedAt), cell(measuredAt)].map((text) => dateOf(text, today, refuse));
      const value = modelledValue(cell(1), scale, refuse);
      requireOrder(value, days, refuse);
      rows.push({
        row,
        key: cell(0),
        value,
        relation: relationOf(cell(relationAt), scale, refuse),
        submitted: days[0],
        measured: days[1],
      });
    }
  }
  return { byId, rows };
}

type Refuse = (problem: string) => AssayerError;

function modelledValue(text: string, { kind, transform }: LabelScale, refuse: Refuse): number {
  if (text === '') return Number.NaN;
  const value = Number(text);
  if (kind === 'classification') {
    if (value === 0 || value === 1) return value;
    throw refuse(`value ${text} is neither 0 nor 1`);
  }
  const modelled = toModelled(transform, value);
  if (Number.isFinite(value) && Number.isFinite(modelled)) return modelled;
  throw refuse(
    `value ${text} is no number that the endpoint can have; leave it empty where the label is still out`,
  );
}

function relationOf(text: string, { kind, transform }: LabelScale, refuse: Refuse): number {
  const relation = { '': 0, '=': 0, '<': -1, '<=': -1, '>': 1, '>=': 1 }[text];
  if (relation === undefined) throw refuse(`relation ${text} is none of <, <=, =, >=, >`);
  if (relation !== 0 && kind === 'classification') throw refuse(`a class cannot be ${text} a value`);
  return relation === 0 ? 0 : reversesOrder(transform) ? -relation : relation;
}

function dateOf(text: string, today: number, refuse: Refuse): number {
  if (text === '') return Number.NaN;
  const day = dayOf(text);
  if (Number.isNaN(day)) throw refuse(`${text} is no date such as 2026-03-31`);
  if (day > today + 1) throw refuse(`${text} is in the future`);
  return day;
}

function requireOrder(value: number, [submitted, measured]: readonly number[], refuse: Refuse): void {
  if (measured < submitted) throw refuse('it was measured before it was submitted');
  if (Number.isNaN(value) && !Number.isNaN(measured)) {
    throw refuse('it has a day of measurement and no value; leave out measurements that failed');
  }
  if (!Number.isNaN(value) && !Number.isNaN(submitted) && Number.isNaN(measured)) {
    throw refuse(
      'it has a value and a day of submission, and no day of measurement, so its delay is not known',
    );
  }
}
