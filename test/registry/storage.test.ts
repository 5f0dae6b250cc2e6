import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { append } from '../../src/registry/append.ts';
import { openDatabase } from '../../src/registry/open-database.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { temporaryFolder } from '../assayer.ts';
import { newFolder } from './databases.ts';
import { definition, draft, label } from './fixtures.ts';
import { openPlace } from './place.ts';

const at = (folder: string) => ({ folder, url: '' });

/** A small file system of its own; null where this process may not mount one. */
function mountSmall(sizeMiB: number): string | null {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    console.warn('skipping a test of full and read-only disks: this process may not mount file systems');
    return null;
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
  });
  return folder;
}

test('a disk that runs full is told with its code, nothing that was recorded is lost, and space mends it', async () => {
  const disk = mountSmall(120);
  if (disk === null) return;
  const folder = join(disk, 'registry');
  cpSync(await newFolder(), folder, { recursive: true });
  const filler = join(disk, 'filler');
  let recorded = 0;
  {
    await using database = await openPlace(at(folder));
    await append(database, [definition()], systemClock);
    fillUp(filler, disk);
    const fill = async () => {
      for (let i = recorded; i < 300; i++) {
        // What cannot be compressed fills a disk faster.
        const title = randomBytes(150_000).toString('base64');
        await append(database, [label(`c${i}`, i), draft('team', `${recorded}`, { title })], systemClock);
        recorded++;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
    await expect(fill()).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
    expect(recorded).toBeGreaterThan(0);
    rmSync(filler);
    await append(database, [label('after', 1)], systemClock);
  }
  await using database = await openPlace(at(folder));
  expect((await verifyChain(database)).problems).toEqual([]);
  const labels = (await recordsOf(database, 'label')).map(({ subject }) => subject);
  expect(labels).toEqual([...Array.from({ length: recorded }, (_, i) => `c${i}`), 'after']);
});

/** Leaves a few MiB. */
function fillUp(filler: string, disk: string): void {
  const [, text] = execFileSync('df', ['-k', '--output=avail', disk], { encoding: 'utf8' })
    .trim()
    .split('\n');
  writeFileSync(filler, Buffer.alloc((Number(text) - 4096) * 1024));
}

test('a read-only disk is told with its code', async () => {
  const disk = mountSmall(80);
  if (disk === null) return;
  const folder = join(disk, 'registry');
  cpSync(await newFolder(), folder, { recursive: true });
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await expect(openPlace(at(folder))).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
  await expect(openPlace(at(join(disk, 'new')))).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
});

test('a disk that is too small for a new registry is told with its code, and leaves none that counts', async () => {
  const disk = mountSmall(12);
  if (disk === null) return;
  const folder = join(disk, 'registry');
  await expect(openPlace(at(folder))).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
  expect(existsSync(join(folder, 'data.made'))).toBe(false);
});

test('a folder that cannot be made, or is a file, is told with its code', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry'), '');
  for (const path of [join(folder, 'registry'), join(folder, 'missing', 'registry'), '/proc/registry']) {
    await expect(openPlace(at(path))).rejects.toMatchObject({ code: 'ERR_REGISTRY_STORAGE' });
  }
});

test('a registry whose making was cut off is made anew', async () => {
  const folder = join(temporaryFolder(), 'registry');
  mkdirSync(join(folder, 'data', 'base'), { recursive: true });
  writeFileSync(join(folder, 'data', 'PG_VERSION'), '18\n');
  await using database = await openPlace(at(folder));
  await append(database, [definition()], systemClock);
  expect(existsSync(join(folder, 'data.made'))).toBe(true);
  expect(statSync(folder).isDirectory()).toBe(true);
});

test('damaged files of the database are an error that names the folder, and stay as they are', async () => {
  const folder = await newFolder();
  rmSync(join(folder, 'data', 'global'), { recursive: true });
  await expect(openPlace(at(folder))).rejects.toMatchObject({
    code: 'ERR_REGISTRY_FAILED',
    message: expect.stringContaining(folder),
  });
  expect(existsSync(join(folder, 'data', 'base'))).toBe(true);
});

test('a folder with a path that is too long for a socket serves others all the same', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(120));
  cpSync(await newFolder(), folder, { recursive: true });
  await using owner = await openPlace(at(folder));
  await using other = await openPlace(at(folder));
  await append(owner, [definition()], systemClock);
  await append(other, [label('a', 1)], systemClock);
  expect(await recordsOf(owner, 'label')).toHaveLength(1);
});

test('when the owner closes, the others go on, also in the middle of a transaction', async () => {
  const folder = await newFolder();
  const owner = await openPlace(at(folder));
  await using other = await openPlace(at(folder));
  await append(other, [definition()], systemClock);
  let attempts = 0;
  const [count] = await other.transaction(async (sql) => {
    await sql.query("update assayer.chain_head set time = '2026-01-01T00:00:00.000Z'");
    if (attempts++ === 0) await owner[Symbol.asyncDispose]();
    return await sql.query<{ time: string }>('select time from assayer.chain_head');
  });
  expect([attempts, count.time]).toEqual([2, '2026-01-01T00:00:00.000Z']);
});

test('a server that cannot be reached, and an address that is none, are told with their codes', async () => {
  const lock = () => Promise.reject(new Error('no lock is taken of a server'));
  const open = (url: string) => openDatabase({ folder: '', url, lock });
  await expect(open('postgres://user:secret@127.0.0.1:1/none')).rejects.toMatchObject({
    code: 'ERR_REGISTRY_BUSY',
    message: expect.not.stringContaining('secret'),
  });
  await expect(open('localhost')).rejects.toMatchObject({ code: 'ERR_USAGE' });
});
