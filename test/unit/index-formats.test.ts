import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { buildIndex } from '../../src/flows/index-build.ts';
import { deleteFromIndex } from '../../src/flows/index-edit.ts';
import { exportIndex } from '../../src/flows/index-export.ts';
import type { IndexInput } from '../../src/flows/index-source.ts';
import { findNeighbors, type NeighborsRequest } from '../../src/flows/neighbors.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { buildFrom, engine, randomRows, writeFpsFile } from './index-fixtures.ts';
import { failure } from './store-fixtures.ts';

/** MACCS keys 1 to 166 as RDKit 2026.09.1 gives them (MACCSkeys, BitVectToFPSText), with a field after the id. */
const MACCS = `#FPS1
#num_bits=166
#type=RDKit-MACCS166/2
#software=RDKit/2026.09.1
#source=four.smi
#date=2026-11-21T14:00:00
0000000000000000000000010000016480cca2d21e\taspirin
0000000000001000000000010000014404c4a2521e\tsalicylic acid\tanother field
000000003000000001d414d91323915380f138ea1f\tcaffeine
000000003000000001d414d91323915380e178ea1f\ttheobromine
`;

/** Similarities of aspirin and of caffeine to all four by RDKit (TverskySimilarity with 0.9 and 0.1). */
const BY_RDKIT = {
  tanimoto: [
    [1, 0.73913, 0.264151, 0.264151],
    [0.264151, 0.226415, 1, 0.957447],
  ],
  dice: [
    [1, 0.85, 0.41791, 0.41791],
    [0.41791, 0.369231, 1, 0.978261],
  ],
  cosine: [
    [1, 0.851064, 0.450443, 0.450443],
    [0.450443, 0.405906, 1, 0.978261],
  ],
  tversky: [
    [1, 0.817308, 0.595745, 0.595745],
    [0.321839, 0.277136, 1, 0.978261],
  ],
} as const;
const NAMES = ['aspirin', 'salicylic acid', 'caffeine', 'theobromine'];

async function build(folder: string, path: string, more: Partial<IndexInput> = {}, name = 'a') {
  const index = join(folder, `${name}.index`);
  const input = { path, workspace: join(folder, 'ws'), ...more };
  return { index, change: await buildIndex(engine, { index, input }) };
}

async function search(folder: string, request: Omit<NeighborsRequest, 'output'>) {
  const output = join(folder, 'out.csv');
  await findNeighbors(engine, { ...request, output });
  return readCsv(output);
}

test.each(Object.keys(BY_RDKIT) as (keyof typeof BY_RDKIT)[])(
  'RDKit fingerprints of 166 bits in FPS have the %s similarities that RDKit gives',
  async (metric) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'maccs.fps'), MACCS);
    const { index } = await build(folder, join(folder, 'maccs.fps'));
    const weights = metric === 'tversky' ? { alpha: 0.9, beta: 0.1 } : {};
    const rows = await search(folder, {
      index,
      queries: { kind: 'source', input: { path: join(folder, 'maccs.fps'), workspace: join(folder, 'ws') } },
      question: { kind: 'within', threshold: 0 },
      metric,
      ...weights,
    });
    expect(rows).toHaveLength(16);
    for (const [i, query] of ['aspirin', 'caffeine'].entries()) {
      for (const [k, neighbor] of NAMES.entries()) {
        const row = rows.find(({ query_id, neighbor_id }) => query_id === query && neighbor_id === neighbor);
        expect(Number(row?.similarity)).toBeCloseTo(BY_RDKIT[metric][i][k], 5);
      }
    }
  },
);

const rows = randomRows(300, 1000, 'id ');
const hexById = (list: readonly { id: string; hex: string }[]) =>
  new Map(list.map(({ id, hex }) => [id, hex]));

/** The fingerprints of an FPS text by id. */
function readFpsText(text: string) {
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  return hexById(lines.map((line) => ({ hex: line.split('\t')[0], id: line.split('\t')[1] })));
}

test.each(['fps', 'fps.gz', 'npy', 'parquet'])(
  'what is exported as .%s is imported as the same segment',
  async (ending) => {
    const folder = temporaryFolder();
    const { index, change } = await buildFrom(folder, 'from', rows, 1000);
    const file = join(folder, `out.${ending}`);
    const { ids } = await exportIndex(index, file);
    const more = {
      ...(ids !== null && { idsFile: ids }),
      ...(ending === 'parquet' && { fingerprintColumn: 'fingerprint', idColumn: 'id' }),
    };
    const again = await build(folder, file, more, 'again');
    expect(again.change.manifest.segments).toEqual(change.manifest.segments);
    const isText = ending.startsWith('fps');
    expect(again.change.manifest.content).toEqual({
      bits: 1000,
      contract: null,
      type: isText ? 'test/1' : null,
    });
  },
);

