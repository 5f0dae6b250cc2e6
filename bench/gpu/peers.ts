import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import { createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import { drawColumnsByKernel } from '../../src/backends/wasm/mmd-permutations.ts';
import { describeCause } from '../../src/core/errors.ts';
import { MORGAN_BITS } from '../../src/core/fingerprint.ts';
import { median } from '../machine.ts';
import { makeAnalogues } from './fingerprints.ts';
import { firstInX } from './labels.ts';
import type { Sizes } from './sizes.ts';
import type { TimedContext } from './timed-context.ts';

/** What another library took for the same answer on the same card, or why it is not here. */
export interface PeerFigure {
  readonly peer: string;
  readonly what: string;
  readonly absent?: string;
  readonly version?: string;
  /** Pairs, or multiply-adds as time-pairs.ts counts them. */
  readonly amount?: number;
  /** Amount a second by the device's time. */
  readonly rate?: number;
  readonly milliseconds?: readonly number[];
  /** Kernel milliseconds of this project for the same, before and after the peers. */
  readonly ownMilliseconds?: readonly number[];
  /** How many times as fast this project is. */
  readonly timesAsFast?: number;
  /** Largest difference of the answers. */
  readonly difference?: number;
}

const K = 10;
const MMD_COLUMNS = 1000;
/** Similarities in float32; MMD by one product in float32. */
const TOLERANCES: Readonly<Record<string, number>> = { '10 nearest': 1e-6, MMD: 2e-6 };
const PYTHON_MILLISECONDS = 120_000;

interface PeerLine {
  readonly peer: string;
  readonly what: string;
  readonly absent?: string;
  readonly version: string;
  readonly amount: number;
  readonly milliseconds: readonly number[];
  readonly answer: string;
}

export interface PeersOptions {
  readonly python: string;
  readonly sizes: Sizes['times'];
  /** uint8 [n, 256] */
  readonly real: Uint8Array;
  readonly seed: number;
}

/** Peers of search and MMD; each one's answer must be this project's before its time counts. */
export async function runPeers(
  device: CudaDevice,
  context: TimedContext,
  { python, sizes, real, seed }: PeersOptions,
): Promise<PeerFigure[]> {
  const { references, queries, each } = sizes.peers;
  const referenceRows = makeAnalogues(real, references, seed + 20);
  const queryRows = makeAnalogues(real, queries, seed + 21);
  const samples = makeAnalogues(real, 2 * each, seed + 22);
  const labels = { observed: firstInX(each, 2 * each), permutations: MMD_COLUMNS - 1, seed: seed + 23 };

  await using index = await createCudaSearchIndex(device, { fingerprints: referenceRows, bits: MORGAN_BITS });
  const own: Record<string, () => Promise<ArrayLike<number>>> = {
    '10 nearest': async () => {
      const { intersections, unions } = await index.nearest(queryRows, K);
      return Float32Array.from(intersections, (shared, i) => (unions[i] ? shared / unions[i] : 1));
    },
    MMD: async () => {
      const rows = { fingerprints: samples, bits: MORGAN_BITS };
      return (await cudaMmd(device, { samples: rows, labels, kernels: [{ kind: 'tanimoto' }] })).values;
    },
  };
  const time = async () => {
    const times: Record<string, number[]> = {};
    for (const [what, run] of Object.entries(own)) {
      times[what] = [];
      for (let i = 0; i < sizes.runs; i++) {
        await context.take();
        await run();
        times[what].push((await context.take()).kernelMilliseconds);
      }
    }
    return times;
  };
  const answers = { '10 nearest': await own['10 nearest'](), MMD: await own.MMD() };
  const before = await time();

  const folder = mkdtempSync(join(tmpdir(), 'gpu-peers-'));
  try {
    writeFileSync(join(folder, 'references.bin'), referenceRows);
    writeFileSync(join(folder, 'queries.bin'), queryRows);
    writeFileSync(join(folder, 'samples.bin'), samples);
    writeFileSync(join(folder, 'labels.bin'), drawColumnsByKernel(labels, 2 * each, each).bits);
    const job = {
      references: 'references.bin',
      queries: 'queries.bin',
      samples: 'samples.bin',
      labels: 'labels.bin',
      k: K,
      each,
      columns: MMD_COLUMNS,
      runs: sizes.runs,
    };
    writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
    const lines = askPython(python, folder);
    if (!Array.isArray(lines)) return [{ peer: python, what: 'peers', absent: lines.absent }];
    const after = await time();
    return lines.map((line) => {
      if (line.absent !== undefined) return { peer: line.peer, what: line.what, absent: line.absent };
      const what = line.what as keyof typeof answers;
      return compare(line, folder, answers[what], [...before[what], ...after[what]]);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function askPython(python: string, folder: string): PeerLine[] | { readonly absent: string } {
  const script = new URL('peers.py', import.meta.url).pathname;
  try {
    const text = execFileSync(python, [script, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: PYTHON_MILLISECONDS,
    });
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PeerLine);
  } catch (cause) {
    return { absent: describeCause(cause) };
  }
}

function compare(
  { peer, what, version, amount, milliseconds, answer }: PeerLine,
  folder: string,
  own: ArrayLike<number>,
  ownMilliseconds: readonly number[],
): PeerFigure {
  const bytes = readFileSync(join(folder, answer));
  const theirs = new Float32Array(new Uint8Array(bytes).buffer);
  const differences = Array.from(theirs, (value, i) => Math.abs(value - own[i]));
  const difference = Math.max(...differences);
  if (theirs.length !== own.length || !(difference <= TOLERANCES[what])) {
    return { peer, what, version, difference, absent: `its answers differ by ${difference}` };
  }
  return {
    peer,
    what,
    version,
    amount,
    rate: (amount / median(milliseconds)) * 1000,
    milliseconds,
    ownMilliseconds,
    timesAsFast: median(milliseconds) / median(ownMilliseconds),
    difference,
  };
}
