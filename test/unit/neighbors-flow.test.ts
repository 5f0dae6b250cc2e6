import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { popcounts } from '../../src/core/fingerprint.ts';
import { buildIndex } from '../../src/flows/index-build.ts';
import { findNeighbors, type NeighborsRequest } from '../../src/flows/neighbors.ts';
import { openIndex } from '../../src/index.ts';
import { openIndexFolder } from '../../src/store/index-folder.ts';
import { assayer, readCsv, temporaryFolder } from '../assayer.ts';
import { buildFrom, engine, randomRows, selfTable, tanimoto } from './index-fixtures.ts';
import { failure, folder as lasting } from './store-fixtures.ts';

const compounds = new URL('../../examples/compounds.csv', import.meta.url).pathname;
const index = join(lasting, 'examples.index');
const workspace = join(lasting, 'ws');
/** Hexadecimal Morgan bits of the example compounds, by name, in the index's order. */
const hexes = new Map<string, string>();

beforeAll(async () => {
  await buildIndex(engine, { index, input: { path: compounds, workspace } });
  await using opened = await openIndexFolder(index);
  for await (const { ids, fingerprints } of opened.rows.live(1000)) {
    ids.forEach((id, i) => {
      hexes.set(id, Buffer.from(fingerprints.subarray(i * 256, (i + 1) * 256)).toString('hex'));
    });
  }
});

async function run(request: Partial<NeighborsRequest>, name = 'out.csv') {
  const output = join(temporaryFolder(), name);
  const queries = { kind: 'source', input: { path: compounds, workspace } } as const;
  const question = { kind: 'nearest', k: 4 } as const;
  const summary = await findNeighbors(engine, { index, queries, question, ...request, output });
  return { summary, output };
}

/** All of the index for a query, most similar first, equal ones in the index's order. */
function bruteForce(query: string) {
  const all = [...hexes].map(([id, hex]) => ({ id, similarity: tanimoto(query, hex) }));
  return all.sort((a, b) => b.similarity - a.similarity);
}

test('the nearest neighbours of compounds are those of a search bit by bit, ties in the order of the index', async () => {
  const { output, summary } = await run({});
  const rows = readCsv(output);
  expect(summary).toMatchObject({ queries: 226, rejected: 0, neighbors: 904, without: 0, backend: 'wasm' });
  for (const [id, hex] of [...hexes].slice(0, 60)) {
    const found = rows.filter(({ query_id }) => query_id === id);
    const expected = bruteForce(hex).slice(0, 4);
    expect(found.map(({ neighbor_id }) => neighbor_id)).toEqual(expected.map((hit) => hit.id));
    expect(found.map(({ rank }) => rank)).toEqual(['1', '2', '3', '4']);
    found.forEach(({ similarity }, i) => {
      expect(Number(similarity)).toBeCloseTo(expected[i].similarity, 6);
    });
  }
});

test('a threshold finds exactly the rows at least that similar', async () => {
  const { output, summary } = await run({ question: { kind: 'within', threshold: 0.35 } });
  const rows = readCsv(output);
  for (const [id, hex] of [...hexes].slice(0, 60)) {
    const found = rows.filter(({ query_id }) => query_id === id);
    const expected = bruteForce(hex).filter(({ similarity }) => similarity >= 0.35);
    expect(found.map(({ neighbor_id }) => neighbor_id)).toEqual(expected.map((hit) => hit.id));
  }
  expect(summary.neighbors).toBe(rows.length);
});

test('intersection and union are of the two fingerprints', async () => {
  const { output } = await run({});
  for (const { query_id, neighbor_id, intersection, union } of readCsv(output).slice(0, 200)) {
    const [a, b] = [query_id, neighbor_id].map((id) => Buffer.from(hexes.get(id) ?? '', 'hex'));
    const [both] = popcounts(
      a.map((byte, i) => byte & b[i]),
      256,
    );
    const [either] = popcounts(
      a.map((byte, i) => byte | b[i]),
      256,
    );
    expect([intersection, union]).toEqual([String(both), String(either)]);
  }
});

