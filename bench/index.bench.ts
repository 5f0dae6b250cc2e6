/**
 * Index files of 1,000,000 fingerprints: build from `.npy`, load (from opening to the first answer), and memory. Each
 * run is a process of its own; the files are in the page cache, as after a build.
 *
 *     node bench/index.bench.ts --runs 6 [--shared ../shared] [--rows 1000000]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { MORGAN_BYTES } from '../src/core/fingerprint.ts';
import { buildIndex, createEngine, openIndex } from '../src/index.ts';
import { openIndexFolder } from '../src/store/index-folder.ts';
import { median, writeResult } from './machine.ts';
import { type Timing, time } from './peer.ts';
import { makeSearchSet } from './search-set.ts';

const QUERIES = 1000;
const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: process.env.ASSAYER_SHARED ?? '../shared' },
    rows: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '6' },
    /** Set by the bench for the processes that it starts: what to do, and where the files are. */
    step: { type: 'string' },
    folder: { type: 'string', default: '' },
    out: { type: 'string', default: '' },
  },
});

interface Memory {
  /** Resident in the process before, with the engine loaded; after; and the most so far. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly peakBytes: number;
}
interface BuildRun extends Timing, Memory {
  readonly sha256: string;
}
interface LoadRun extends Timing, Memory {
  readonly open: Timing;
  /** The queries after the first, together. */
  readonly rest: Timing;
  /** Reading and checking every byte once more: what of `open` is not laying out. */
  readonly check: Timing;
  readonly firstNeighbor: string;
}

if (options.step === 'build') console.log(JSON.stringify(await build()));
else if (options.step === 'load') console.log(JSON.stringify(await load()));
else await main();

async function build(): Promise<BuildRun> {
  const engine = createEngine({ threads: 1 });
  const beforeBytes = process.memoryUsage.rss();
  let sha256 = '';
  const taken = await time(async () => {
    const input = {
      path: join(options.folder, 'references.npy'),
      workspace: join(options.folder, 'workspace'),
    };
    ({ sha256 } = await buildIndex(engine, { index: options.out, input }));
  });
  return { ...taken, ...(await memory(beforeBytes)), sha256 };
}

async function load(): Promise<LoadRun> {
  const engine = createEngine({ threads: 1 });
  const queries = new Uint8Array(readFileSync(join(options.folder, 'queries.fp')));
  const beforeBytes = process.memoryUsage.rss();
  const whole = stopwatch();
  await using index = await openIndex(options.out, { engine });
  const open = whole();
  const [{ neighbors }] = await index.nearest(queries.subarray(0, MORGAN_BYTES), 10);
  const taken = whole();
  const rest = await time(() => index.nearest(queries.subarray(MORGAN_BYTES), 10));
  const used = await memory(beforeBytes);
  const check = await time(async () => {
    await using _ = await openIndexFolder(options.out);
  });
  return { ...taken, ...used, open, rest, check, firstNeighbor: neighbors[0].id };
}

/** @returns how long it is since, at each call */
function stopwatch(): () => Timing {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wallSeconds: (performance.now() - wall) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}

/** Garbage is collected first; memory outside the heap comes back a moment later, by another thread. */
async function memory(beforeBytes: number): Promise<Memory> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc!();
    await setTimeout(100);
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  return { beforeBytes, afterBytes: process.memoryUsage.rss(), peakBytes };
}

async function main(): Promise<void> {
  /** What else the machine was doing when the bench began. */
  const [loadAverage] = loadavg();
  const folder = mkdtempSync(join(tmpdir(), 'index-'));
  try {
    const rows = Number(options.rows);
    const { references, queries, input } = await makeSearchSet(options.shared, rows, QUERIES);
    writeFileSync(join(folder, 'references.npy'), Buffer.concat([npyHead(rows), references]));
    writeFileSync(join(folder, 'queries.fp'), queries);
    const builds: BuildRun[] = [];
    const loads: LoadRun[] = [];
    for (let run = 0; run < Number(options.runs); run++) {
      const out = join(folder, `${run}.index`);
      builds.push(inProcess<BuildRun>('build', folder, out));
      loads.push(inProcess<LoadRun>('load', folder, out));
      rmSync(out, { recursive: true });
    }
    if (new Set(builds.map(({ sha256 }) => sha256)).size !== 1) throw new Error('builds differ');
    if (new Set(loads.map(({ firstNeighbor }) => firstNeighbor)).size !== 1)
      throw new Error('answers differ');
    const packed = references.length;
    const grown = (runs: readonly Memory[], most: 'afterBytes' | 'peakBytes') =>
      median(runs.map((run) => (run[most] - run.beforeBytes) / packed));
    const path = writeResult('index', {
      unit: 'seconds, one thread; memory that the process grew by, in packed fingerprints',
      runs: Number(options.runs),
      loadAverage,
      input,
      packedBytes: packed,
      build: {
        medianWall: median(builds.map(({ wallSeconds }) => wallSeconds)),
        medianCpu: median(builds.map(({ cpuSeconds }) => cpuSeconds)),
        peakInPacked: grown(builds, 'peakBytes'),
        samples: builds,
      },
      load: {
        medianWall: median(loads.map(({ wallSeconds }) => wallSeconds)),
        medianCpu: median(loads.map(({ cpuSeconds }) => cpuSeconds)),
        medianCheckWall: median(loads.map(({ check }) => check.wallSeconds)),
        medianOpenWall: median(loads.map(({ open }) => open.wallSeconds)),
        heldInPacked: grown(loads, 'afterBytes'),
        peakInPacked: grown(loads, 'peakBytes'),
        samples: loads,
      },
    });
    console.log(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inProcess<Result>(step: 'build' | 'load', folder: string, out: string): Result {
  const script = new URL(import.meta.url).pathname;
  const args = ['--expose-gc', script, '--step', step, '--folder', folder, '--out', out];
  const text = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  console.error(step, text.trim());
  return JSON.parse(text) as Result;
}

function npyHead(rows: number): Buffer {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${MORGAN_BYTES}), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\0\0${text.padEnd(117)}\n`, 'latin1');
  head.writeUInt16LE(118, 8);
  return head;
}
