import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** An open DuckDB; disposal closes it. */
export interface DuckDb extends Disposable {
  readonly connection: DuckDBConnection;
}

/**
 * Opens DuckDB with bounded memory and without downloads. One thread: the order of rows and the bytes of a written file
 * must not depend on the machine, and reading is not what a screen waits for.
 * @param file database file, or ':memory:'
 */
export async function openDuckDb(file: string): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(file, {
    threads: '1',
    memory_limit: '512MB',
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  return {
    connection,
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A text as a SQL string literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
