/**
 * The trace of one compound over 10,000,000 stored predictions, in results as a screen writes them (synthetic cells, the
 * columns and options of `assayer screen`), as CSV and as Parquet: making a result's key file, and traces of a compound
 * that stands in one result and of one that stands in every result. Cold is the first trace of a new process; the files
 * are in the page cache then too, for no cache is dropped. Warm are the traces after it in the same process.
 *
 *     node bench/trace.bench.ts [--predictions 10000000] [--endpoints 12] [--file-rows 50000] [--runs 6] [--warm 200]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256File } from '../src/core/hash.ts';
import type { CompoundTrace, TraceQuery } from '../src/core/trace.ts';
import type { LineageRecord } from '../src/flows/lineage.ts';
import { traceCompound } from '../src/flows/trace-compound.ts';
import { createEngine } from '../src/main.ts';
import { buildCompoundKeys } from '../src/store/compound-keys-build.ts';
import { keysPath } from '../src/store/compound-keys-layout.ts';
import { openDuckDb, sqlText } from '../src/store/duckdb.ts';
import { openWorkspace } from '../src/store/workspace.ts';
import { median, writeResult } from './machine.ts';
import { type Timing, time } from './peer.ts';

const { values: options } = parseArgs({
  options: {
    predictions: { type: 'string', default: '10000000' },
    endpoints: { type: 'string', default: '12' },
    'file-rows': { type: 'string', default: '50000' },
    runs: { type: 'string', default: '6' },
    warm: { type: 'string', default: '200' },
    name: { type: 'string', default: 'trace' },
    /** Set by the bench for the processes that it starts: where the files are, and what is asked. */
    folder: { type: 'string', default: '' },
    format: { type: 'string', default: '' },
    query: { type: 'string', default: '' },
  },
});
type Format = 'csv' | 'parquet';
const FORMATS: readonly Format[] = ['csv', 'parquet'];
const ENDPOINTS = Array.from({ length: Number(options.endpoints) }, (_, e) => `endpoint${e}`);
/** Stands in the first row of every file. */
const ASPIRIN = {
  inchikey: 'BSYNRYMUTXBXSQ-UHFFFAOYSA-N',
  smiles: 'CC(=O)Oc1ccccc1C(=O)O',
};
/** An InChIKey's form made of a number, in SQL. */
const inchikeySql = (of: string) =>
  `translate(upper(left(md5('c' || ${of}), 14)), '0123456789', 'GHIJKLMNOP') || '-UHFFFAOYSA-N'`;

interface Answer {
  readonly trace: Timing;
  readonly predictions: number;
  readonly runs: number;
}

if (options.folder !== '') console.log(JSON.stringify(await firstTrace()));
else await main();

/** What a new process does first: it loads nothing of the results before it is asked. */
async function firstTrace(): Promise<Answer> {
  const { format, query } = options as { format: Format; query: string };
  let answer: CompoundTrace | null = null;
  const trace = await time(async () => {
    answer = await ask(options.folder, format, JSON.parse(query) as TraceQuery);
  });
  const { predictions, runs } = requireWhole(answer);
  return { trace, predictions: predictions.length, runs };
}

async function ask(folder: string, format: Format, query: TraceQuery): Promise<CompoundTrace> {
  const runs = JSON.parse(readFileSync(join(folder, `${format}.json`), 'utf8')) as LineageRecord[];
  const workspace = await openWorkspace(join(folder, 'workspace'));
  return await traceCompound(createEngine({ threads: 1, devices: ['cpu'] }), workspace, runs, query);
}

function requireWhole(trace: CompoundTrace | null): CompoundTrace {
  if (trace?.unread.length === 0 && trace.keysMade.length === 0 && trace.predictions.length > 0) return trace;
  throw new Error(`the trace is not whole: ${JSON.stringify(trace)?.slice(0, 500)}`);
}

