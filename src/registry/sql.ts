/** Statements in the Postgres dialect; values stand as $1, $2, ... and bigint comes back as number. */
export interface Sql {
  /** @throws ERR_REGISTRY_STORAGE, ERR_REGISTRY_BUSY, ERR_REGISTRY_FAILED */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A registry's database; `query` is a transaction of its own. */
export interface Database extends Sql, AsyncDisposable {
  readonly dialect: 'pglite' | 'postgres';
  /**
   * Runs `use` in one transaction: all of it stands, or nothing. Where the database's process ends before the commit was
   * asked for, `use` is run again on the one that takes its place, so it may have no other effect than its statements.
   * @throws ERR_REGISTRY_LOST where the process ended during the commit, so that nobody knows; what `use` threw
   */
  transaction<T>(use: (sql: Sql) => Promise<T>): Promise<T>;
}
