import type { PoolClient, PoolConfig } from 'pg';
import { ConnectionLost, databaseError, isLost } from './database-error.ts';
import type { Sql } from './sql.ts';

/** How long a transaction may wait for another one, and how long for a connection. */
const WAIT_MS = 60_000;
/** Longer than any statement of the registry takes; past it the database's process counts as gone. */
const STATEMENT_MS = 300_000;
const BIGINT = 20;

/** Connections to a database by the Postgres protocol: a server's, or that of the process which owns a workspace's. */
export interface Connections extends AsyncDisposable {
  /** @throws ConnectionLost; what `use` threw; otherwise as databaseError says */
  transaction<T>(use: (sql: Sql) => Promise<T>): Promise<T>;
}

/**
 * Opens a pool; the first connection is made by the first transaction.
 * @param path the registry as the user knows it, for messages
 */
export async function connect(path: string, config: PoolConfig): Promise<Connections> {
  const { Pool, types } = await import('pg');
  const pool = new Pool({
    ...config,
    max: 4,
    connectionTimeoutMillis: WAIT_MS,
    query_timeout: STATEMENT_MS,
    allowExitOnIdle: true,
    types: {
      getTypeParser: (type: number, format?: 'text' | 'binary') =>
        type === BIGINT ? Number : types.getTypeParser(type, format as 'text'),
    },
  });
  // A connection that breaks while nobody uses it is replaced by the next one that is asked for.
  pool.on('error', () => undefined);
  return {
    async transaction(use) {
      const client = await pool.connect().catch((cause: unknown) => {
        throw isLost(cause) ? new ConnectionLost(cause, false) : databaseError(path, cause);
      });
      return await transact(client, path, use);
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
    },
  };
}

async function transact<T>(client: PoolClient, path: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  let broken = false;
  // While a client is out of the pool its errors come here too; the statement that runs fails with the same one.
  const onError = () => {
    broken = true;
  };
  client.on('error', onError);
  const run = async (text: string, values: readonly unknown[] | undefined, committing: boolean) => {
    try {
      return (await client.query(text, values as unknown[])).rows;
    } catch (cause) {
      if (!isLost(cause)) throw databaseError(path, cause);
      broken = true;
      throw new ConnectionLost(cause, committing);
    }
  };
  try {
    await run(`begin; set local lock_timeout = ${WAIT_MS}`, undefined, false);
    let result: T;
    try {
      result = await use({ query: async (text, values) => await run(text, values, false) });
    } catch (cause) {
      if (!broken) await run('rollback', undefined, false);
      throw cause;
    }
    await run('commit', undefined, true);
    return result;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