test('all against all leaves each row itself out, duplicates stay in', async () => {
  const folder = temporaryFolder();
  const list = randomRows(120, 512);
  const made = await buildFrom(folder, 'a', list, 512);
  await selfTable(folder, made.index, { question: { kind: 'nearest', k: 2 } });
  const rows = readCsv(join(folder, 'self.csv'));
  expect(rows).toHaveLength(240);
  expect(rows.filter(({ query_id, neighbor_id }) => query_id === neighbor_id)).toEqual([]);
  for (const { id, hex } of list) {
    const others = list.filter((row) => row.id !== id).map((row) => tanimoto(hex, row.hex));
    const best = others.sort((a, b) => b - a).slice(0, 2);
    const found = rows.filter(({ query_id }) => query_id === id).map(({ similarity }) => Number(similarity));
    found.forEach((similarity, i) => {
      expect(similarity).toBeCloseTo(best[i], 6);
    });
  }
  await selfTable(folder, made.index, { question: { kind: 'within', threshold: 1 } });
  const equal = readCsv(join(folder, 'self.csv'));
  const copies = list.filter(({ id, hex }) => list.some((row) => row.id !== id && row.hex === hex));
  expect(new Set(equal.map(({ query_id }) => query_id))).toEqual(new Set(copies.map(({ id }) => id)));
});

test('with many equal fingerprints the nearest of all against all is still another row', async () => {
  const folder = temporaryFolder();
  const same = Array.from({ length: 40 }, (_, i) => ({ id: `s${i}`, hex: 'f0'.repeat(64) }));
  const { index: equals } = await buildFrom(folder, 'a', same, 512);
  await selfTable(folder, equals, { question: { kind: 'nearest', k: 1 } });
  const rows = readCsv(join(folder, 'self.csv'));
  expect(rows.map(({ query_id, neighbor_id }) => `${query_id} ${neighbor_id}`)).toEqual(
    same.map(({ id }) => `${id} ${id === 's0' ? 's1' : 's0'}`),
  );
});

test('more neighbours than rows gives them all, and no more', async () => {
  const { output } = await run({
    queries: { kind: 'smiles', smiles: ['CCO'] },
    question: { kind: 'nearest', k: 1e9 },
  });
  const rows = readCsv(output);
  expect(rows).toHaveLength(226);
  expect(new Set(rows.map(({ neighbor_id }) => neighbor_id)).size).toBe(226);
});

test('rejected queries keep their place, with a reason and no neighbour', async () => {
  const path = join(temporaryFolder(), 'q.csv');
  writeFileSync(path, 'name,smiles\nbad,CC(\nethanol,CCO\nempty,\nbenzene,c1ccccc1\nworse,C1CC\n');
  const { output, summary } = await run({
    queries: { kind: 'source', input: { path, workspace } },
    question: { kind: 'nearest', k: 1 },
  });
  const rows = readCsv(output);
  expect(rows.map(({ query_id }) => query_id)).toEqual(['bad', 'ethanol', 'empty', 'benzene', 'worse']);
  expect(rows.map(({ query_row }) => query_row)).toEqual(['0', '1', '2', '3', '4']);
  expect(rows.map(({ reason }) => reason.split(':')[0])).toEqual(['SYNTAX', '', 'EMPTY', '', 'SYNTAX']);
  expect(rows.map(({ neighbor_id }) => neighbor_id === '')).toEqual([true, false, true, false, true]);
  expect(summary).toMatchObject({ queries: 5, rejected: 3, neighbors: 2 });
});

test('rejected compounds are not indexed, and are written where asked', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'q.csv');
  writeFileSync(path, 'name,smiles\nbad,CC(\nethanol,CCO\nempty,\n');
  const rejects = join(folder, 'rejects.csv');
  const change = await buildIndex(engine, {
    index: join(folder, 'a.index'),
    input: { path, workspace },
    rejects,
  });
  expect([change.added, change.rejected]).toEqual([1, 2]);
  expect(readCsv(rejects).map(({ row, id }) => `${row} ${id}`)).toEqual(['0 bad', '2 empty']);
});

test.each(['tsv', 'jsonl', 'arrow', 'parquet', 'csv.gz'])(
  'the same search gives the same bytes as .%s',
  async (ending) => {
    const question = { kind: 'nearest', k: 2 } as const;
    const [a, b] = [await run({ question }, `a.${ending}`), await run({ question }, `b.${ending}`)];
    expect(a.summary.output.sizeBytes).toBeGreaterThan(100);
    expect(b.summary.output.sha256).toBe(a.summary.output.sha256);
  },
);

