/**
 * The registry on both databases: first start, reopening, appends of one run, 100,000 runs, and verifying their chain.
 * Each is a process of its own. The half on a server needs postgres and initdb on this machine.
 *
 *     node bench/registry.bench.ts [--runs 6] [--records 100000]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { sha256 } from '../src/core/hash.ts';
import { append } from '../src/registry/append.ts';
import type { Database } from '../src/registry/sql.ts';
import { verifyChain } from '../src/registry/verify-chain.ts';
import { draft, hashes, run } from '../test/registry/fixtures.ts';
import { openPlace, type Place } from '../test/registry/place.ts';
import { noPostgres, PostgresServer } from '../test/registry/postgres.ts';
import { median, writeResult } from './machine.ts';
import { type Timing, time } from './peer.ts';

const SINGLE = 300;
const BATCH = 1000;
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '6' },
    records: { type: 'string', default: '100000' },
    /** Set by the bench for the processes that it starts. */
    dialect: { type: 'string', default: '' },
  },
});

interface Run {
  readonly firstStart: Timing;
  readonly reopen: Timing;
  readonly singleAppends: Timing;
  readonly batchedAppends: Timing;
  readonly verify: Timing;
  readonly headOfChain: number;
  readonly peakBytes: number;
}

if (options.dialect === '') main();
else console.log(JSON.stringify(await measure(options.dialect === 'postgres')));

async function measure(onServer: boolean): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-bench-'));
  await using server = onServer ? await PostgresServer.start() : null;
  try {
    const place: Place = {
      folder: join(folder, 'registry'),
      url: server ? await server.createDatabase() : '',
    };
    let opened: Database | undefined;
    const open = async () => {
      opened = await openPlace(place);
    };
    const firstStart = await time(open);
    await opened?.[Symbol.asyncDispose]();
    const reopen = await time(open);
    if (!opened) throw new Error('nothing was opened');
    await using database: Database = opened;
    await append(database, [draft('team', 'tox', { title: 'Toxicology' })], systemClock);
    const runOf = (name: string) => run(name, hashes.artifact, sha256(`in ${name}`), sha256(`out ${name}`));
    const singleAppends = await time(async () => {
      for (let i = 0; i < SINGLE; i++) await append(database, [runOf(`single ${i}`)], systemClock);
    });
    const records = Number(options.records);
    const batchedAppends = await time(async () => {
      for (let from = 0; from < records; from += BATCH) {
        const count = Math.min(BATCH, records - from);
        const drafts = Array.from({ length: count }, (_, i) => runOf(`batched ${from + i}`));
        await append(database, drafts, systemClock);
      }
    });
    let headOfChain = 0;
    const verify = await time(async () => {
      const { head, problems } = await verifyChain(database);
      if (problems.length > 0) throw new Error(problems[0].inWords);
      headOfChain = head.sequence;
    });
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    return { firstStart, reopen, singleAppends, batchedAppends, verify, headOfChain, peakBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(): void {
  /** What else the machine was doing when the bench began. */
  const [loadAverage] = loadavg();
  const results: Record<string, object> = {};
  for (const dialect of noPostgres ? ['pglite'] : ['pglite', 'postgres']) {
    const samples = Array.from({ length: Number(options.runs) }, () => inProcess(dialect));
    const expected = Number(options.records) + SINGLE + 1;
    if (samples.some(({ headOfChain }) => headOfChain !== expected)) throw new Error('records were lost');
    const medians = (of: (sample: Run) => Timing) => ({
      medianWall: median(samples.map((sample) => of(sample).wallSeconds)),
      medianCpu: median(samples.map((sample) => of(sample).cpuSeconds)),
    });
    results[dialect] = {
      firstStart: medians(({ firstStart }) => firstStart),
      reopen: medians(({ reopen }) => reopen),
      singleAppends: medians(({ singleAppends }) => singleAppends),
      batchedAppends: medians(({ batchedAppends }) => batchedAppends),
      verify: medians(({ verify }) => verify),
      medianPeakBytes: median(samples.map(({ peakBytes }) => peakBytes)),
      samples,
    };
  }
  const path = writeResult('registry', {
    unit: 'seconds; CPU seconds are those of the process, so without the server of postgres',
    runs: Number(options.runs),
    loadAverage,
    records: Number(options.records),
    singleAppends: SINGLE,
    ...results,
  });
  console.log(path);
}

function inProcess(dialect: string): Run {
  const script = new URL(import.meta.url).pathname;
  const args = [script, '--dialect', dialect, '--records', options.records];
  const text = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  console.error(dialect, text.trim());
  return JSON.parse(text) as Run;
}
