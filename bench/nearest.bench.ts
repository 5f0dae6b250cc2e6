/**
 * Exact neighbour search: 1,000 held-out queries against 1,000,000 references, the 1 and 10 nearest and all within 0.4
 * and 0.7, on one thread and on two; beside FPSim2 and usearch where a Python that has them is named, and beside a
 * bit-sliced search in C with AVX-512 where `cc` makes one. All take turns, and must first agree.
 *
 *     node bench/nearest.bench.ts --runs 6 --python /tmp/venv/bin/python [--shared ../shared]
 *
 * A peer that takes more than 10 s a run is run three times.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createWasmBackend } from '../src/backends/wasm/backend.ts';
import { MORGAN_BITS } from '../src/core/fingerprint.ts';
import type { Hits, SearchIndex } from '../src/core/ops.ts';
import type { Neighbors } from '../src/core/ports.ts';
import { median, writeResult } from './machine.ts';
import { requireSameBytes, requireSameHits, requireSameNeighbors, shareFound } from './nearest-checks.ts';
import { Peer, type Timing, time } from './peer.ts';
import { makeSearchSet } from './search-set.ts';

const { values: options } = parseArgs({
  options: {
    shared: { type: 'string', default: process.env.ASSAYER_SHARED ?? '../shared' },
    references: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: '1000' },
    runs: { type: 'string', default: '6' },
    python: { type: 'string' },
  },
});
const runs = Number(options.runs);
/** What else the machine was doing when the bench began. */
const [loadAverage] = loadavg();
const SLOW = { seconds: 10, runs: 3 };
/** Queries that pass over a block of the yardstick together: 256 is where it is fastest, 1 reads memory for each. */
const YARDSTICK_BATCHES = [256, 1];

type Setting =
  | { readonly kind: 'nearest'; readonly k: number }
  | { readonly kind: 'within'; readonly tenths: number };
const settings: Record<string, Setting> = {
  'nearest, k = 1': { kind: 'nearest', k: 1 },
  'nearest, k = 10': { kind: 'nearest', k: 10 },
  'within 0.4': { kind: 'within', tenths: 4 },
  'within 0.7': { kind: 'within', tenths: 7 },
};

/** Who answers, and how often it is timed. `run` checks the answer against the engine's, outside of what it times. */
interface Contestant {
  readonly name: string;
  readonly runs: number;
  run(): Promise<Timing>;
}

const set = await makeSearchSet(options.shared, Number(options.references), Number(options.queries));
const { references, queries } = set;
const queryCount = Number(options.queries);
const pairs = Number(options.references) * queryCount;
const folder = mkdtempSync(join(tmpdir(), 'nearest-'));
await using resources = new AsyncDisposableStack();
resources.defer(() => rmSync(folder, { recursive: true }));
const files = ['references', 'queries', 'hits'].map((name) => join(folder, name));
writeFileSync(files[0], references);
writeFileSync(files[1], queries);

const layout: Record<string, Timing> = {};
const engines: { name: string; index: SearchIndex }[] = [];
for (const threads of [1, 2]) {
  const workerUrl = new URL('../src/workers/search.ts', import.meta.url);
  const mmdWorkerUrl = new URL('../src/workers/mmd.ts', import.meta.url);
  const { search } = createWasmBackend({ workerUrl, mmdWorkerUrl, threads }).ops;
  const name = threads === 1 ? 'engine' : 'engine, 2 threads';
  layout[name] = await time(async () => {
    const index = await search!({ fingerprints: references, bits: MORGAN_BITS });
    engines.push({ name, index: resources.use(index) });
  });
}
const skipped: Record<string, string> = {};
const yardstick = startYardstick();
const yardstickBuilt = await yardstick?.read<object>();
const python = options.python
  ? resources.use(
      new Peer(options.python, [new URL('nearest-peers.py', import.meta.url).pathname, ...files.slice(0, 2)]),
    )
  : null;
type About = Record<string, { readonly version?: string; readonly skipped?: string }>;
const missing = { skipped: 'no --python was named' };
const peers: About = python ? await python.read<About>() : { fpsim2: missing, usearch: missing };
for (const [name, { skipped: why }] of Object.entries(peers)) if (why) skipped[name] = why;
for (const [name, why] of Object.entries(skipped)) console.error(`${name} skipped: ${why}`);