test('an exported FPS file holds the header and every live fingerprint as it came', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'from', rows, 1000);
  await deleteFromIndex(index, ['id 7']);
  await exportIndex(index, join(folder, 'out.fps.gz'));
  const text = gunzipSync(readFileSync(join(folder, 'out.fps.gz'))).toString();
  expect(text).toMatch(/^#FPS1\n#num_bits=1000\n#type=test\/1\n#software=Assayer\/[\d.]+\n[0-9a-f]{250}\t/);
  expect(readFpsText(text)).toEqual(hexById(rows.filter(({ id }) => id !== 'id 7')));
});

test('an exported .npy file is a C-ordered uint8 array with its ids beside it', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'from', rows, 1000);
  await exportIndex(index, join(folder, 'out.npy'));
  const bytes = readFileSync(join(folder, 'out.npy'));
  const ids = readFileSync(join(folder, 'out.npy.ids.txt'), 'utf8').trimEnd().split('\n');
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  expect(bytes.toString('latin1', 10, start)).toContain(
    "{'descr': '|u1', 'fortran_order': False, 'shape': (300, 125), }",
  );
  const found = ids.map((id, i) => ({
    id,
    hex: bytes.toString('hex', start + i * 125, start + (i + 1) * 125),
  }));
  expect(hexById(found)).toEqual(hexById(rows));
});

/** A `.npy` file as numpy 2 writes it. */
function npy(header: string, body: Buffer): Buffer {
  const head = Buffer.alloc(128, ' ');
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(118, 8);
  head.write(`${header}`, 10);
  head[127] = 10;
  return Buffer.concat([head, body]);
}

test('rows of a .npy file without ids are named by their number, gzipped or not', async () => {
  const folder = temporaryFolder();
  const body = Buffer.concat(rows.slice(0, 40).map(({ hex }) => Buffer.from(hex, 'hex')));
  const array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (40, 125), }", body);
  writeFileSync(join(folder, 'a.npy'), array);
  writeFileSync(join(folder, 'b.npy.gz'), gzipSync(array));
  const plain = await build(folder, join(folder, 'a.npy'));
  const packed = await build(folder, join(folder, 'b.npy.gz'), {}, 'b');
  expect(packed.change.manifest.segments).toEqual(plain.change.manifest.segments);
  await exportIndex(plain.index, join(folder, 'out.fps'));
  const found = readFpsText(readFileSync(join(folder, 'out.fps'), 'utf8'));
  expect(found).toEqual(new Map(rows.slice(0, 40).map(({ hex }, i) => [String(i), hex])));
});

const body = Buffer.alloc(64, 3);
const DAMAGED: [name: string, file: string, content: string | Buffer, code: string, says: RegExp][] = [
  [
    'an FPS line too short',
    'a.fps',
    '#FPS1\n#num_bits=16\n0102\ta\n01\tb\n',
    'ERR_INPUT_FORMAT',
    /line 4: 2 digits/,
  ],
  [
    'an FPS line that is no hex',
    'a.fps',
    '#FPS1\n0102\ta\n01zz\tb\n',
    'ERR_INPUT_FORMAT',
    /line 3: not hexa/,
  ],
  ['an FPS line without an id', 'a.fps', '#FPS1\n0102\ta\n0103\n', 'ERR_INPUT_FORMAT', /line 3: no id/],
  ['an FPS line with an odd digit', 'a.fps', '#FPS1\n012\ta\n', 'ERR_INPUT_FORMAT', /line 2: an odd number/],
  ['FPS bits past the end', 'a.fps', '#FPS1\n#num_bits=12\n01f0\ta\n', 'ERR_INPUT_FORMAT', /bit past 12/],
  [
    'FPS with a bad length',
    'a.fps',
    '#FPS1\n#num_bits=many\n01\ta\n',
    'ERR_INPUT_FORMAT',
    /num_bits is many/,
  ],
  ['FPS without rows', 'a.fps', '#FPS1\n#num_bits=16\n', 'ERR_INPUT_EMPTY', /holds no rows/],
  ['FPS too wide', 'a.fps', `${'00'.repeat(1025)}\ta\n`, 'ERR_INPUT_FORMAT', /8200 bits; 1 to 8192/],
  ['FPS of no bits', 'a.fps', '\tid1\n\tid2\n', 'ERR_INPUT_FORMAT', /0 bits; 1 to 8192/],
  ['text named .npy', 'a.npy', 'id,smiles\na,CCO\n', 'ERR_INPUT_FORMAT', /does not begin as \.npy/],
  [
    'a .npy of floats',
    'a.npy',
    npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }", body),
    'ERR_INPUT_FORMAT',
    /dtype is <f4.*bitorder='little'/,
  ],
  [
    'a .npy in Fortran order',
    'a.npy',
    npy("{'descr': '|u1', 'fortran_order': True, 'shape': (4, 16), }", body),
    'ERR_INPUT_FORMAT',
    /C order/,
  ],
  [
    'a .npy of one dimension',
    'a.npy',
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (64,), }", body),
    'ERR_INPUT_FORMAT',
    /two-dimensional/,
  ],
  [
    'a .npy cut short',
    'a.npy',
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5, 16), }", body),
    'ERR_INPUT_CORRUPT',
    /the 5 rows of 16 bytes/,
  ],
  [
    'a .npy with bytes to spare',
    'a.npy',
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 16), }", body),
    'ERR_INPUT_CORRUPT',
    /the 3 rows of 16 bytes/,
  ],
];

