import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { StoredResult } from '../../src/core/trace.ts';
import { traceCompound } from '../../src/flows/trace-compound.ts';
import { buildCompoundKeys, writeCompoundKeys } from '../../src/store/compound-keys-build.ts';
import { compoundKey, keysPath } from '../../src/store/compound-keys-layout.ts';
import { KeyEntries } from '../../src/store/compound-keys-sort.ts';
import { readRecorded } from '../../src/store/result-rows-recorded.ts';
import { failure } from './store-fixtures.ts';
import {
  engine,
  FORMATS,
  freshPath,
  freshWorkspace,
  inchikeyOf,
  type Row,
  runOf,
  writeResult,
} from './trace-compound-fixtures.ts';

const ROWS: Row[] = [
  { id: 'first, "quoted"\nid', inchikey: inchikeyOf(1), value: 0.1 },
  { id: 'refused', inchikey: null, value: null },
  { id: 'twin', inchikey: inchikeyOf(1), value: -2 },
  { id: 'other', inchikey: inchikeyOf(2), value: 3 },
];
const byKey = { text: inchikeyOf(1), as: 'inchikey' } as const;
const at = (day: number) => ({ finishedAt: `2026-11-0${day}T12:00:00.000Z` });

describe('a trace', () => {
  it('gives every prediction in the order of time, with model, device, reason and origin, alike in every format', async () => {
    const workspace = await freshWorkspace();
    const outputs: StoredResult[] = [];
    for (const ending of FORMATS) outputs.push(await writeResult(freshPath(`t.${ending}`), ROWS));
    const runs = outputs.map((output, i) => runOf(output, at(9 - i)));
    const trace = await traceCompound(engine, workspace, runs, byKey);
    expect(trace.unread).toEqual([]);
    expect(trace.rejections).toEqual([]);
    expect(trace.runs).toBe(FORMATS.length);
    expect(trace.predictions.length).toBe(2 * FORMATS.length);
    const wanted = runs.toReversed().flatMap((run) => [`${run.run} 0`, `${run.run} 2`]);
    expect(trace.predictions.map(({ run, input }) => `${run} ${input.row}`)).toEqual(wanted);
    for (const [i, { run, output, finishedAt, ...same }] of trace.predictions.entries()) {
      expect(output).toEqual({ path: outputs[7 - (i >> 1)].path, sha256: outputs[7 - (i >> 1)].sha256 });
      expect(finishedAt).toBe(at(2 + (i >> 1)).finishedAt);
      const first = i % 2 === 0;
      const id = first ? 'first, "quoted"\nid' : 'twin';
      expect(same).toEqual({
        matched: ['inchikey'],
        input: { path: 'in.csv', sha256: 'd'.repeat(64), row: first ? 0 : 2, id, text: `SMILES of ${id}` },
        inchikey: inchikeyOf(1),
        contract: 'c'.repeat(64),
        engine: '0.1.0',
        model: {
          endpoint: 'herg',
          version: '3',
          artifact: 'a'.repeat(64),
          released: true,
          lowEvidence: false,
          calibrated: true,
        },
        device: 'cpu',
        unit: 'nM',
        value: first ? 0.1 : -2,
        low: first ? -0.9 : -3,
        high: first ? 1.1 : -1,
        percentile: 12.5,
        inDomain: first,
        nearest: { similarity: 0.7, inchikey: inchikeyOf(9), value: 100 },
        state: null,
      });
    }
    expect(trace.keysMade).toEqual(outputs.map(({ sha256 }) => keysPath(workspace, sha256)));
    expect((await traceCompound(engine, workspace, runs, byKey)).keysMade).toEqual([]);
  });

  it('finds a compound by its id as it stood in the input, and a rejected one with the reason', async () => {
    const workspace = await freshWorkspace();
    const runs = [runOf(await writeResult(freshPath('id.csv'), ROWS))];
    const byId = (text: string) => traceCompound(engine, workspace, runs, { text, as: 'id' });
    const quoted = await byId('first, "quoted"\nid');
    expect(quoted.predictions.map(({ input, matched }) => [input.row, matched])).toEqual([[0, ['id']]]);
    const refused = await byId('refused');
    expect(refused.predictions).toEqual([]);
    expect(refused.rejections).toMatchObject([{ reason: 'PARSE: no', inchikey: null, input: { row: 1 } }]);
    expect((await byId('nobody')).predictions).toEqual([]);
  });

  it('takes a SMILES to the InChIKey of its parent, and an unclear text as all that it may be', async () => {
    const workspace = await freshWorkspace();
    const aspirin = 'BSYNRYMUTXBXSQ-UHFFFAOYSA-N';
    const rows = [
      { id: 'CCO', inchikey: aspirin, value: 1 },
      { id: 'x', inchikey: 'LFQSCWFLJHTTHZ-UHFFFAOYSA-N', value: 2 }, // ethanol
      { id: aspirin, inchikey: inchikeyOf(5), value: 3 },
    ];
    const runs = [runOf(await writeResult(freshPath('smiles.csv'), rows))];
    const trace = (text: string, as?: 'smiles') =>
      traceCompound(engine, workspace, runs, { text, ...(as && { as }) });
    const salt = await trace('[Na+].CC(=O)Oc1ccccc1C(=O)[O-]', 'smiles');
    expect(salt.predictions.map(({ value }) => value)).toEqual([1]);
    expect(salt.readings.map(({ kind, text }) => [kind, text])).toEqual([['inchikey', aspirin]]);
    const both = await trace('CCO');
    expect(both.predictions.map(({ value, matched }) => [value, matched])).toEqual([
      [1, ['id']],
      [2, ['inchikey']],
    ]);
    expect((await trace(aspirin)).predictions.map(({ value }) => value)).toEqual([1, 3]);
    const name = await trace('no SMILES');
    expect(name.readings.map(({ kind }) => kind)).toEqual(['id']);
    expect(name.notTaken[0]).toMatch(/^as a SMILES: /);
    for (const as of ['smiles', 'inchikey'] as const) {
      const error = await failure(traceCompound(engine, workspace, runs, { text: 'no SMILES', as }));
      expect(error.code).toBe('ERR_USAGE');
    }
    expect((await failure(trace(''))).code).toBe('ERR_USAGE');
  });

  it('compares the row, so that another name with the same key gives nothing', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('collide.jsonl'), ROWS);
    const text = readFileSync(output.path, 'utf8');
    const entries = new KeyEntries();
    // All four rows are said to be of the compound.
    for (let place = 0; place < text.length; place = text.indexOf('\n', place) + 1) {
      entries.add(compoundKey({ kind: 'inchikey', text: inchikeyOf(1) }), place);
    }
    const header = { schema: 'assayer.keys/1', result: output.sha256, format: 'jsonl', rows: 4 } as const;
    await writeCompoundKeys(workspace, { ...header, entries: entries.count }, entries);
    const trace = await traceCompound(engine, workspace, [runOf(output)], byKey);
    expect(trace.predictions.map(({ input }) => input.row)).toEqual([0, 2]);
    expect(trace.rejections).toEqual([]);
  });

  it('makes a damaged key file anew and says so', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('damaged.csv'), ROWS);
    await buildCompoundKeys(workspace, output);
    const path = keysPath(workspace, output.sha256);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 5000));
    const trace = await traceCompound(engine, workspace, [runOf(output)], byKey);
    expect(trace.predictions.length).toBe(2);
    expect(trace.keysMade).toEqual([path]);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });
});

