import { AssayerError, describeCause } from '../core/errors.ts';
import type { InputBytes } from './input-bytes.ts';
import { readLines } from './read-lines.ts';
import { type RowSource, requireFewColumns } from './row-source.ts';

/** Objects looked at to learn the columns. */
const KEYS_FROM_ROWS = 1000;

/**
 * JSON lines as rows: one object a line, blank lines skipped. Columns are the keys of the first 1,000 objects, in the order
 * they appear. A later line that is no object stays a row: its text stands in the first wanted column, for
 * the chemistry to refuse.
 * @throws ERR_INPUT_FORMAT when the first line is no object or there are too many keys, and what readLines throws
 */
export async function openJsonRows(bytes: InputBytes, signal?: AbortSignal): Promise<RowSource> {
  const keys = new Set<string>();
  let rows = 0;
  for await (const lines of readLines(bytes, signal)) {
    for (const line of lines) {
      if (line.trim() === '') continue;
      if (rows++ === 0) requireObject(bytes.path, line);
      for (const key of Object.keys(parseObject(line) ?? {})) keys.add(key);
      requireFewColumns(bytes.path, 'JSON lines', keys.size);
    }
    if (rows >= KEYS_FROM_ROWS) break;
  }
  const columns = [...keys];
  return {
    columns,
    rowCount: null,
    async *read(wanted, readSignal) {
      for await (const lines of readLines(bytes, readSignal)) {
        const piece: string[][] = wanted.map(() => []);
        for (const line of lines) {
          if (line.trim() === '') continue;
          const row = parseObject(line);
          wanted.forEach((column, k) => {
            piece[k].push(row ? cellText(row, columns[column]) : k === 0 ? line : '');
          });
        }
        if (piece[0]?.length) yield piece;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null; // the line stays a row, see above
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requireObject(path: string, line: string): void {
  const refuse = (problem: string, cause?: unknown) =>
    new AssayerError('ERR_INPUT_FORMAT', { path, format: 'JSON lines', problem }, { cause });
  try {
    if (!isObject(JSON.parse(line))) throw refuse('its first line is not a JSON object');
  } catch (cause) {
    if (cause instanceof AssayerError) throw cause;
    throw refuse(`its first line is not JSON (${describeCause(cause)})`, cause);
  }
}

/** A JSON value as the text of a cell: null and absent are '', a nested value is its JSON. */
function cellText(row: Record<string, unknown>, key: string): string {
  const value = Object.hasOwn(row, key) ? row[key] : null;
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
