import { AssayerError } from '../core/errors.ts';
import { withoutMark } from './byte-order-mark.ts';
import type { NamedColumns } from './choose-columns.ts';
import { DelimitedRecord } from './delimited-record.ts';
import { delimiterOf } from './delimiter.ts';
import type { InputBytes } from './input-bytes.ts';
import { LINE_LIMIT_BYTES, type RowSource, requireFewColumns } from './row-source.ts';

/** How a delimited text is laid out. */
export interface DelimitedLayout {
  readonly format: 'csv' | 'tsv';
  /** False when the first record is data; columns are then named column_1, column_2 ... */
  readonly header: boolean;
  /** Columns that the caller named: they help to tell the delimiter. */
  readonly named: NamedColumns;
}

/**
 * CSV or TSV as rows. A record with too few cells is filled with '', surplus cells are left out, blank lines are skipped;
 * nothing else makes a record disappear. A CSV may be delimited by comma, tab, ; or |, and a first line may say by what.
 *
 * An own reader, since every record must come out as one row whatever is wrong with it: DuckDB's reader either stops at
 * such a record or leaves it out.
 * @throws ERR_INPUT_FORMAT (a quote that is never closed, too many columns), ERR_INPUT_LINE_TOO_LONG, and what InputBytes throws
 */
export async function openDelimitedRows(
  bytes: InputBytes,
  layout: DelimitedLayout,
  signal?: AbortSignal,
): Promise<RowSource> {
  const { format, header, named } = layout;
  const { character, declared } = delimiterOf(await bytes.head(signal), format, header, named);
  let columns: string[] = [];
  let ahead = declared ? 1 : 0;
  for await (const cursor of readRecords(bytes, format, character, signal)) {
    while (columns.length === 0 && cursor.next()) {
      if (ahead-- > 0) continue;
      requireFewColumns(bytes.path, format.toUpperCase(), cursor.count);
      columns = Array.from({ length: cursor.count }, (_, i) =>
        header ? cursor.text(i).trim() : `column_${i + 1}`,
      );
    }
    if (columns.length > 0) break;
  }
  return {
    columns,
    rowCount: null,
    async *read(wanted, readSignal) {
      let skip = (declared ? 1 : 0) + (header ? 1 : 0);
      for await (const cursor of readRecords(bytes, format, character, readSignal)) {
        const piece: string[][] = wanted.map(() => []);
        while (cursor.next()) {
          if (skip > 0) skip--;
          else for (let k = 0; k < wanted.length; k++) piece[k].push(cursor.text(wanted[k]));
        }
        if (piece[0]?.length) yield piece;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The records that end in the bytes at hand. The caller goes through them all with `next` before it asks for more bytes. */
interface RecordCursor {
  /** Moves to the next record that is not blank; false when there is none in these bytes. */
  next(): boolean;
  /** Cells of the record. */
  readonly count: number;
  /** Text of cell i of the record; '' when it has fewer. */
  text(i: number): string;
}

async function* readRecords(
  bytes: InputBytes,
  format: string,
  delimiter: string,
  signal?: AbortSignal,
): AsyncGenerator<RecordCursor> {
  const path = bytes.path;
  const record = new DelimitedRecord(delimiter.charCodeAt(0));
  let line = 1;
  const badQuote = (problem: string) =>
    new AssayerError('ERR_INPUT_FORMAT', { path, format: format.toUpperCase(), problem });
  const unclosed = () => badQuote(`the quote opened in line ${line + record.openQuote} is never closed`);

  function cursorOver(buffer: Buffer, final: boolean) {
    let at = 0;
    return {
      get rest() {
        return buffer.subarray(at);
      },
      get count() {
        return record.count;
      },
      next(): boolean {
        while (at < buffer.length) {
          const after = record.scan(buffer, at, final);
          const size = (after < 0 ? buffer.length : after) - at;
          if (after < 0 && record.openQuote >= 0 && (final || size > LINE_LIMIT_BYTES)) throw unclosed();
          if (size > LINE_LIMIT_BYTES) {
            throw new AssayerError('ERR_INPUT_LINE_TOO_LONG', { path, line, limitBytes: LINE_LIMIT_BYTES });
          }
          if (after < 0) return false;
          if (record.misquoted)
            throw badQuote(`a quote opened in line ${line} is closed in the middle of a later line`);
          at = after;
          line += 1 + record.innerLines;
          if (record.count > 0) return true;
        }
        return false;
      },
      text: (i: number) => record.text(buffer, i),
    };
  }

  let carry: Buffer = Buffer.alloc(0);
  let started = false;
  for await (const chunk of bytes.chunks(signal)) {
    let buffer = carry.length ? Buffer.concat([carry, chunk]) : chunk;
    if (!started && buffer.length < 3) {
      carry = buffer;
      continue;
    }
    if (!started) buffer = withoutMark(buffer);
    started = true;
    const cursor = cursorOver(buffer, false);
    yield cursor;
    while (cursor.next());
    carry = cursor.rest;
  }
  yield cursorOver(started ? carry : withoutMark(carry), true);
}
