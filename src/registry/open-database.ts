import { mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { ConnectionLost, codeOf, databaseError } from './database-error.ts';
import { migrate } from './migrate.ts';
import { servePglite } from './pglite.ts';
import { type Connections, connect } from './postgres.ts';
import type { Database, Sql } from './sql.ts';

export interface DatabaseOptions {
  /** The workspace's folder `registry`; made where it is missing, in a folder that exists. */
  readonly folder: string;
  /** Of a Postgres server (DATABASE_URL), which takes the place of the folder. */
  readonly url?: string;
  /** Exclusive right to a path, taken over from a process that has ended. @throws ERR_OUTPUT_BUSY */
  readonly lock: (path: string) => Promise<AsyncDisposable>;
}

/** A new folder takes 3 to 8 s to make, and several processes may die on the way. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 25;
const RETRIES = 5;
/** Unix sockets have paths of at most 107 bytes. */
const SOCKET_BYTES = 100;
const PORT = 5432;

/**
 * Opens a workspace's registry, migrated. The first process owns the embedded database and serves the others; when it
 * ends, whichever of them is next to ask takes its place.
 * @throws ERR_REGISTRY_BUSY, ERR_REGISTRY_STORAGE, ERR_REGISTRY_VERSION, ERR_REGISTRY_FAILED
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = options.url === undefined ? embedded(options) : await server(options.url);
  try {
    await migrate(database);
    return database;
  } catch (cause) {
    await database[Symbol.asyncDispose]();
    throw cause;
  }
}

/** Where transactions go now, and what ends with it. */
interface Held extends AsyncDisposable {
  readonly connections: Connections;
}

async function server(url: string): Promise<Database> {
  const path = nameOf(url);
  const connections = await connect(path, { connectionString: url });
  const held: Held = { connections, [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose]() };
  return new SharedDatabase('postgres', path, async () => held);
}

function embedded({ folder, lock }: DatabaseOptions): Database {
  return new SharedDatabase('pglite', folder, () => acquire(folder, lock));
}

/** A URL without user, password and settings. */
function nameOf(url: string): string {
  const [, place] = /^postgres(?:ql)?:\/\/(?:[^@/]*@)?([^?]*)/.exec(url) ?? [];
  if (place !== undefined) return `postgres://${place}`;
  const problem =
    'DATABASE_URL is no address of a Postgres server; write postgres://user:password@host:5432/database';
  throw new AssayerError('ERR_USAGE', { problem });
}

class SharedDatabase implements Database {
  readonly dialect: 'pglite' | 'postgres';
  readonly #path: string;
  readonly #acquire: () => Promise<Held>;
  #held: Promise<Held> | null = null;

  constructor(dialect: 'pglite' | 'postgres', path: string, acquire: () => Promise<Held>) {
    this.dialect = dialect;
    this.#path = path;
    this.#acquire = acquire;
  }

  async query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return await this.transaction((sql) => sql.query<Row>(text, values));
  }

  async transaction<T>(use: (sql: Sql) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      this.#held ??= this.#acquire();
      const held = this.#held;
      try {
        return await (await held).connections.transaction(use);
      } catch (cause) {
        if (!(cause instanceof ConnectionLost)) {
          if (
            await held.then(
              () => false,
              () => true,
            )
          )
            this.#forget(held);
          throw cause;
        }
        if (this.dialect === 'pglite') await this.#release(held);
        if (cause.committing) throw new AssayerError('ERR_REGISTRY_LOST', { path: this.#path }, { cause });
        if (attempt === RETRIES) {
          const problem = `its database cannot be reached (${cause.message})`;
          throw new AssayerError('ERR_REGISTRY_BUSY', { path: this.#path, problem }, { cause });
        }
        await setTimeout(PAUSE_MS * 2 ** attempt);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held;
    if (held) await this.#release(held);
  }

  #forget(held: Promise<Held>): void {
    if (this.#held === held) this.#held = null;
  }

  /** Only once for each: two transactions that lose one connection both come here. */
  async #release(held: Promise<Held>): Promise<void> {
    if (this.#held !== held) return;
    this.#held = null;
    await (await held)[Symbol.asyncDispose]();
  }
}

/** Becomes the owner of the folder's database, or finds the one that is. */
async function acquire(folder: string, lock: DatabaseOptions['lock']): Promise<Held> {
  await makeFolder(folder);
  const socket = await socketOf(folder);
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    await using stack = new AsyncDisposableStack();
    let busy: unknown;
    try {
      stack.use(await lock(join(folder, 'owner')));
      stack.use(await servePglite(folder, join(socket, `.s.PGSQL.${PORT}`)));
    } catch (cause) {
      if (!(cause instanceof AssayerError && cause.code === 'ERR_OUTPUT_BUSY'))
        throw databaseError(folder, cause);
      busy = cause;
    }
    const connections = stack.use(
      await connect(folder, { host: socket, port: PORT, user: 'assayer', database: 'assayer', ssl: false }),
    );
    try {
      await connections.transaction((sql) => sql.query('select 1'));
      const held = stack.move();
      return { connections, [Symbol.asyncDispose]: () => held.disposeAsync() };
    } catch (cause) {
      if (!(cause instanceof ConnectionLost)) throw cause;
      if (performance.now() > until) {
        const problem = busy instanceof Error ? busy.message : cause.message;
        throw new AssayerError('ERR_REGISTRY_BUSY', { path: folder, problem }, { cause });
      }
    }
    await setTimeout(PAUSE_MS);
  }
}

async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (cause) {
    const isFolder = codeOf(cause) === 'EEXIST' && (await stat(folder)).isDirectory();
    if (!isFolder)
      throw new AssayerError('ERR_REGISTRY_STORAGE', { path: folder, problem: describe(cause) }, { cause });
  }
}

/**
 * The folder of the socket: the registry's own, which only its user may enter, or where that path is too long for a socket
 * one of the same name for every process, in the folder for temporary files.
 */
async function socketOf(folder: string): Promise<string> {
  if (Buffer.byteLength(folder) <= SOCKET_BYTES - `/.s.PGSQL.${PORT}`.length) return folder;
  const user = process.getuid?.() ?? 0;
  const path = join(tmpdir(), `assayer-${user}-${sha256(folder).slice(0, 16)}`);
  await makeFolder(path);
  const stats = await stat(path);
  if (stats.uid !== user || (stats.mode & 0o077) !== 0) {
    const problem = `${path} belongs to somebody else`;
    throw new AssayerError('ERR_REGISTRY_STORAGE', { path: folder, problem });
  }
  return path;
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
