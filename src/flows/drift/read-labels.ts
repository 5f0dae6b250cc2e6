import { AssayerError } from '../../core/errors.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { DriftSample } from './drift-sample.ts';
import {
  type LabelFile,
  type LabelRow,
  type LabelScale,
  labelsRefused,
  readLabelFile,
} from './label-file.ts';

/** Labels of a batch; row i of every array is row i of the sample. Times are days since 1970. */
export interface BatchLabels {
  /** Modelled scale, or 0 and 1; NaN where no label has arrived. float64 [n] */
  readonly values: Float64Array;
  /** -1 where the true value is at or below the label, 1 where it is at or above, 0 where it is the label. int8 [n] */
  readonly relations: Int8Array;
  /** When the compound was submitted to the assay; NaN where it was not, or it is not told. float64 [n] */
  readonly submitted: Float64Array;
  /** When the first label arrived; NaN where none has, or it is not told. float64 [n] */
  readonly measured: Float64Array;
  /** The latest date in the file, taken for the day it was written; NaN where it holds none. */
  readonly latest: number;
  /** Rows of the file whose compound is not in the batch. */
  readonly unmatched: number;
  /** Compounds whose value was replaced by one that was measured later. */
  readonly revised: number;
}

/** A sentence on rows of no compound of the batch, after a space; '' where there is none. */
export function unmatchedWords({ unmatched }: Pick<BatchLabels, 'unmatched'>): string {
  if (unmatched === 0) return '';
  return ` ${unmatched} ${unmatched === 1 ? 'row of the labels is' : 'rows of the labels are'} of no compound of the batch.`;
}

/**
 * Reads the labels of a batch.
 * @throws ERR_LABELS where no row is of a compound of the batch, and as `readLabelFile` and `labelsOf`
 */
export async function readLabels(
  path: string,
  batch: DriftSample,
  scale: LabelScale,
  workspace: Workspace,
  options: { readonly today: number; readonly asOf?: number; readonly signal?: AbortSignal },
): Promise<BatchLabels> {
  const file = await readLabelFile(path, scale, workspace, options);
  const labels = labelsOf(path, file, batch, options.asOf);
  requireMatch(path, file, batch);
  return labels;
}

/** @throws ERR_LABELS where there are rows, and none is of a compound of the batch, or of a stream of them */
export function requireMatch(
  path: string,
  { rows, byId }: LabelFile,
  { name, ids, inchikeys }: DriftSample,
): void {
  const own = new Set(byId ? ids : inchikeys);
  own.delete('');
  if (rows.length === 0 || own.size === 0 || rows.some(({ key }) => own.has(key))) return;
  const what = byId ? 'id' : 'inchikey';
  const none =
    rows.length === 1 ? 'its only row is of no compound' : `none of its ${rows.length} rows is of a compound`;
  const [first] = own;
  const problem = `${none} of ${name}: the first names ${what} ${rows[0].key || '(empty)'}, and ${name} holds ${what} ${first}`;
  throw new AssayerError('ERR_LABELS', { path, problem });
}

/**
 * The labels of a batch from those of a file. Of two values of one compound the one measured later counts, and the first date
 * counts for the delay; a compound that is in the batch twice is labelled once, in its first row.
 * @param asOf  a day since 1970: as they were known when it ended. What was measured later is still out
 * @throws ERR_LABELS
 */
export function labelsOf(path: string, file: LabelFile, batch: DriftSample, asOf?: number): BatchLabels {
  if (file.byId && batch.numbered) {
    const problem = `${batch.name} has no column of ids. Name one with --id-column, or give labels by inchikey`;
    throw new AssayerError('ERR_LABELS', { path, problem });
  }
  const rows = asOf === undefined ? file.rows : knownRows(path, file.rows, asOf);
  const rowOf = rowsByKey(path, batch, file.byId, new Set(rows.map(({ key }) => key)));
  const n = batch.ids.length;
  const numbers = () => new Float64Array(n).fill(Number.NaN);
  const labels = {
    values: numbers(),
    relations: new Int8Array(n),
    submitted: numbers(),
    measured: numbers(),
  };
  const valued = new Map<number, LabelRow>();
  const revised = new Set<number>();
  const problems: string[] = [];
  let [latest, unmatched] = [asOf ?? Number.NaN, 0];
  for (const one of rows) {
    latest = greatest(latest, greatest(one.submitted, one.measured));
    const row = rowOf.get(one.key);
    if (row === undefined) {
      unmatched++;
      continue;
    }
    labels.submitted[row] = least(labels.submitted[row], one.submitted);
    labels.measured[row] = least(labels.measured[row], one.measured);
    if (Number.isNaN(one.value)) continue;
    const before = valued.get(row);
    const later = before ? laterOf(before, one, problems) : one;
    if (before && before.value !== one.value) revised.add(row);
    valued.set(row, later);
    labels.values[row] = later.value;
    labels.relations[row] = later.relation;
  }
  if (problems.length > 0) throw labelsRefused(path, problems);
  return { ...labels, latest, unmatched, revised: revised.size };
}

/** What was known of labels when a day ended. @throws ERR_LABELS where it is not told when one came */
function knownRows(path: string, rows: readonly LabelRow[], day: number): LabelRow[] {
  const undated = rows.filter(({ value, measured }) => !Number.isNaN(value) && Number.isNaN(measured));
  if (undated.length > 0) {
    const problem = 'it has a value and no day of measurement, so it is not told when it became known';
    throw labelsRefused(
      path,
      undated.map(({ row, key }) => `row ${row} (${key}): ${problem}`),
    );
  }
  return rows.flatMap((row) => knownBy(row, day));
}

function knownBy(label: LabelRow, day: number): LabelRow[] {
  if (label.submitted > day) return [];
  if (!(label.measured > day)) return [label];
  // Its submission was known, and its value was still out.
  return Number.isNaN(label.submitted)
    ? []
    : [{ ...label, value: Number.NaN, relation: 0, measured: Number.NaN }];
}

/** Row of each key; of equal ones the first. @throws ERR_LABELS where an id that is used names several compounds */
function rowsByKey(
  path: string,
  { ids, inchikeys }: DriftSample,
  byId: boolean,
  used: ReadonlySet<string>,
): Map<string, number> {
  const rowOf = new Map<string, number>();
  for (const [row, key] of (byId ? ids : inchikeys).entries()) {
    if (key === '') continue;
    const first = rowOf.get(key);
    if (first === undefined) rowOf.set(key, row);
    else if (inchikeys[first] !== inchikeys[row] && used.has(key)) {
      const problem = `id ${key} names several compounds of the batch; give labels by inchikey`;
      throw new AssayerError('ERR_LABELS', { path, problem });
    }
  }
  return rowOf;
}

/** The one measured later; of equal labels, and where it is not told which is later, the first. @param problems  gets the latter */
function laterOf(before: LabelRow, after: LabelRow, problems: string[]): LabelRow {
  if (after.measured > before.measured) return after;
  if (after.measured < before.measured) return before;
  if (after.value !== before.value || after.relation !== before.relation) {
    problems.push(
      `row ${after.row}: ${after.key} has another value in row ${before.row}; give the days of measurement, so that the later one counts`,
    );
  }
  return before;
}

const greatest = (a: number, b: number): number => (Number.isNaN(a) || b > a ? b : a);
const least = (a: number, b: number): number => (Number.isNaN(a) || b < a ? b : a);