const results: Record<string, object> = {};
let nearestSimilarities: readonly number[] = [];
let recall: number | null = null;
for (const [name, setting] of Object.entries(settings)) {
  const answers = await Promise.all(engines.map(({ index }) => answer(index, setting)));
  requireSameBytes(answers[0], answers[1]);
  if (setting.kind === 'nearest' && setting.k === 1) {
    const { intersections, unions } = answers[0] as Neighbors;
    nearestSimilarities = Array.from(intersections, (shared, i) => shared / unions[i]).sort((a, b) => a - b);
  }
  results[name] = { ...(await compare(setting, answers[0])), ...hitCount(answers[0]) };
  console.error(name, JSON.stringify((results[name] as { summary: object }).summary));
}
const share = (part: number) => nearestSimilarities[Math.floor(part * (queryCount - 1))];
const path = writeResult('nearest', {
  unit: 'seconds for all queries',
  runs,
  loadAverage,
  input: set.input,
  nearestSimilarity: { p5: share(0.05), median: share(0.5), p95: share(0.95) },
  layout: { ...layout, yardstick: yardstickBuilt ?? null },
  peers: {
    ...peers,
    yardstick: yardstick ? { compiled: 'cc -O3 -march=native' } : { skipped: skipped.yardstick },
  },
  usearchRecall: recall,
  results,
});
console.log(path);

function answer(index: SearchIndex, setting: Setting): Promise<Neighbors | Hits> {
  return setting.kind === 'nearest'
    ? index.nearest(queries, setting.k)
    : index.within(queries, { numerator: setting.tenths, denominator: 10 });
}

function hitCount(answer: Neighbors | Hits) {
  return 'offsets' in answer ? { hits: answer.indexes.length } : {};
}

/** Everyone in turn, so that what else the machine does falls on all alike. */
async function compare(setting: Setting, expected: Neighbors | Hits) {
  const samples: Record<string, Timing[]> = {};
  const contestants = await Promise.all(
    engines.map(({ name, index }) => ({ name, runs, run: () => time(() => answer(index, setting)) })),
  );
  for (const peer of peersFor(setting, expected)) {
    const { wallSeconds } = await peer.run();
    contestants.push(wallSeconds > SLOW.seconds ? { ...peer, runs: Math.min(runs, SLOW.runs) } : peer);
  }
  for (let run = 0; run < runs; run++) {
    for (const contestant of contestants) {
      if (run < contestant.runs)
        samples[contestant.name] = [...(samples[contestant.name] ?? []), await contestant.run()];
    }
  }
  const summary = Object.fromEntries(
    Object.entries(samples).map(([name, timings]) => {
      const cpu = median(timings.map(({ cpuSeconds }) => cpuSeconds));
      return [
        name,
        {
          queriesPerSecond: queryCount / median(timings.map(({ wallSeconds }) => wallSeconds)),
          millionPairsPerCpuSecond: pairs / cpu / 1e6,
          // Of the same turns only.
          engineTimesAsFast: median(timings.map((t, i) => t.cpuSeconds / samples.engine[i].cpuSeconds)),
        },
      ];
    }),
  );
  return { summary, samples };
}

function peersFor(setting: Setting, expected: Neighbors | Hits): Contestant[] {
  const found: Contestant[] = [];
  const add = (name: string, run: () => Promise<Timing>) => found.push({ name, runs, run });
  if (yardstick && setting.kind === 'nearest') {
    for (const batch of YARDSTICK_BATCHES) {
      add(batch === 1 ? 'yardstick, one query at a time' : 'yardstick', async () => {
        const timing = await yardstick.ask(`${setting.k} ${batch} ${files[2]}`);
        requireSameNeighbors(expected as Neighbors, readFileSync(files[2]), setting.k);
        return timing;
      });
    }
  }
  const question = setting.kind === 'nearest' ? { k: setting.k } : { threshold: setting.tenths / 10 };
  const ask = (peer: string) => python!.ask(JSON.stringify({ peer, ...question, out: files[2] }));
  if (peers.fpsim2.version) {
    add('FPSim2', async () => {
      const timing = await ask('fpsim2');
      requireSameHits(expected, readFileSync(files[2]), queryCount);
      return timing;
    });
  }
  if (peers.usearch.version && setting.kind === 'nearest') {
    add('usearch (approximate)', async () => {
      const timing = await ask('usearch');
      recall = shareFound(expected as Neighbors, readFileSync(files[2]), queryCount);
      return timing;
    });
  }
  return found;
}

/** Compiled here, for this processor. */
function startYardstick(): Peer | null {
  const source = new URL('yardstick/bit-sliced-avx512.c', import.meta.url).pathname;
  const program = join(folder, 'yardstick');
  try {
    execFileSync('cc', ['-O3', '-march=native', '-o', program, source], { stdio: 'pipe' });
  } catch (cause) {
    skipped.yardstick = `cc makes none here: ${(cause as Error).message.split('\n').slice(0, 2).join(' ')}`;
    return null;
  }
  return resources.use(new Peer(program, files.slice(0, 2)));
}
