import type { Sql } from './sql.ts';

/** Values of one column, one for each row, and the column's type. */
export type Column = readonly [
  type: 'text' | 'bigint' | 'double precision' | 'boolean',
  values: readonly unknown[],
];

/** Inserts rows in one statement, however many they are. */
export async function insertRows(
  sql: Sql,
  table: string,
  columns: Readonly<Record<string, Column>>,
): Promise<void> {
  const names = Object.keys(columns);
  const given = Object.values(columns);
  const arrays = given.map(([type], i) => `$${i + 1}::${type}[]`);
  await sql.query(
    `insert into assayer.${table} (${names.join(', ')}) select * from unnest(${arrays.join(', ')})`,
    given.map(([, values]) => values),
  );
}