test.each(DAMAGED)('%s is refused with its place', async (_, name, content, code, says) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), content);
  const error = await failure(build(folder, join(folder, name)));
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(says)]);
});

test('ids that do not fit a .npy file, or a format that cannot hold an id, are refused', async () => {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'a.npy'),
    npy("{'descr': '|u1', 'fortran_order': False, 'shape': (4, 16), }", body),
  );
  writeFileSync(join(folder, 'ids.txt'), 'a\nb\nc\n');
  const few = await failure(build(folder, join(folder, 'a.npy'), { idsFile: join(folder, 'ids.txt') }));
  expect(few.message).toMatch(/4 rows, but .*ids\.txt has 3 ids/);
  writeFileSync(join(folder, 'ids.txt'), 'a\nb\n\nd\n');
  const blank = await failure(build(folder, join(folder, 'a.npy'), { idsFile: join(folder, 'ids.txt') }));
  expect(blank.message).toMatch(/ids\.txt, line 3: the id is blank/);
  writeFileSync(join(folder, 'c.csv'), 'id,smiles\n"two\nlines",CCO\n');
  const { index } = await build(folder, join(folder, 'c.csv'), {}, 'c');
  const output = await failure(exportIndex(index, join(folder, 'c.fps')));
  expect([output.code, output.message]).toEqual([
    'ERR_OUTPUT_UNWRITABLE',
    expect.stringContaining('no place for the id "two\\nlines"'),
  ]);
  await exportIndex(index, join(folder, 'c.parquet'));
  const unknown = await failure(exportIndex(index, join(folder, 'c.sdf')));
  expect([unknown.code, unknown.message]).toEqual(['ERR_USAGE', expect.stringContaining('.fps, .fps.gz')]);
});

test('a Parquet column that is missing or not binary is refused', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'from', rows.slice(0, 5), 1000);
  const path = join(folder, 'a.parquet');
  await exportIndex(index, path);
  const missing = await failure(build(folder, path, { fingerprintColumn: 'fp' }, 'b'));
  expect([missing.code, missing.message]).toEqual([
    'ERR_INPUT_COLUMN_NOT_FOUND',
    expect.stringContaining('columns: id, fingerprint'),
  ]);
  const text = await failure(build(folder, path, { fingerprintColumn: 'id' }, 'b'));
  expect([text.code, text.message]).toEqual([
    'ERR_INPUT_FORMAT',
    expect.stringContaining('VARCHAR, not binary'),
  ]);
});

test('queries of another length or type are refused; where no type is stated the length decides', async () => {
  const folder = temporaryFolder();
  const workspace = join(folder, 'ws');
  const { index } = await buildFrom(folder, 'from', rows, 1000);
  const ask = (path: string, more: Partial<IndexInput> = {}) =>
    search(folder, {
      index,
      queries: { kind: 'source', input: { path, workspace, ...more } },
      question: { kind: 'nearest', k: 1 },
    });
  const short = writeFpsFile(join(folder, 's.fps'), randomRows(2, 512), 512);
  expect((await failure(ask(short))).message).toContain('they have 512 bits, the index 1000');
  const other = writeFpsFile(join(folder, 'o.fps'), rows.slice(0, 2), 1000, 'other/1');
  const refused = await failure(ask(other));
  expect([refused.code, refused.message]).toEqual([
    'ERR_FINGERPRINT_MISMATCH',
    expect.stringContaining('they are other/1, the index holds test/1'),
  ]);
  expect(await ask(other, { fingerprintType: 'test/1' })).toHaveLength(2);
  await exportIndex(index, join(folder, 'q.parquet'));
  expect(
    await ask(join(folder, 'q.parquet'), { fingerprintColumn: 'fingerprint', idColumn: 'id' }),
  ).toHaveLength(300);
});
