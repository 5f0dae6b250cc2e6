import { tmpdir } from 'node:os';
import { AssayerError } from '../../core/errors.ts';
import { findColumn } from '../../store/choose-columns.ts';
import { openDelimitedRows } from '../../store/delimited-rows.ts';
import { InputBytes } from '../../store/input-bytes.ts';
import { detectFormat } from '../../store/table-format.ts';

/** A table of compounds measured twice. */
export interface PairsRequest {
  /** CSV or TSV with a header, also gzipped; '-' for standard input. */
  readonly path: string;
  /** Columns of the values before and after the change. */
  readonly before: string;
  readonly after: string;
  /** Column of names; rows are named by number where there is none. */
  readonly idColumn?: string;
  /** Values are as measured (nM, say): their log10 is compared. Else they are log10 values already. */
  readonly log10: boolean;
}

/** One compound, in log units. */
export interface BridgePair {
  readonly id: string;
  /** Data row of the file, from 1. */
  readonly row: number;
  readonly before: number;
  readonly after: number;
  /** after - before */
  readonly difference: number;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BOUND = /^[<>≤≥~]/;
/** No measured quantity has a log10 beyond this; a column of nM or of per cent has. */
const LARGEST_LOG = 20;
/** Rows that a message names. */
const SHOWN = 5;

/**
 * Reads the pairs, in the order of the file. Every row counts or the file is refused: a pair that went missing without a
 * word would change the verdict.
 * @throws ERR_PAIRS, ERR_INPUT_COLUMN_NOT_FOUND, and as a reader of inputs
 */
export async function readPairs(request: PairsRequest, signal?: AbortSignal): Promise<BridgePair[]> {
  const { path, idColumn } = request;
  await using bytes = await InputBytes.open(path, tmpdir(), process.stdin, signal);
  const format = detectFormat(path, await bytes.head(signal), undefined);
  if (format !== 'csv' && format !== 'tsv') {
    throw refusal(path, `it is read as ${format.toUpperCase()}; save the table as CSV or TSV`);
  }
  await using source = await openDelimitedRows(bytes, { format, header: true, named: {} }, signal);
  const names = [request.before, request.after, ...(idColumn === undefined ? [] : [idColumn])];
  const wanted = names.map((name) => findColumn(path, source.columns, name));
  if (wanted[0] === wanted[1]) {
    throw refusal(path, `before and after are one column, ${source.columns[wanted[0]]}; name two`);
  }
  const pairs: BridgePair[] = [];
  const problems: string[] = [];
  const rowOfId = new Map<string, number>();
  let row = 0;
  for await (const [befores, afters, ids] of source.read(wanted, signal)) {
    for (let i = 0; i < befores.length; i++) {
      row++;
      const id = ids?.[i].trim() || `row ${row}`;
      const place = id === `row ${row}` ? id : `row ${row} (${id})`;
      const [before, after] = [befores[i], afters[i]].map((cell, k) => {
        const value = logValueOf(cell.trim(), request.log10);
        if (typeof value === 'number') return value;
        problems.push(`${place}, column ${source.columns[wanted[k]]}, ${value}`);
        return Number.NaN;
      });
      const first = rowOfId.get(id);
      if (first !== undefined) {
        problems.push(
          `${place} is the compound of row ${first} again, and two pairs of one compound are not independent: give one row with the mean of its log10 values`,
        );
      }
      rowOfId.set(id, first ?? row);
      pairs.push({ id, row, before, after, difference: after - before });
    }
  }
  if (row === 0) throw new AssayerError('ERR_INPUT_EMPTY', { path });
  if (problems.length > 0) {
    const more = problems.length > SHOWN ? [`and ${problems.length - SHOWN} more`] : [];
    throw refusal(
      path,
      `${[...problems.slice(0, SHOWN), ...more].join('; ')} (rows counted from 1, below the header)`,
    );
  }
  return pairs;
}

/** The value in log units, or what is wrong with the cell and what to do. */
function logValueOf(text: string, log10: boolean): number | string {
  if (text === '') return 'is empty: measure it, or delete the row';
  const reads = `reads "${text.slice(0, 40)}"`;
  if (BOUND.test(text)) {
    return `${reads}, a bound: how far that value moved is not known, and taking the bound for it would hide a change. Bridge with compounds inside the range of both assays, or delete the row`;
  }
  const value = Number(text);
  if (!DECIMAL.test(text) || !Number.isFinite(value)) {
    const advice = /^[+-]?\d+,\d+$/.test(text) ? 'write the decimal as a point' : 'give a plain number';
    return `${reads}, no number: ${advice}, or delete the row`;
  }
  if (log10 && !(value > 0)) return `${reads}, which has no log10: give a value above 0, or delete the row`;
  const log = log10 ? Math.log10(value) : value;
  if (Math.abs(log) <= LARGEST_LOG) return log;
  return log10
    ? `${reads}, which nothing measures: check it`
    : `${reads}, which is no log10 of a measured value: give log10 values (pIC50, logS), or add --log10 to have it taken`;
}

function refusal(path: string, problem: string): AssayerError {
  return new AssayerError('ERR_PAIRS', { path, problem });
}