describe('a result that cannot be read', () => {
  it.each(['csv', 'csv.gz', 'parquet', 'arrow'])(
    '%s: gone or altered, it is named with the reason and gives no value',
    async (ending) => {
      const workspace = await freshWorkspace();
      const output = await writeResult(freshPath(`u.${ending}`), ROWS);
      await buildCompoundKeys(workspace, output);
      const run = runOf(output);
      const trace = () => traceCompound(engine, workspace, [run], byKey);
      const bytes = readFileSync(output.path);

      const altered = Buffer.from(bytes);
      altered[bytes.length >> 1] ^= 1;
      writeFileSync(output.path, altered);
      const first = await trace();
      expect(first.predictions).toEqual([]);
      expect(first.unread).toMatchObject([{ run: run.run, path: output.path, rows: 2 }]);
      expect(first.unread[0].reason).toMatch(/SHA-256/);

      writeFileSync(output.path, Buffer.concat([bytes, bytes]));
      expect((await trace()).unread[0].reason).toMatch(/has \d+ bytes, and its run recorded \d+/);

      rmSync(output.path);
      const gone = await trace();
      expect(gone.predictions).toEqual([]);
      expect(gone.unread[0].reason).toContain(`${output.path} does not exist`);

      writeFileSync(output.path, bytes);
      expect((await trace()).predictions.length).toBe(2);
    },
  );

  it('is not mentioned where its keys say that the compound is not in it, and is where it has no keys', async () => {
    const workspace = await freshWorkspace();
    const known = await writeResult(freshPath('k.csv'), ROWS.slice(3));
    const unknown = await writeResult(freshPath('n.csv'), ROWS.slice(2));
    await buildCompoundKeys(workspace, known);
    for (const { path } of [known, unknown]) rmSync(path);
    const trace = await traceCompound(engine, workspace, [runOf(known), runOf(unknown)], byKey);
    expect(trace.unread).toMatchObject([{ path: unknown.path, rows: null }]);
  });

  it('does not hide the others', async () => {
    const workspace = await freshWorkspace();
    const [a, b] = [await writeResult(freshPath('a.csv'), ROWS), await writeResult(freshPath('b.tsv'), ROWS)];
    rmSync(a.path);
    const standard = { ...a, path: '-' };
    const foreign = { ...b, format: 'orc', sha256: 'e'.repeat(64) };
    const runs = [runOf(a, at(1)), runOf(standard, at(2)), runOf(b, at(3)), runOf(foreign, at(4))];
    const trace = await traceCompound(engine, workspace, runs, byKey);
    expect(trace.predictions.length).toBe(2);
    expect(trace.unread.map(({ path }) => path)).toEqual([a.path, '-', foreign.path]);
    expect(trace.unread[1].reason).toContain('standard output');
  });

  it('is noticed when it is altered in place, its size and modification time kept, after it was once found whole', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('kept.csv'), ROWS);
    // In parts of a millisecond, since only then can be set again exactly what was read.
    const kept = () => utimesSync(output.path, 1_700_000_000.1234567, 1_700_000_000.1234567);
    kept();
    const { mtimeNs, size } = statSync(output.path, { bigint: true });
    await setTimeout(50); // older than a tick, so that its stamp is believed
    await buildCompoundKeys(workspace, output);
    const seen = keysPath(workspace, output.sha256).replace(/keys$/, 'files.json');
    expect(existsSync(seen)).toBe(true);
    writeFileSync(output.path, readFileSync(output.path, 'utf8').replace('0.1', '0.2'));
    kept();
    expect(statSync(output.path, { bigint: true })).toMatchObject({ mtimeNs, size });
    const trace = await traceCompound(engine, workspace, [runOf(output)], byKey);
    expect(trace.predictions).toEqual([]);
    expect(trace.unread[0].reason).toMatch(/SHA-256/);
  });
});

