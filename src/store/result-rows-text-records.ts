import { AssayerError, describeCause } from '../core/errors.ts';
import { DelimitedRecord } from './delimited-record.ts';
import { type ResultRow, requireColumns } from './result-rows-columns.ts';

const LF = 10;

export type TextFormat = 'csv' | 'tsv' | 'jsonl';

/** How the records of a text are told apart and read. The place of a row is the byte of the (unpacked) text it starts at. */
export interface TextRecords {
  /** Whether the first record names the columns; it goes to `takeHead` before any row is read. */
  readonly hasHead: boolean;
  /** Moves over the record at `from`. @returns where the next one starts; -1 when this one goes on past the bytes */
  scan(bytes: Buffer, from: number, final: boolean): number;
  takeHead(bytes: Buffer): void;
  /** The wanted cells of the record by column. In a delimited text, which cannot tell them apart, '' is null. */
  row(bytes: Buffer): ResultRow;
}

/** @param columns  names of the wanted columns; null for all */
export function textRecords(
  path: string,
  format: TextFormat,
  columns: ReadonlySet<string> | null,
): TextRecords {
  if (format === 'jsonl') return new JsonRecords(path, columns);
  return new DelimitedRecords(path, format === 'csv' ? ',' : '\t', columns);
}

class DelimitedRecords implements TextRecords {
  readonly hasHead = true;
  readonly #path: string;
  readonly #columns: ReadonlySet<string> | null;
  readonly #record: DelimitedRecord;
  #wanted: readonly { readonly name: string; readonly i: number }[] = [];

  constructor(path: string, delimiter: string, columns: ReadonlySet<string> | null) {
    this.#path = path;
    this.#columns = columns;
    this.#record = new DelimitedRecord(delimiter.charCodeAt(0));
  }

  scan(bytes: Buffer, from: number, final: boolean): number {
    return this.#record.scan(bytes, from, final);
  }

  takeHead(bytes: Buffer): void {
    const names = Array.from({ length: this.#record.count }, (_, i) => this.#record.text(bytes, i));
    requireColumns(this.#path, names, this.#columns);
    const all = names.map((name, i) => ({ name, i }));
    this.#wanted = all.filter(({ name }) => this.#columns?.has(name) ?? true);
  }

  row(bytes: Buffer): ResultRow {
    const row: Record<string, string | null> = {};
    for (const { name, i } of this.#wanted) row[name] = this.#record.text(bytes, i) || null;
    return row;
  }
}

class JsonRecords implements TextRecords {
  readonly hasHead = false;
  readonly #path: string;
  readonly #columns: ReadonlySet<string> | null;
  #from = 0;
  #to = 0;

  constructor(path: string, columns: ReadonlySet<string> | null) {
    this.#path = path;
    this.#columns = columns;
  }

  scan(bytes: Buffer, from: number, final: boolean): number {
    const feed = bytes.indexOf(LF, from);
    if (feed < 0 && !final) return -1;
    this.#from = from;
    this.#to = feed < 0 ? bytes.length : feed;
    return feed < 0 ? bytes.length : feed + 1;
  }

  takeHead(): void {}

  row(bytes: Buffer): ResultRow {
    const row = this.#parse(bytes.toString('utf8', this.#from, this.#to));
    const columns = this.#columns;
    if (columns === null) return row;
    requireColumns(this.#path, Object.keys(row), columns);
    return Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name)));
  }

  #parse(line: string): ResultRow {
    try {
      const row: unknown = JSON.parse(line);
      if (typeof row !== 'object' || row === null) throw new TypeError('it is no object');
      return row as ResultRow;
    } catch (cause) {
      const problem = `a line of it is no row (${describeCause(cause)})`;
      throw new AssayerError('ERR_INPUT_CORRUPT', { path: this.#path, problem }, { cause });
    }
  }
}
