import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { assayer, startAssayer, temporaryFolder } from '../assayer.ts';

/** Enough compounds to be caught in the middle: alkanes of every branching order of two chains. */
function manyCompounds(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, i) => `${'C'.repeat(1 + (i % 37))}N(${'C'.repeat(1 + (i % 23))})CO`,
  );
  return `smiles\n${lines.join('\n')}\n`;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await sleep(50);
  expect(condition()).toBe(true);
}

/** What a screen has left in its folder, besides the input and the workspace. */
const leftIn = (cwd: string) => readdirSync(cwd).filter((name) => name !== 'a.csv' && name !== '.assayer');

test('an output that cannot be written is refused before any work', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), 'smiles\nCCO\n');
  mkdirSync(join(cwd, 'folder.csv'));
  for (const [out, code] of [
    ['missing/out.csv', 'ERR_OUTPUT_UNWRITABLE'],
    ['folder.csv', 'ERR_OUTPUT_UNWRITABLE'],
    ['out.xyz', 'ERR_OUTPUT_FORMAT'],
    ['out', 'ERR_OUTPUT_FORMAT'],
    ['/proc/out.csv', 'the file system refuses it'],
  ]) {
    const run = await assayer(['screen', 'a.csv', '--out', out], { cwd });
    expect([out, run.code, run.stderr]).toEqual([out, 2, expect.stringContaining(code)]);
    expect(run.stderr).toContain(out);
  }
});

test('a workspace that cannot be used is refused', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), 'smiles\nCCO\n');
  const run = await assayer(['screen', 'a.csv', '--out', 'out.csv', '--workspace', 'a.csv'], { cwd });
  expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('ERR_WORKSPACE')]);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s in the middle leaves nothing behind',
  async (signal) => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'a.csv'), manyCompounds(60_000));
    const { child, ended } = startAssayer(['screen', 'a.csv', '--out', 'out.csv', '--rejects', 'r.csv'], {
      cwd,
    });
    await until(() => leftIn(cwd).length > 0);
    await sleep(1500);
    expect(existsSync(join(cwd, 'out.csv'))).toBe(false);
    child.kill(signal);
    const run = await ended;
    expect([run.code, run.stderr]).toEqual([130, expect.stringContaining('ERR_CANCELLED')]);
    expect(leftIn(cwd)).toEqual([]);
    expect(readdirSync(join(cwd, '.assayer', 'tmp'))).toEqual([]);
    expect(readdirSync(join(cwd, '.assayer', 'features'))).toEqual(['by-input']);
  },
);

test('a second screen into the same output is refused while the first runs, and the first is unharmed', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), manyCompounds(3000));
  const first = startAssayer(['screen', 'a.csv', '--out', 'out.csv', '--endpoints', 'herg'], { cwd });
  await until(() => leftIn(cwd).length > 0);
  const second = await assayer(['screen', 'a.csv', '--out', 'out.csv', '--endpoints', 'herg'], { cwd });
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('ERR_OUTPUT_BUSY')]);
  expect(second.stderr).toContain(String(first.child.pid));
  expect((await first.ended).code).toBe(0);
  expect(leftIn(cwd).sort()).toEqual(['out.csv', 'out.csv.lineage.json']);
});

test('a folder without the right to write is refused', async (context) => {
  if (process.getuid?.() === 0) context.skip('root may write everywhere');
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), 'smiles\nCCO\n');
  mkdirSync(join(cwd, 'closed'));
  chmodSync(join(cwd, 'closed'), 0o500);
  const run = await assayer(['screen', 'a.csv', '--out', 'closed/out.csv'], { cwd });
  expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('ERR_OUTPUT_UNWRITABLE')]);
});
