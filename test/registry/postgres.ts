import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';

/** Where Debian and others put the server's programs; null where it is not installed. */
function findPrograms(): string | null {
  const folders = (process.env.PATH ?? '').split(':');
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) folders.push(...readdirSync(debian).map((version) => join(debian, version, 'bin')));
  return (
    folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ??
    null
  );
}

/** A server refuses to run as root; Debian's package makes this user for it. */
function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const id = (option: string) =>
    Number(execFileSync('id', [option, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null; // there is no such user
  }
}

const programs = findPrograms();
const user = programs && serverUser();
/** For `describe.skipIf(noPostgres)`. */
export const noPostgres: boolean = user === null;
if (noPostgres)
  console.warn('skipping the Postgres half of the registry tests: no postgres and initdb on this machine');

/** A Postgres server of its own, on a Unix socket in a temporary folder. */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: ChildProcess;
  #databases = 0;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
  }

  static async start(): Promise<PostgresServer> {
    if (!programs || !user) throw new Error('there is no Postgres on this machine');
    const folder = mkdtempSync(join(tmpdir(), 'pg-'));
    chmodSync(folder, 0o700);
    chownSync(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    const options = { ...user, cwd: folder };
    const initialize = ['-D', data, '-U', 'assayer', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C.UTF-8'];
    execFileSync(join(programs, 'initdb'), initialize, { ...options, stdio: 'ignore' });
    const serve = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    const child = spawn(join(programs, 'postgres'), serve, { ...options, stdio: 'ignore' });
    const server = new PostgresServer(folder, child);
    for (let attempt = 0; ; attempt++) {
      try {
        await server.#administer('select 1');
        return server;
      } catch (cause) {
        if (attempt === 200) throw cause;
        await setTimeout(25);
      }
    }
  }

  /** @returns the URL of a new, empty database */
  async createDatabase(): Promise<string> {
    const name = `registry_${++this.#databases}`;
    await this.#administer(`create database ${name}`);
    return `postgres://assayer@/${name}?host=${encodeURIComponent(this.#folder)}`;
  }

  async #administer(statement: string): Promise<void> {
    const client = new pg.Client({ host: this.#folder, user: 'assayer', database: 'postgres' });
    try {
      await client.connect();
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGINT'); // fast shutdown
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}