async function main(): Promise<void> {
  const [loadAverage] = loadavg();
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  try {
    const rows = Math.ceil(Number(options.predictions) / ENDPOINTS.length);
    const files = await makeResults(folder, rows);
    const build = Object.fromEntries(FORMATS.map((format) => [format, [] as BuildSample[]]));
    for (let i = 0; i < files.csv.length; i++) {
      for (const format of FORMATS) build[format].push(await buildOne(folder, files[format][i], format));
    }
    // Spread over the rows of all files; a file's first row is aspirin's.
    const warm = Number(options.warm);
    const spread = Array.from({ length: warm }, (_, k) => Math.floor(((k + 0.5) / warm) * rows));
    const once = spread.map((row) => (row % Number(options['file-rows']) === 0 ? row + 1 : row));
    await requireEqual(folder, await inchikeysOf(once.slice(0, 3)));
    const traces: Record<string, unknown> = {};
    for (const format of FORMATS) {
      traces[format] = {
        inOneResult: await measure(folder, format, await inchikeysOf(once)),
        inEveryResult: await measure(
          folder,
          format,
          once.map(() => ASPIRIN.inchikey),
        ),
        everyResultBySmiles: { cold: coldRuns(folder, format, { text: ASPIRIN.smiles, as: 'smiles' }) },
      };
      console.error(
        format,
        JSON.stringify(traces[format], (key, value) => (key === 'samples' ? undefined : value)),
      );
    }
    const path = writeResult(options.name, {
      unit: 'seconds, one thread; cold: first trace of a new process, page cache not dropped; warm: those after it',
      predictions: rows * ENDPOINTS.length,
      endpoints: ENDPOINTS.length,
      rows,
      files: files.csv.length,
      runs: Number(options.runs),
      loadAverage,
      build: Object.fromEntries(FORMATS.map((format) => [format, summary(build[format])])),
      traces,
    });
    console.log(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface BuildSample extends Timing {
  readonly rows: number;
  readonly resultBytes: number;
  readonly keyBytes: number;
  /** SHA-256 of the result alone, which is a part of the build. */
  readonly hash: Timing;
}

async function buildOne(folder: string, run: LineageRecord, format: Format): Promise<BuildSample> {
  const workspace = await openWorkspace(join(folder, 'workspace'));
  const { path, sha256 } = run.output;
  const hash = await time(() => sha256File(path));
  let rows = 0;
  const taken = await time(async () => {
    ({ rows } = await buildCompoundKeys(workspace, run.output));
  });
  const sample = {
    ...taken,
    rows,
    resultBytes: statSync(path).size,
    keyBytes: statSync(keysPath(workspace, sha256)).size,
    hash,
  };
  console.error('build', format, JSON.stringify(sample));
  return sample;
}

function summary(samples: readonly BuildSample[]) {
  const aRow = (of: (sample: BuildSample) => number) =>
    median(samples.map((sample) => (1e6 * of(sample)) / sample.rows));
  return {
    microsecondsARowWall: aRow(({ wallSeconds }) => wallSeconds),
    microsecondsARowCpu: aRow(({ cpuSeconds }) => cpuSeconds),
    hashMicrosecondsARowCpu: aRow(({ hash }) => hash.cpuSeconds),
    keyBytesARow: median(samples.map(({ keyBytes, rows }) => keyBytes / rows)),
    resultBytes: samples.reduce((sum, { resultBytes }) => sum + resultBytes, 0),
    samples,
  };
}

/** @param inchikeys  asked for one after the other in one process; the first of each cold process too */
async function measure(folder: string, format: Format, inchikeys: readonly string[]) {
  const cold = coldRuns(folder, format, { text: inchikeys[0], as: 'inchikey' });
  const samples: Timing[] = [];
  let predictions = 0;
  for (const text of [inchikeys[0], ...inchikeys]) {
    samples.push(
      await time(async () => {
        predictions = requireWhole(await ask(folder, format, { text, as: 'inchikey' })).predictions.length;
      }),
    );
  }
  return { predictions, cold, warm: quantiles(samples.slice(1)) };
}

function coldRuns(folder: string, format: Format, query: TraceQuery) {
  const script = new URL(import.meta.url).pathname;
  const args = [script, '--folder', folder, '--format', format, '--query', JSON.stringify(query)];
  const answers = Array.from({ length: Number(options.runs) }, () => {
    const text = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return JSON.parse(text) as Answer;
  });
  return quantiles(answers.map(({ trace }) => trace));
}

function quantiles(samples: readonly Timing[]) {
  const wall = samples.map(({ wallSeconds }) => wallSeconds).sort((a, b) => a - b);
  return {
    p50Wall: median(wall),
    p99Wall: wall[Math.ceil(0.99 * wall.length) - 1],
    mostWall: wall.at(-1),
    medianCpu: median(samples.map(({ cpuSeconds }) => cpuSeconds)),
    samples,
  };
}

/** Both formats say the same, to the precision of a float32. */
async function requireEqual(folder: string, inchikeys: readonly string[]): Promise<void> {
  for (const text of [ASPIRIN.inchikey, ...inchikeys]) {
    const [csv, parquet] = await Promise.all(
      FORMATS.map(async (format) => {
        const { predictions } = requireWhole(await ask(folder, format, { text, as: 'inchikey' }));
        return JSON.stringify(
          predictions.map(({ model, input, value, low, inDomain, nearest }) => [
            ...[model.endpoint, input.row, input.id, inDomain, nearest.inchikey],
            ...[value, low, nearest.similarity].map((number) => Math.fround(number ?? Number.NaN)),
          ]),
        );
      }),
    );
    if (csv !== parquet)
      throw new Error(`formats differ for ${text}: ${csv.slice(0, 300)} ${parquet.slice(0, 300)}`);
  }
}

async function inchikeysOf(rows: readonly number[]): Promise<string[]> {
  using database = await openDuckDb(':memory:');
  const list = rows.map((row) => `(${row})`).join(', ');
  const answer = await database.connection.runAndReadAll(
    `SELECT ${inchikeySql('i')} FROM (VALUES ${list}) v(i)`,
  );
  return answer.getRows().map(([inchikey]) => String(inchikey));
}

/** Writes the results and their records by DuckDB, with the columns of a screen and the options of its Parquet encoder. */
async function makeResults(folder: string, rows: number): Promise<Record<Format, LineageRecord[]>> {
  using database = await openDuckDb(':memory:');
  const fileRows = Number(options['file-rows']);
  const made: Record<Format, LineageRecord[]> = { csv: [], parquet: [] };
  for (let first = 0, file = 0; first < rows; first += fileRows, file++) {
    const last = Math.min(rows, first + fileRows);
    await database.connection.run(
      `CREATE OR REPLACE TABLE result AS SELECT ${columnsSql(first).join(', ')} FROM range(${first}, ${last}) r(i)`,
    );
    for (const [format, how] of [
      ['csv', 'FORMAT csv, HEADER true'],
      ['parquet', 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880'],
    ] as const) {
      const path = join(folder, `${file}.${format}`);
      await database.connection.run(`COPY result TO ${sqlText(path)} (${how})`);
      const output = { path, format, sha256: await sha256File(path), sizeBytes: statSync(path).size };
      made[format].push(recordOf(output, file, last - first));
    }
  }
  for (const format of FORMATS) writeFileSync(join(folder, `${format}.json`), JSON.stringify(made[format]));
  return made;
}

function columnsSql(first: number): string[] {
  const smiles = `'CC(=O)Oc1ccc(' || hash(i) || ')cc1C(=O)NCCN1CCOCC1'`;
  return [
    `(i - ${first})::INTEGER AS "row"`,
    `'CMPD-' || lpad(i::VARCHAR, 9, '0') AS id`,
    `${smiles} AS input`,
    `${smiles} AS smiles`,
    `CASE WHEN i = ${first} THEN '${ASPIRIN.inchikey}' ELSE ${inchikeySql('i')} END AS inchikey`,
    `'ok' AS status`,
    'NULL::VARCHAR AS reason',
    ...ENDPOINTS.flatMap((endpoint, e) => {
      const number = (k: number) => `(hash(i * 997 + ${8 * e + k}) % 1000003 / 1000003)::FLOAT`;
      return [
        `${number(0)} AS ${endpoint}`,
        `${number(1)} AS ${endpoint}_low`,
        `${number(2)} AS ${endpoint}_high`,
        `(hash(i + ${e}) % 1001 / 10)::FLOAT AS ${endpoint}_percentile`,
        `hash(i - ${e}) % 10 < 8 AS ${endpoint}_in_domain`,
        `${number(3)} AS ${endpoint}_nn_similarity`,
        `${inchikeySql(`(hash(i + ${e}) % 3000)`)} AS ${endpoint}_nn_id`,
        `${number(4)} AS ${endpoint}_nn_value`,
      ];
    }),
  ];
}

function recordOf(output: LineageRecord['output'], file: number, rows: number): LineageRecord {
  const time = new Date(Date.UTC(2026, 0, 1, file)).toISOString();
  const input = { sha256: 'd'.repeat(64), format: 'csv', smilesColumn: 'smiles', idColumn: 'id' };
  const models = ENDPOINTS.map((endpoint) => ({
    ...{ endpoint, version: '1', hash: 'a'.repeat(64), unit: 'none' },
    ...{ lowEvidence: false, calibrated: true, released: true },
  }));
  return {
    schema: 'assayer.lineage/1',
    run: `${output.format}-${file}`,
    work: {
      schema: 'assayer.work/1',
      engine: '0.1.0',
      contract: 'c'.repeat(64),
      input,
      models,
      notes: false,
    },
    workHash: 'b'.repeat(64),
    input: 'in.csv',
    output,
    rejects: null,
    featureSet: { sha256: null, reused: false },
    devices: Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint, 'cpu'])),
    refusals: [],
    environment: {},
    counts: { rows, accepted: rows, rejected: 0 },
    startedAt: time,
    finishedAt: time,
  };
}
