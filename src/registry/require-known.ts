import { AssayerError } from '../core/errors.ts';
import { type Column, insertRows } from './insert-rows.ts';
import type { Sql } from './sql.ts';

/** What a record of a kind names, and where that must stand. */
export interface Reference {
  readonly kind: string;
  readonly what: string;
  readonly table: string;
  readonly column: string;
}

/**
 * Refuses records that name what the registry does not know.
 * @param named the subject of each record, and what it names; null names nothing
 * @throws ERR_REGISTRY_REFERENCE for the first that is unknown
 */
export async function requireKnown(
  sql: Sql,
  { kind, what, table, column }: Reference,
  named: readonly (readonly [subject: string, name: string | null])[],
): Promise<void> {
  const names = [...new Set(named.flatMap(([, name]) => name ?? []))];
  if (names.length === 0) return;
  const rows = await sql.query<{ name: string }>(
    `select distinct ${column} as name from assayer.${table} where ${column} = any($1::text[])`,
    [names],
  );
  const known = new Set(rows.map(({ name }) => name));
  for (const [subject, name] of named) {
    if (name === null || known.has(name)) continue;
    throw new AssayerError('ERR_REGISTRY_REFERENCE', { kind, subject, what, name });
  }
}

/**
 * Inserts rows whose first column must not stand in the table yet, nor twice among them.
 * @throws ERR_REGISTRY_DUPLICATE
 */
export async function insertNew(
  sql: Sql,
  kind: string,
  table: string,
  columns: Readonly<Record<string, Column>>,
): Promise<void> {
  const [[name, [, values]]] = Object.entries(columns);
  const keys = values as readonly string[];
  const standing = await sql.query<{ key: string }>(
    `select ${name} as key from assayer.${table} where ${name} = any($1::text[]) limit 1`,
    [keys],
  );
  const seen = new Set<string>();
  const repeated = standing[0]?.key ?? keys.find((key) => seen.size === seen.add(key).size);
  if (repeated !== undefined) throw new AssayerError('ERR_REGISTRY_DUPLICATE', { kind, subject: repeated });
  await insertRows(sql, table, columns);
}
