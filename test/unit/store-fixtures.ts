import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { AssayerError, type ErrorCode } from '../../src/core/errors.ts';
import { type CompoundTable, type OpenTableOptions, openTable } from '../../src/store/compound-table.ts';

/** A folder that goes when the test file is done. */
export const folder: string = mkdtempSync(join(tmpdir(), 'assayer-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const spoolFolder: string = join(folder, 'spool');

let count = 0;

/** Path of a new file with this content; `name` is an ending such as "a.csv". */
export function fileWith(name: string, content: string | Uint8Array): string {
  const path = join(folder, `${count++}-${name}`);
  writeFileSync(path, content);
  return path;
}

/** A path where nothing is yet. */
export function freshPath(name: string): string {
  return join(folder, `${count++}-${name}`);
}

/** All compounds of a table as lists. */
export async function readAll(table: CompoundTable, batchSize = 7) {
  const rows: number[] = [];
  const ids: string[] = [];
  const inputs: string[] = [];
  for await (const batch of table.batches(batchSize)) {
    rows.push(...batch.rows);
    ids.push(...batch.ids);
    inputs.push(...batch.inputs);
  }
  return { rows, ids, inputs };
}

/** Opens, reads all and closes. */
export async function read(path: string, options: Partial<OpenTableOptions> = {}) {
  await using table = await openTable(path, { spoolFolder, ...options });
  return { table, ...(await readAll(table)) };
}

/** The AssayerError that a promise ends in. */
export async function failure(promise: Promise<unknown>): Promise<AssayerError<ErrorCode>> {
  try {
    await promise;
  } catch (cause) {
    if (cause instanceof AssayerError) return cause;
    throw cause;
  }
  throw new Error('expected an error, but there was none');
}

/** Names in the folder beside an output that belong to it. */
export function namesAbout(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return readdirSync(folder).filter((entry) => entry.includes(name));
}
