import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../assayer.ts';

const bin = new URL('../../bin/assayer.js', import.meta.url).pathname;

/** A Node on this machine that is too old for Assayer, so that bin/assayer.js starts the pinned one; null if none. */
const oldNode =
  ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 24) < 24;
  }) ?? null;
if (oldNode === null)
  console.warn('no Node older than 24 on this machine: the start through it is not tested');

/** A screen under the old Node that waits for the rest of its standard input. */
async function startScreen() {
  const cwd = temporaryFolder();
  const child = spawn(oldNode ?? '', [bin, 'screen', '-', '--out', 'out.csv'], {
    cwd,
    stdio: 'pipe',
    detached: true,
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
  child.stdin.write('smiles\nCCO\n');
  await until(() => spooledIn(cwd).length > 0);
  return { cwd, child, ended };
}

/** The copy of standard input that a running screen keeps. */
function spooledIn(cwd: string): string[] {
  const folder = join(cwd, '.assayer', 'tmp');
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await sleep(50);
  expect(condition()).toBe(true);
}

const toProcess = (child: ChildProcess, signal: NodeJS.Signals) => child.kill(signal);
/** As a terminal does. */
const toGroup = (child: ChildProcess, signal: NodeJS.Signals) => process.kill(-(child.pid ?? 0), signal);

test.skipIf(oldNode === null).each([
  ['SIGINT', 'the process', toProcess],
  ['SIGINT', 'its group, as ctrl-C in a terminal', toGroup],
  ['SIGTERM', 'the process', toProcess],
  ['SIGHUP', 'its group, as a terminal that is closed', toGroup],
] as const)('%s to %s cancels once, in order', async (signal, _, send) => {
  const { cwd, child, ended } = await startScreen();
  send(child, signal);
  expect(await ended).toEqual({ code: 130, stderr: expect.stringContaining('ERR_CANCELLED') });
  expect(spooledIn(cwd)).toEqual([]);
  expect(readdirSync(cwd)).toEqual(['.assayer']);
});

test.skipIf(oldNode === null)('the end of the process above cancels too', async () => {
  const { cwd, child } = await startScreen();
  child.kill('SIGKILL');
  await until(() => spooledIn(cwd).length === 0);
  expect(readdirSync(cwd)).toEqual(['.assayer']);
});

test.skipIf(oldNode === null)('the exit code and standard output are those of the command', () => {
  const version = spawnSync(oldNode ?? '', [bin, '--version'], { encoding: 'utf8' });
  expect([version.status, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  expect(spawnSync(oldNode ?? '', [bin, 'frobnicate']).status).toBe(2);
});
