import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { PROJECTION_TABLES } from '../../src/registry/rebuild.ts';
import type { Database } from '../../src/registry/sql.ts';
import { openPlace, type Place } from './place.ts';
import { noPostgres, PostgresServer } from './postgres.ts';

/** Removed when the test file ends: what many tests share is made before the first. */
const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  folders.push(folder);
  return folder;
}

let template: string | null = null;

/** A new registry in a folder: a copy of one, since making one takes seconds. */
export async function newFolder(): Promise<string> {
  if (template === null) {
    template = join(keptFolder(), 'registry');
    await using _ = await openPlace({ folder: template, url: '' });
  }
  const folder = join(keptFolder(), 'registry');
  mkdirSync(folder);
  cpSync(template, folder, { recursive: true });
  return folder;
}

/** What the tests of both databases are given. */
export interface Given {
  /** Migrated and empty before each test. */
  readonly database: Database;
  /** A place of its own for processes to meet at. */
  newPlace(): Promise<Place>;
}

/** One body of tests for the embedded database, and for a server where this machine has one. */
export function onBothDatabases(body: (given: Given) => void): void {
  describe('on pglite', () => {
    body(givenBy(async () => ({ folder: await newFolder(), url: '' })));
  });
  describe.skipIf(noPostgres)('on postgres', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await PostgresServer.start();
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
    });
    body(givenBy(async () => ({ folder: '', url: await server.createDatabase() })));
  });
}

function givenBy(newPlace: () => Promise<Place>): Given {
  let database: Database;
  beforeAll(async () => {
    database = await openPlace(await newPlace());
  });
  beforeEach(async () => {
    await empty(database);
  });
  afterAll(async () => {
    await database?.[Symbol.asyncDispose]();
  });
  return {
    get database() {
      return database;
    },
    newPlace,
  };
}

/** Lets a test write what the triggers on records refuse, as somebody with rights to the database could. */
export async function tamper(database: Database, ...statements: readonly string[]): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query('alter table assayer.records disable trigger user');
    for (const statement of statements) await sql.query(statement);
    await sql.query('alter table assayer.records enable trigger user');
  });
}

async function empty(database: Database): Promise<void> {
  await tamper(
    database,
    ...[...PROJECTION_TABLES.toReversed(), 'records'].map((table) => `delete from assayer.${table}`),
    'update assayer.chain_head set sequence = 0, hash = null, time = null',
  );
}