const BAD: [name: string, request: Partial<NeighborsRequest>, says: RegExp][] = [
  ['k = 0', { question: { kind: 'nearest', k: 0 } }, /k is 0/],
  ['k = 1.5', { question: { kind: 'nearest', k: 1.5 } }, /k is 1.5/],
  ['k = NaN', { question: { kind: 'nearest', k: Number.NaN } }, /k is NaN/],
  ['a negative threshold', { question: { kind: 'within', threshold: -0.1 } }, /threshold is -0.1/],
  ['a threshold of NaN', { question: { kind: 'within', threshold: Number.NaN } }, /threshold is NaN/],
  ['a threshold over 1', { question: { kind: 'within', threshold: 1.01 } }, /threshold is 1.01/],
  ['a threshold of five decimals', { question: { kind: 'within', threshold: 0.12345 } }, /four decimals/],
  ['Tversky without weights', { metric: 'tversky' }, /both alpha and beta/],
  ['weights without Tversky', { metric: 'dice', alpha: 1, beta: 1 }, /belong to tversky/],
  ['a negative weight', { metric: 'tversky', alpha: -1, beta: 1 }, /alpha is -1/],
  ['no SMILES', { queries: { kind: 'smiles', smiles: [] } }, /no queries/],
];

test.each(BAD)('%s is refused, and nothing is written', async (_, request, says) => {
  const output = join(temporaryFolder(), 'out.csv');
  const queries = { kind: 'self' } as const;
  const question = { kind: 'nearest', k: 1 } as const;
  const error = await failure(findNeighbors(engine, { index, queries, question, ...request, output }));
  expect([error.code, error.message]).toEqual(['ERR_USAGE', expect.stringMatching(says)]);
  expect(existsSync(output)).toBe(false);
});

test('compounds cannot be compared with fingerprints made elsewhere', async () => {
  const folder = temporaryFolder();
  const made = await buildFrom(folder, 'a', randomRows(5, 2048), 2048);
  const queries = { kind: 'smiles', smiles: ['CCO'] } as const;
  const question = { kind: 'nearest', k: 1 } as const;
  const output = join(folder, 'out.csv');
  const error = await failure(findNeighbors(engine, { index: made.index, queries, question, output }));
  expect([error.code, error.message]).toEqual([
    'ERR_FINGERPRINT_MISMATCH',
    expect.stringContaining('the index holds test/1, not fingerprints of this engine'),
  ]);
  expect(existsSync(output)).toBe(false);
});

test('a cancelled search leaves nothing', async () => {
  const folder = temporaryFolder();
  const output = join(folder, 'out.csv');
  const queries = { kind: 'self' } as const;
  const question = { kind: 'nearest', k: 1 } as const;
  const cancel = new AbortController();
  const error = await failure(
    findNeighbors(
      engine,
      { index, queries, question, output },
      { signal: cancel.signal, onProgress: () => cancel.abort() },
    ),
  );
  expect(error.code).toBe('ERR_CANCELLED');
  expect(readdirSync(folder)).toEqual([]);
});

test('the library answers SMILES and packed fingerprints alike, in the order of the queries', async () => {
  await using opened = await openIndex(index, { engine });
  const aspirin = 'CC(=O)Oc1ccccc1C(=O)O';
  const [broken, first] = await opened.nearest(['CC(', aspirin], 3);
  expect(broken).toEqual({ reason: expect.stringMatching(/^SYNTAX/), neighbors: [] });
  expect(first.neighbors.map(({ id }) => id)).toEqual(
    bruteForce(hexes.get('aspirin') ?? '')
      .slice(0, 3)
      .map(({ id }) => id),
  );
  const packed = Buffer.from(hexes.get('aspirin') ?? '', 'hex');
  expect(await opened.nearest(packed, 3)).toEqual([first]);
  const [near] = await opened.within(packed, 1);
  expect(near.neighbors).toMatchObject([{ id: 'aspirin', similarity: 1 }]);
  expect([opened.size, opened.rowBytes, opened.backend]).toEqual([226, 256, 'wasm']);
  await expect(opened.nearest(packed.subarray(1), 3)).rejects.toThrow(/no whole number of rows/);
});

