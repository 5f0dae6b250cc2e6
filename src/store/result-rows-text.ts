import { AssayerError } from '../core/errors.ts';
import type { ResultRow, ScannedRows } from './result-rows-columns.ts';
import { type TextFormat, textRecords } from './result-rows-text-records.ts';
import { openTextWindow, textChunks } from './result-rows-text-window.ts';
import { LINE_LIMIT_BYTES } from './row-source.ts';

/** What is read first of a row that is wanted; most results' rows are shorter. */
const ROW_BYTES = 1 << 14;
/** A row holds several cells that came from one line of an input, in quotes. */
const ROW_LIMIT_BYTES = 16 * LINE_LIMIT_BYTES;

/**
 * Ids and InChIKeys of all rows, in order, with their places.
 * @throws ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_CORRUPT, ERR_INPUT_UNREADABLE, ERR_CANCELLED
 */
export async function* scanTextRows(
  path: string,
  format: TextFormat,
  signal?: AbortSignal,
): AsyncGenerator<ScannedRows> {
  const records = textRecords(path, format, new Set(['id', 'inchikey']));
  let carry: Buffer = Buffer.alloc(0);
  let base = 0;
  let isHead = records.hasHead;
  async function* pieces() {
    for await (const chunk of textChunks(path, signal)) yield { chunk, final: false };
    yield { chunk: Buffer.alloc(0), final: true };
  }
  for await (const { chunk, final } of pieces()) {
    const bytes = carry.length ? Buffer.concat([carry, chunk]) : chunk;
    const found = { ids: [] as string[], inchikeys: [] as (string | null)[], places: [] as number[] };
    let at = 0;
    while (at < bytes.length) {
      const after = records.scan(bytes, at, final);
      if (after < 0) break;
      if (isHead) {
        records.takeHead(bytes);
        isHead = false;
      } else {
        const { id, inchikey } = records.row(bytes);
        found.ids.push(id === null ? '' : String(id));
        found.inchikeys.push(inchikey === null ? null : String(inchikey));
        found.places.push(base + at);
      }
      at = after;
    }
    base += at;
    carry = bytes.subarray(at);
    if (carry.length > ROW_LIMIT_BYTES) throw tooLong(path);
    if (found.ids.length) yield found;
  }
}

/**
 * The rows at some places of a text. Of a plain file only these are read; a gzipped one has no places to go to, so it is
 * unpacked from its start to the last of them, though no row before is looked at.
 * @param places  ascending @param columns  null for all
 */
export async function readTextRows(
  path: string,
  format: TextFormat,
  places: readonly number[],
  columns: ReadonlySet<string> | null,
  signal?: AbortSignal,
): Promise<ResultRow[]> {
  const records = textRecords(path, format, columns);
  await using window = await openTextWindow(path, signal);
  const readRecord = async (place: number) => {
    for (let sizeBytes = ROW_BYTES; sizeBytes <= ROW_LIMIT_BYTES; sizeBytes *= 4) {
      const { bytes, final } = await window.from(place, sizeBytes);
      if (bytes.length === 0) break;
      if (records.scan(bytes, 0, final) >= 0) return bytes;
    }
    throw tooLong(path);
  };
  if (records.hasHead) records.takeHead(await readRecord(0));
  const rows: ResultRow[] = [];
  for (const place of places) rows.push(records.row(await readRecord(place)));
  return rows;
}

function tooLong(path: string): AssayerError {
  const problem = `a row of it has no end within ${ROW_LIMIT_BYTES} bytes`;
  return new AssayerError('ERR_INPUT_CORRUPT', { path, problem });
}
