import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lockOutput } from '../../src/store/output-lock.ts';
import { isDead, PROCESS_TAG, spaceTag } from '../../src/store/process-tag.ts';
import type { TableColumn } from '../../src/store/table-columns.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import { failure, fileWith, folder, freshPath, namesAbout, read } from './store-fixtures.ts';

const COLUMNS: TableColumn[] = [{ name: 'smiles', type: 'string', nullable: false }];
const open = (path: string, options = {}) => createTableWriter(path, COLUMNS, { metadata: {}, ...options });

const ENDINGS = ['csv', 'jsonl.gz', 'parquet', 'arrow'];

describe('an output', () => {
  it.each(ENDINGS)('%s stands under its name only when it is whole', async (ending) => {
    const path = freshPath(`o.${ending}`);
    const writer = await open(path);
    await writer.write({ smiles: ['C', 'CC'] }, 2);
    expect(existsSync(path)).toBe(false);
    await writer.finish();
    expect((await read(path)).inputs).toEqual(['C', 'CC']);
    expect(namesAbout(path).length).toBe(1);
  });

  it.each(ENDINGS)('%s leaves nothing when aborted, and the earlier file stays', async (ending) => {
    const path = fileWith(`o.${ending}`, 'before');
    {
      await using writer = await open(path);
      await writer.write({ smiles: ['C'] }, 1);
    }
    expect(namesAbout(path).length).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it.each(ENDINGS)('%s leaves nothing when cancelled', async (ending) => {
    const path = freshPath(`o.${ending}`);
    const controller = new AbortController();
    const writer = await open(path, { signal: controller.signal });
    await writer.write({ smiles: ['C'] }, 1);
    controller.abort();
    expect((await failure(writer.write({ smiles: ['C'] }, 1))).code).toBe('ERR_CANCELLED');
    expect((await failure(writer.finish())).code).toBe('ERR_CANCELLED');
    await writer.abort();
    expect(namesAbout(path)).toEqual([]);
  });

  it.each(ENDINGS)('%s leaves nothing when the process ends in the middle', (ending) => {
    const path = freshPath(`o.${ending}`);
    const module = new URL('../../src/store/table-writer.ts', import.meta.url).href;
    const script = `
      const { createTableWriter } = await import(${JSON.stringify(module)});
      const columns = ${JSON.stringify(COLUMNS)};
      const writer = await createTableWriter(${JSON.stringify(path)}, columns, { metadata: {} });
      await writer.write({ smiles: ['C'] }, 1);
      process.exit(7);`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(stderr.toString()).toBe('');
    expect(status).toBe(7);
    expect(namesAbout(path)).toEqual([]);
  });

  it('replaces the file that a link points to, not the link', async () => {
    const target = fileWith('target.csv', 'before');
    const link = freshPath('link.csv');
    symlinkSync(target, link);
    const writer = await open(link);
    await writer.write({ smiles: ['C'] }, 1);
    await writer.finish();
    expect(readFileSync(target, 'utf8')).toBe('smiles\nC\n');
  });

  it('is refused to a second writer until the first is done', async () => {
    const path = freshPath('o.csv');
    const first = await open(path);
    const error = await failure(open(path));
    expect(error.code).toBe('ERR_OUTPUT_BUSY');
    expect(error.message).toContain(String(process.pid));
    await first.write({ smiles: ['C'] }, 1);
    await first.finish();
    const second = await open(path);
    await second.write({ smiles: ['CC'] }, 1);
    await second.finish();
    expect((await read(path)).inputs).toEqual(['CC']);
  });

  it('is refused while another living process has the lock, and taken over from a dead one', async () => {
    const path = freshPath('o.csv');
    const host = PROCESS_TAG.split('-')[1];
    writeFileSync(`${path}.lock`, `${process.ppid}-${host}`);
    expect((await failure(open(path))).code).toBe('ERR_OUTPUT_BUSY');
    writeFileSync(`${path}.lock`, `1234-ffffffff`);
    const error = await failure(open(path));
    expect(error.code).toBe('ERR_OUTPUT_BUSY');
    expect(error.message).toContain('process 1234 of another machine');
    expect(error.message).toContain(`delete ${path}.lock if that process is gone`);
    const { pid } = spawnSync(process.execPath, ['--version']);
    for (const stale of [`${pid}-${host}`, PROCESS_TAG]) {
      writeFileSync(`${path}.lock`, stale);
      const writer = await open(path);
      await writer.abort();
      expect(namesAbout(path)).toEqual([]);
    }
  });

  it('is left to the process that has it now when the lock is given back', async () => {
    const path = freshPath('o.csv');
    const lock = await lockOutput(path);
    writeFileSync(lock.path, '1234-ffffffff');
    await lock[Symbol.asyncDispose]();
    expect(readFileSync(lock.path, 'utf8')).toBe('1234-ffffffff');
  });

  it('goes to one of many that find a stale lock at the same time', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const stale = `${pid}-${PROCESS_TAG.split('-')[1]}`;
    for (let round = 0; round < 20; round++) {
      const path = freshPath('o.csv');
      writeFileSync(`${path}.lock`, stale);
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => lockOutput(path)));
      const winners = taken.filter((result) => result.status === 'fulfilled');
      expect(winners.length).toBe(1);
      await winners[0].value[Symbol.asyncDispose]();
      expect(namesAbout(path)).toEqual([]);
    }
  });

  it('waits for a takeover that is under way, and leaves the lock that comes of it', async () => {
    const path = freshPath('o.csv');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const space = PROCESS_TAG.split('-')[1];
    writeFileSync(`${path}.lock`, `${pid}-${space}`);
    writeFileSync(`${path}.lock.takeover`, `${process.ppid}-${space}`);
    const taking = failure(lockOutput(path));
    await setTimeout(50);
    writeFileSync(`${path}.lock`, `${process.ppid}-${space}`);
    rmSync(`${path}.lock.takeover`);
    expect((await taking).code).toBe('ERR_OUTPUT_BUSY');
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(`${process.ppid}-${space}`);
  });

  it('stays with the lock of a takeover that was killed, and says what to delete', async () => {
    const path = freshPath('o.csv');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const stale = `${pid}-${PROCESS_TAG.split('-')[1]}`;
    for (const name of ['lock', 'lock.takeover']) writeFileSync(`${path}.${name}`, stale);
    expect((await failure(open(path))).message).toContain(`delete ${path}.lock.takeover`);
  });

  it('a process id is asked for only in the space that it belongs to', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    expect(isDead(`${pid}-${PROCESS_TAG.split('-')[1]}`)).toBe(true);
    const space = { hostname: 'localhost', bootId: 'a', pidNamespace: 'pid:[1]' };
    const others = [{ hostname: 'b' }, { bootId: 'b' }, { pidNamespace: 'pid:[2]' }];
    const tags = [space, ...others.map((other) => ({ ...space, ...other }))].map(spaceTag);
    expect(new Set(tags).size).toBe(4);
    for (const tag of tags) expect(isDead(`${pid}-${tag}`)).toBe(false);
  });

  it('a partial file has a name that nobody can foresee', async () => {
    const path = freshPath('o.csv');
    const names: string[] = [];
    for (let i = 0; i < 2; i++) {
      await using _ = await open(path);
      names.push(...namesAbout(path).filter((name) => name.includes('.partial-')));
    }
    expect(names.length).toBe(2);
    expect(names[0]).not.toBe(names[1]);
  });

  it('removes what a killed writer of it left', async () => {
    const path = freshPath('o.csv');
    const partial = join(folder, `.${path.slice(folder.length + 1)}.partial-1234-ffffffff`);
    writeFileSync(partial, 'half');
    const writer = await open(path);
    await writer.finish();
    expect(namesAbout(path).length).toBe(1);
  });

  it.each([
    ['a missing folder', () => join(folder, 'no-such-folder', 'o.csv'), /folder does not exist/],
    ['a file as folder', () => join(fileWith('file', ''), 'o.csv'), /not a directory/],
    [
      'a folder as output',
      () => mkdirSync(join(folder, 'd.csv'), { recursive: true }) ?? join(folder, 'd.csv'),
      /directory/,
    ],
    ['a file system that takes no files', () => '/proc/o.csv', /refuses it(?!.*does not exist)/],
    ['too long a name', () => join(folder, `${'x'.repeat(300)}.csv`), /too long/],
  ])('is unwritable: %s', async (_, path, message) => {
    const error = await failure(open(path()));
    expect(error.code).toBe('ERR_OUTPUT_UNWRITABLE');
    expect(error.message).toMatch(message);
  });

  it('is unwritable: a device', async () => {
    const link = freshPath('null.csv');
    symlinkSync('/dev/null', link);
    expect((await failure(open(link))).code).toBe('ERR_OUTPUT_UNWRITABLE');
  });

  it.each(['o.txt', 'o', 'o.xlsx', 'o.parquet.gz', 'o.arrow.gz', 'o.gz'])(
    '%s names no format',
    async (name) => {
      expect((await failure(open(freshPath(name)))).code).toBe('ERR_OUTPUT_FORMAT');
    },
  );
});

describe('standard output', () => {
  function sink() {
    const chunks: Buffer[] = [];
    const stdout = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk);
        done();
      },
    });
    return { stdout, bytes: () => Buffer.concat(chunks) };
  }

  it('is CSV', async () => {
    const { stdout, bytes } = sink();
    const writer = await open('-', { stdout });
    await writer.write({ smiles: ['C', 'CC'] }, 2);
    const { sha256, sizeBytes } = await writer.finish();
    expect(bytes().toString()).toBe('smiles\nC\nCC\n');
    expect(sizeBytes).toBe(12);
    expect(sha256).toBe(createHash('sha256').update('smiles\nC\nCC\n').digest('hex'));
  });

  it('that its reader closed is unwritable', async () => {
    const stdout = new Writable({
      write(_, __, done) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const error = await failure(
      (async () => {
        const writer = await open('-', { stdout });
        await writer.write({ smiles: ['C'] }, 1);
      })(),
    );
    expect(error.code).toBe('ERR_OUTPUT_UNWRITABLE');
    expect(error.message).toContain('the reader closed it');
  });
});