test('the command line builds, searches, changes and tells', async () => {
  const cwd = temporaryFolder();
  const json = async (...args: string[]) => {
    const done = await assayer([...args, '--json'], { cwd });
    expect([args[0], done.code, done.stderr]).toEqual([args[0], 0, '']);
    return JSON.parse(done.stdout);
  };
  expect((await json('index', 'build', compounds, '--out', 'a.index')).added).toBe(226);
  const out = await assayer(
    ['neighbors', 'a.index', '--smiles', 'CC(=O)Oc1ccccc1C(=O)O', 'CCO', '--top', '1', '--out', '-'],
    { cwd },
  );
  expect(out.code).toBe(0);
  expect(out.stdout.split('\n')[1]).toBe('0,CC(=O)Oc1ccccc1C(=O)O,1,aspirin,1,24,24,');
  expect((await json('index', 'delete', 'a.index', 'aspirin')).deleted).toBe(1);
  await json('index', 'compact', 'a.index');
  expect(await json('index', 'info', 'a.index')).toMatchObject({ rows: 225, deleted: 0 });
  expect((await json('index', 'export', 'a.index', 'a.fps.gz')).rows).toBe(225);
  const self = await json('neighbors', 'a.index', '--all', '--top', '1', '--out', 'nn.parquet');
  expect([self.queries, self.neighbors]).toEqual([225, 225]);
  for (const [args, says] of [
    [['--all', '--top', '0'], 'k is 0'],
    [['--all', '--top', 'x'], '--top is x'],
    [['--all', '--threshold', 'nan'], '--threshold is nan'],
    [['--all', '--threshold', '2'], 'threshold is 2'],
    [['--all', '--top', '1', '--threshold', '0.5'], 'not both'],
    [['--all', 'a.fps.gz'], 'in one way'],
    [[], 'in one way'],
  ] as [string[], string][]) {
    const refused = await assayer(['neighbors', 'a.index', ...args, '--out', 'x.csv'], { cwd });
    expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(says)]);
  }
  expect(existsSync(join(cwd, 'x.csv'))).toBe(false);
});

test('an output that is its own input is refused, and options that the input cannot heed', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'q.csv');
  writeFileSync(path, 'id,smiles\na,CCO\n');
  const question = { kind: 'nearest', k: 1 } as const;
  const queries = { kind: 'source', input: { path, workspace } } as const;
  const same = await failure(findNeighbors(engine, { index, queries, question, output: path }));
  expect([same.code, same.message]).toEqual(['ERR_USAGE', expect.stringContaining('are the same file')]);
  const built = buildIndex(engine, { index: join(folder, 'i'), input: { path, workspace }, rejects: path });
  expect((await failure(built)).code).toBe('ERR_USAGE');
  expect(existsSync(join(folder, 'i'))).toBe(false);
  for (const [option, text] of [
    [{ idsFile: join(folder, 'ids.txt') }, '--ids does not go with'],
    [{ path: join(folder, 'a.npy'), fingerprintColumn: 'x' }, '--fingerprint-column does not go with'],
    [{ path: join(folder, 'a.fps'), smilesColumn: 'x' }, '--smiles-column does not go with'],
    [{ path: join(folder, 'a.npy'), idColumn: 'x' }, '--id-column does not go with'],
  ] as const) {
    const input = { path, workspace, ...option };
    const error = await failure(buildIndex(engine, { index: join(folder, 'i'), input }));
    expect([error.code, error.message]).toEqual(['ERR_USAGE', expect.stringContaining(text)]);
  }
});

test('what is no query, and a search in a closed index, are refused with a code', async () => {
  const opened = await openIndex(index, { engine });
  for (const wrong of ['CCO', new Float32Array(256), [new Uint8Array(256)], [null]]) {
    const error = await failure(opened.nearest(wrong as unknown as string[], 2));
    expect([error.code, error.message]).toEqual(['ERR_USAGE', expect.stringContaining('array of SMILES')]);
  }
  await opened[Symbol.asyncDispose]();
  expect((await failure(opened.nearest(['CCO'], 2))).message).toMatch(/was closed/);
});