describe('a result found whole', () => {
  it('is not hashed again until the file system says that it changed', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('stamp.csv'), ROWS);
    await setTimeout(50);
    await buildCompoundKeys(workspace, output);
    const seen = keysPath(workspace, output.sha256).replace(/keys$/, 'files.json');
    const before = readFileSync(seen, 'utf8');
    // A wrong hash in the record of the same file would be noticed by hashing.
    const { files } = JSON.parse(before) as { files: { path: string; stamp: string }[] };
    expect(files.map(({ path }) => path)).toEqual([output.path]);
    writeFileSync(seen.replace(output.sha256, 'f'.repeat(64)), before);
    const entries = new KeyEntries();
    entries.add(compoundKey({ kind: 'id', text: 'twin' }), readFileSync(output.path).lastIndexOf('\n2,') + 1);
    const header = {
      schema: 'assayer.keys/1',
      result: 'f'.repeat(64),
      format: 'csv',
      rows: 4,
      entries: 1,
    } as const;
    await writeCompoundKeys(workspace, header, entries);
    const run = runOf({ ...output, sha256: 'f'.repeat(64) });
    const ask = () => traceCompound(engine, workspace, [run], { text: 'twin', as: 'id' });
    expect((await ask()).predictions.length).toBe(1);
    utimesSync(output.path, new Date(), new Date());
    expect((await ask()).unread[0].reason).toMatch(/SHA-256/);
  });

  it('is hashed each time while its times are too new to tell a change from', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('new.csv'), ROWS);
    const soon = new Date(Date.now() + 3_600_000);
    utimesSync(output.path, soon, soon);
    expect((await traceCompound(engine, workspace, [runOf(output)], byKey)).predictions.length).toBe(2);
    expect(existsSync(keysPath(workspace, output.sha256).replace(/keys$/, 'files.json'))).toBe(false);
  });

  it('is not answered from when it changes while it is read', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('racing.csv'), ROWS);
    const reading = readRecorded(workspace, output, undefined, async (path) => {
      await setTimeout(50);
      writeFileSync(path, readFileSync(path));
      return 'an answer';
    });
    const error = await failure(reading);
    expect(error.code).toBe('ERR_INPUT_UNREADABLE');
    expect(error.message).toContain('changed while it was read');
  });

  it('is hashed where the list of seen files is damaged', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('list.csv'), ROWS);
    await setTimeout(50);
    await buildCompoundKeys(workspace, output);
    const seen = keysPath(workspace, output.sha256).replace(/keys$/, 'files.json');
    const before = readFileSync(seen, 'utf8');
    for (const text of ['', '{', 'null', '{"schema":"assayer.result-files/1","files":[{}]}']) {
      writeFileSync(seen, text);
      expect((await traceCompound(engine, workspace, [runOf(output)], byKey)).predictions.length).toBe(2);
      expect(readFileSync(seen, 'utf8')).toBe(before);
    }
  });

  it('is found again from another folder, and under a second name', async () => {
    const workspace = await freshWorkspace();
    const output = await writeResult(freshPath('here.csv'), ROWS);
    await setTimeout(50);
    await buildCompoundKeys(workspace, output);
    // As recorded by a run in the folder of the result.
    const elsewhere = { ...output, path: basename(output.path) };
    expect(existsSync(elsewhere.path)).toBe(false);
    expect((await traceCompound(engine, workspace, [runOf(elsewhere)], byKey)).predictions.length).toBe(2);
    const fromHere = { ...output, path: relative(process.cwd(), output.path) };
    expect((await traceCompound(engine, workspace, [runOf(fromHere)], byKey)).predictions.length).toBe(2);

    const second = join(dirname(output.path), 'again [1] {a}*.csv');
    renameSync(output.path, second);
    const runs = [runOf(output, at(1)), runOf({ ...output, path: second }, at(2))];
    const trace = await traceCompound(engine, workspace, runs, byKey);
    expect(trace.predictions.map(({ run }) => run)).toEqual([runs[1].run, runs[1].run]);
    expect(trace.unread.map(({ run }) => run)).toEqual([runs[0].run]);
  });
});

it('Parquet is read under a name that DuckDB would take for a pattern', async () => {
  const workspace = await freshWorkspace();
  const output = await writeResult(freshPath('p[1]*?{a}.parquet'), ROWS);
  const trace = await traceCompound(engine, workspace, [runOf(output)], byKey);
  expect(trace.predictions.length).toBe(2);
});

it('a cancelled trace says so', async () => {
  const workspace = await freshWorkspace();
  const runs = [runOf(await writeResult(freshPath('c.csv'), ROWS))];
  const signal = AbortSignal.abort();
  expect((await failure(traceCompound(engine, workspace, runs, byKey, { signal }))).code).toBe(
    'ERR_CANCELLED',
  );
});
