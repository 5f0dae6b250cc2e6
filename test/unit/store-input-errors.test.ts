import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { openTable } from '../../src/store/compound-table.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import { failure, fileWith, folder, freshPath, read, spoolFolder } from './store-fixtures.ts';

const ROWS = Array.from({ length: 5000 }, (_, i) => `${'C'.repeat(1 + (i % 30))}O`);
const arrow = tableToIPC(new Table({ smiles: vectorFromArray(ROWS, new Utf8()) }), 'file');

async function parquet(): Promise<Buffer> {
  const path = freshPath('a.parquet');
  const writer = await createTableWriter(path, [{ name: 'smiles', type: 'string', nullable: false }], {
    metadata: {},
  });
  await writer.write({ smiles: ROWS }, ROWS.length);
  await writer.finish();
  return readFileSync(path);
}

async function codeOf(path: string, options = {}): Promise<string> {
  return (await failure(read(path, options))).code;
}

describe('bad input', () => {
  it('a missing file', async () => {
    expect(await codeOf(join(folder, 'nothing.csv'))).toBe('ERR_INPUT_NOT_FOUND');
  });

  it('a folder, and a link to itself', async () => {
    mkdirSync(join(folder, 'a-folder.csv'));
    expect(await codeOf(join(folder, 'a-folder.csv'))).toBe('ERR_INPUT_UNREADABLE');
    symlinkSync('loop.csv', join(folder, 'loop.csv'));
    expect(await codeOf(join(folder, 'loop.csv'))).toBe('ERR_INPUT_UNREADABLE');
  });

  it.each([
    ['no bytes', 'a.csv', ''],
    ['only a header', 'a.csv', 'smiles,id\n'],
    ['only blank lines', 'a.csv', '\n\r\n\n'],
    ['only a byte order mark', 'a.csv', '\ufeff'],
    ['a gzip of nothing', 'a.csv.gz', gzipSync('')],
    ['an empty SMI', 'a.smi', '\n'],
    ['only a header of which a name could be a compound', 'a.csv', 'smiles,no,conc\n'],
    ['only a header whose name means ids', 'a.csv', 'id,C\n'],
    ['only a header in SMI', 'a.smi', 'smiles name\n'],
    ['an empty SD file', 'a.sdf', '\n\n'],
    ['empty JSON lines', 'a.jsonl', '\n\n'],
    [
      'an Arrow table without rows',
      'a.arrow',
      tableToIPC(new Table({ smiles: vectorFromArray([], new Utf8()) }), 'file'),
    ],
    ['nothing under an unknown name', 'a.xyz', ''],
  ])('%s is empty', async (_, name, content) => {
    expect(await codeOf(fileWith(name, content))).toBe('ERR_INPUT_EMPTY');
  });

  it('a Parquet table without rows is empty', async () => {
    const path = freshPath('none.parquet');
    const writer = await createTableWriter(path, [{ name: 'smiles', type: 'string', nullable: false }], {
      metadata: {},
    });
    await writer.finish();
    expect(await codeOf(path)).toBe('ERR_INPUT_EMPTY');
  });

  it.each([
    ['UTF-16 with a mark', 'a.csv', Buffer.from('\ufeffsmiles,id\nCCO,a\n', 'utf16le'), /UTF-16/],
    ['UTF-16 without a mark', 'a.csv', Buffer.from('smiles,id\nCCO,a\n', 'utf16le'), /UTF-16/],
    ['a ZIP archive', 'a.csv', Buffer.from('PK\x03\x04xxxxxxxxxxxxxxx'), /ZIP/],
    ['text named .parquet', 'a.parquet', 'smiles\nCCO\n', /PAR1/],
    ['text named .arrow', 'a.arrow', 'smiles\nCCO\n', /Arrow/],
    ['JSON that is no object', 'a.jsonl', '["CCO"]\n', /JSON object/],
    ['text named .jsonl', 'a.jsonl', 'smiles\nCCO\n', /not JSON/],
  ])('%s is not the format', async (_, name, content, message) => {
    const error = await failure(read(fileWith(name, content)));
    expect(error.code).toBe('ERR_INPUT_FORMAT');
    expect(error.message).toMatch(message);
  });

  it('more than 10,000 columns', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
    const csv = (count: number) => `smiles,${names(count - 1).join(',')}\nCCO\n`;
    const json = (count: number) =>
      `{"smiles":"CCO"}\n${names(count - 1)
        .map((name) => `{"${name}":1}`)
        .join('\n')}\n`;
    const column = vectorFromArray(['CCO'], new Utf8());
    const wide = new Table(
      Object.fromEntries([['smiles', column], ...names(10_000).map((name) => [name, column])]),
    );
    expect((await read(fileWith('a.csv', csv(10_000)))).inputs).toEqual(['CCO']);
    for (const [name, content] of [
      ['a.csv', csv(10_001)],
      ['a.csv', csv(100_000)],
      ['a.jsonl', `{${names(10_001).map((key) => `"${key}":1`)}}\n`],
      ['a.arrow', tableToIPC(wide, 'file')],
    ] as const) {
      const error = await failure(read(fileWith(name, content)));
      expect(error.code).toBe('ERR_INPUT_FORMAT');
      expect(error.message).toContain('10000 is the most');
    }
    expect((await read(fileWith('a.jsonl', json(900)))).table.columns.length).toBe(900);
  });

  it('Arrow bytes under a named text format', async () => {
    expect(await codeOf(fileWith('a.csv', arrow), { format: 'csv' })).toBe('ERR_INPUT_FORMAT');
  });

  it('no column of SMILES', async () => {
    const error = await failure(read(fileWith('a.csv', 'name,value\naspirin,1\ncaffeine,2\n')));
    expect(error.code).toBe('ERR_INPUT_NO_SMILES_COLUMN');
    expect(error.message).toContain('name, value');
  });

  it('a gzip cut short or flipped', async () => {
    const gz = gzipSync(`smiles\n${ROWS.join('\n')}\n`);
    expect(await codeOf(fileWith('a.csv.gz', gz.subarray(0, gz.length - 20)))).toBe('ERR_INPUT_CORRUPT');
    const flipped = Buffer.from(gz);
    flipped[gz.length - 6] ^= 0xff;
    expect(await codeOf(fileWith('a.csv.gz', flipped))).toBe('ERR_INPUT_CORRUPT');
  });

  it('a Parquet file cut short or damaged', async () => {
    const bytes = await parquet();
    expect(await codeOf(fileWith('a.parquet', bytes.subarray(0, bytes.length - 9)))).toBe(
      'ERR_INPUT_CORRUPT',
    );
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, bytes.length - 60, bytes.length - 12);
    expect(await codeOf(fileWith('a.parquet', damaged))).toBe('ERR_INPUT_CORRUPT');
    expect(await codeOf(fileWith('a.parquet', 'PAR1'))).toBe('ERR_INPUT_CORRUPT');
  });

  it('an Arrow file cut short or damaged, and a stream cut in a batch', async () => {
    expect(await codeOf(fileWith('a.arrow', arrow.subarray(0, arrow.length - 9)))).toBe('ERR_INPUT_CORRUPT');
    const damaged = Buffer.from(arrow);
    damaged.fill(0xff, arrow.length - 80, arrow.length - 10);
    expect(await codeOf(fileWith('a.arrow', damaged))).toBe('ERR_INPUT_CORRUPT');
    const stream = tableToIPC(new Table({ smiles: vectorFromArray(ROWS, new Utf8()) }), 'stream');
    expect(await codeOf(fileWith('a.arrow', stream.subarray(0, stream.length - 100)))).toBe(
      'ERR_INPUT_CORRUPT',
    );
  });

  it.each(['a.csv', 'a.tsv', 'a.smi', 'a.sdf', 'a.jsonl', 'a.dat'])(
    'a 2 GB file of one line (%s) is refused from its first megabytes',
    async (name) => {
      const path = freshPath(name);
      const file = openSync(path, 'w');
      writeSync(file, Buffer.alloc(2 << 20, 'C'));
      ftruncateSync(file, 2 ** 31);
      closeSync(file);
      const before = process.memoryUsage().rss;
      const error = await failure(read(path));
      expect(error.code).toBe('ERR_INPUT_LINE_TOO_LONG');
      expect(error.message).toContain('line 1');
      expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    },
  );

  it('a long line far down names its line', async () => {
    const path = fileWith('a.csv', `smiles,id\n${'CCO,a\n'.repeat(1000)}${'C'.repeat(3 << 20)}\n`);
    const error = await failure(read(path));
    expect(error.code).toBe('ERR_INPUT_LINE_TOO_LONG');
    expect(error.message).toContain('line 1002');
  });

  it('an SD record that never ends', async () => {
    const path = fileWith('a.sdf', 'C\n'.repeat(3 << 20));
    expect(await codeOf(path)).toBe('ERR_INPUT_LINE_TOO_LONG');
  });

  it.each(['csv', 'parquet', 'arrow'])('a %s file that changes while it is read', async (ending) => {
    const content = { csv: `smiles\n${ROWS.join('\n')}\n`, parquet: await parquet(), arrow }[ending] ?? '';
    const path = fileWith(`a.${ending}`, content);
    await using table = await openTable(path, { spoolFolder });
    if (ending === 'csv') appendFileSync(path, 'CCO\n');
    else writeFileSync(path, content);
    const error = await failure(
      (async () => {
        for await (const _ of table.batches(100));
      })(),
    );
    expect(error.code).toBe('ERR_INPUT_UNREADABLE');
    expect(error.message).toContain('changed');
  });

  it('a cancelled reading', async () => {
    const path = fileWith('a.csv', `smiles\n${ROWS.join('\n')}\n`);
    expect(await codeOf(path, { signal: AbortSignal.abort() })).toBe('ERR_CANCELLED');
    await using table = await openTable(path, { spoolFolder });
    const controller = new AbortController();
    const error = await failure(
      (async () => {
        for await (const _ of table.batches(100, controller.signal)) controller.abort();
      })(),
    );
    expect(error.code).toBe('ERR_CANCELLED');
  });
});
