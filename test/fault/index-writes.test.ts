import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AssayerError } from '../../src/core/errors.ts';
import { buildIndex } from '../../src/flows/index-build.ts';
import { compactIndex, deleteFromIndex } from '../../src/flows/index-edit.ts';
import { readIndexInfo } from '../../src/flows/index-info.ts';
import { findNeighbors } from '../../src/flows/neighbors.ts';
import { updateIndex } from '../../src/store/index-update.ts';
import { PROCESS_TAG } from '../../src/store/process-tag.ts';
import { assayer, startAssayer, temporaryFolder } from '../assayer.ts';
import {
  appendFrom,
  buildFrom,
  engine,
  randomRows,
  selfTable,
  writeFpsFile,
} from '../unit/index-fixtures.ts';
import { failure } from '../unit/store-fixtures.ts';

const BITS = 256;
const rows = randomRows(60, BITS);

/** A pid that no process has. */
const DEAD_TAG = PROCESS_TAG.replace(/^\d+/, '4194304');

test('one writer at a time: the second is refused, and the first is unharmed', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 20), BITS);
  {
    await using first = await updateIndex(index);
    expect(first.index.sha256).toBe(change.sha256);
    for (const second of [
      () => appendFrom(folder, index, rows.slice(20), BITS),
      () => deleteFromIndex(index, ['r1']),
      () => compactIndex(index),
    ]) {
      const error = await failure(second());
      expect([error.code, error.message]).toEqual([
        'ERR_OUTPUT_BUSY',
        expect.stringContaining(String(process.pid)),
      ]);
    }
    expect(await selfTable(folder, index)).toContain('r1');
  }
  await appendFrom(folder, index, rows.slice(20), BITS);
  expect((await readIndexInfo(index)).rows).toBe(60);
});

test('what a killed writer left does no harm, and goes with the next change', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 20), BITS);
  const before = await selfTable(folder, index);
  const segment = readdirSync(index).find((name) => name.endsWith('.arrow')) ?? '';
  const orphan = `${'ab'.repeat(32)}.arrow`;
  writeFileSync(join(index, orphan), readFileSync(join(index, segment)));
  writeFileSync(join(index, `partial.${DEAD_TAG}.3`), '{"half":');
  writeFileSync(`${index}.lock`, DEAD_TAG);
  expect((await readIndexInfo(index)).sha256).toBe(change.sha256);
  expect(await selfTable(folder, index)).toBe(before);
  await appendFrom(folder, index, rows.slice(20, 21), BITS);
  const names = readdirSync(index);
  expect(names).toHaveLength(3);
  expect(names).not.toContain(orphan);
  expect(existsSync(`${index}.lock`)).toBe(false);
});

test('an input that breaks off in the middle leaves the index as it was', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 20), BITS);
  const path = writeFpsFile(join(folder, 'broken.fps'), rows.slice(20), BITS);
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  const input = { path, workspace: join(folder, 'ws') };
  const fresh = join(folder, 'fresh.index');
  expect((await failure(buildIndex(engine, { index: fresh, input }))).code).toBe('ERR_INPUT_FORMAT');
  expect((await readIndexInfo(index)).sha256).toBe(change.sha256);
  expect(readdirSync(folder).sort()).toEqual(['a.fps', 'a.index', 'broken.fps', 'ws']);
});

test('building never replaces what is there', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 20), BITS);
  const error = await failure(buildFrom(folder, 'a', rows, BITS));
  expect([error.code, error.message]).toEqual([
    'ERR_OUTPUT_UNWRITABLE',
    expect.stringContaining('append to it'),
  ]);
  expect((await readIndexInfo(index)).sha256).toBe(change.sha256);
});

test('a cancelled change leaves the index as it was', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows, BITS);
  const cancel = new AbortController();
  const options = { signal: cancel.signal, onProgress: () => cancel.abort() };
  await deleteFromIndex(index, ['r1']);
  const { sha256 } = await readIndexInfo(index);
  expect(sha256).not.toBe(change.sha256);
  const names = readdirSync(index);
  expect((await failure(compactIndex(index, options))).code).toBe('ERR_CANCELLED');
  expect((await readIndexInfo(index)).sha256).toBe(sha256);
  expect(readdirSync(index)).toEqual(names);
});

test('a search for which memory or a device is missing says so, and leaves nothing', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows, BITS);
  const search = async (): Promise<never> => {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose: 'an index', sizeBytes: 1e12 });
  };
  const full = [{ name: 'full', open: async () => ({ name: 'full', ops: { search } }) }];
  for (const [backends, code] of [
    [full, 'ERR_OUT_OF_MEMORY'],
    [[], 'ERR_NO_BACKEND'],
  ] as const) {
    const output = join(folder, 'out.csv');
    const question = { kind: 'nearest', k: 1 } as const;
    const request = { index, queries: { kind: 'self' } as const, question, output };
    expect((await failure(findNeighbors({ ...engine, backends }, request))).code).toBe(code);
    expect(existsSync(output)).toBe(false);
  }
});

function manyCompounds(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, i) => `${'C'.repeat(1 + (i % 37))}N(${'C'.repeat(1 + (i % 23))})CO`,
  );
  return `smiles\n${lines.join('\n')}\n`;
}

test.each(['SIGINT', 'SIGKILL'] as const)(
  '%s in the middle of a build leaves no index, and the next build works',
  async (signal) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'many.csv'), manyCompounds(60_000));
    writeFileSync(join(cwd, 'few.csv'), manyCompounds(50));
    const { child, ended } = startAssayer(['index', 'build', 'many.csv', '--out', 'a.index'], { cwd });
    for (let i = 0; i < 600 && !readdirSync(cwd).some((name) => name.includes('partial')); i++)
      await sleep(50);
    await sleep(500);
    child.kill(signal);
    const run = await ended;
    if (signal === 'SIGINT') {
      expect([run.code, run.stderr]).toEqual([130, expect.stringContaining('ERR_CANCELLED')]);
      expect(readdirSync(cwd).sort()).toEqual(['.assayer', 'few.csv', 'many.csv']);
    }
    expect(existsSync(join(cwd, 'a.index'))).toBe(false);
    const next = await assayer(['index', 'build', 'few.csv', '--out', 'a.index'], { cwd });
    expect([next.code, next.stderr]).toEqual([0, '']);
    expect(readdirSync(cwd).sort()).toEqual(['.assayer', 'a.index', 'few.csv', 'many.csv']);
  },
);
