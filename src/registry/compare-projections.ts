import { PROJECTION_TABLES, rebuildProjections } from './rebuild.ts';
import type { Database } from './sql.ts';

/** A table that is not what the records say. */
export interface TableDifference {
  readonly table: string;
  /** Rows that no record gives, and rows that records give and that are not there. */
  readonly extra: number;
  readonly missing: number;
}

/** Ends the transaction of a comparison, so that it changes nothing. */
class Compared extends Error {
  readonly differences: readonly TableDifference[];

  constructor(differences: readonly TableDifference[]) {
    super('compared');
    this.differences = differences;
  }
}

/**
 * Compares every table that follows from the records with one made anew from them, in a transaction that is rolled back.
 * Others wait meanwhile. Tables are truncated, not deleted from: the rollback then gives the disk back what the copies took.
 * @throws what the rules of the kinds refuse, where records were altered
 */
export async function compareProjections(database: Database): Promise<readonly TableDifference[]> {
  try {
    return await database.transaction(async (sql) => {
      await sql.query('select sequence from assayer.chain_head for update');
      for (const table of PROJECTION_TABLES) {
        await sql.query(`create temp table was_${table} as table assayer.${table}`);
      }
      const all = PROJECTION_TABLES.map((table) => `assayer.${table}`).join(', ');
      await sql.query(`truncate ${all}`);
      await rebuildProjections(sql);
      const differences: TableDifference[] = [];
      for (const table of PROJECTION_TABLES) {
        const [row] = await sql.query<{ extra: number; missing: number }>(
          `select
             (select count(*) from (table was_${table} except all table assayer.${table}) as e) as extra,
             (select count(*) from (table assayer.${table} except all table was_${table}) as m) as missing`,
        );
        if (row.extra + row.missing > 0) differences.push({ table, ...row });
      }
      throw new Compared(differences);
    });
  } catch (cause) {
    if (cause instanceof Compared) return cause.differences;
    throw cause;
  }
}
