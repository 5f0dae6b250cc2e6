import { freemem } from 'node:os';
import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import type { Backend } from '../../src/core/backend.ts';
import { MORGAN_BITS, MORGAN_BYTES, popcounts } from '../../src/core/fingerprint.ts';
import { makeAnalogues, sha256OfRows } from './fingerprints.ts';
import type { Limits } from './limits.ts';
import type { Sizes } from './sizes.ts';
import { spotCheck } from './spot-check.ts';
import type { TimedContext } from './timed-context.ts';
import { type Aim, type Effort, type Figure, type Timing, timeWork } from './timing.ts';

export interface SearchTimes {
  readonly figures: readonly Figure[];
  readonly inputs: Readonly<Record<string, string>>;
}

/** Pairs a second that issue 4 asks for, and the share of copy bandwidth. */
const AIM_PAIRS = 1e12;
const AIM_SHARE = 0.7;
/** The sizes that the aims are set for. */
const AIM_QUERIES = 16_384;
const AIM_REFERENCES = 10_000_000;

export interface SearchTimesOptions {
  readonly sizes: Sizes['times'];
  readonly effort: Effort;
  readonly limits: Limits;
  /** uint8 [n, 256] */
  readonly real: Uint8Array;
  readonly seed: number;
  /** Counts every pair of the spot checks. */
  readonly fast: Backend;
  readonly report: (figure: Figure) => void;
}

/** Laying out references, and searches over them; `device` was opened on `context`. */
export async function timeSearch(
  device: CudaDevice,
  context: TimedContext,
  options: SearchTimesOptions,
): Promise<SearchTimes> {
  const { sizes, effort, real, seed, report } = options;
  const figures: Figure[] = [];
  const inputs: Record<string, string> = {};
  const add = (figure: Figure) => {
    figures.push(figure);
    report(figure);
  };
  const queries = makeAnalogues(real, Math.max(...sizes.queries), seed + 1);
  inputs.queriesSha256 = sha256OfRows(queries);
  for (const count of sizes.references) {
    const name = `${count} references`;
    const late = performance.now() > effort.deadline;
    const problem = late ? 'the time of the bench was used up' : memoryProblem(count, context);
    if (problem) {
      add({ name, skipped: problem });
      continue;
    }
    const references = makeAnalogues(real, count, seed + 2);
    inputs[`references${count}Sha256`] = sha256OfRows(references);
    await timeOver(device, context, { references, queries, count }, options, add);
  }
  return { figures, inputs };
}

/** The host holds the rows and the sorted rows; the device the sorted rows, and room for results. */
function memoryProblem(count: number, context: TimedContext): string | undefined {
  const bytes = count * MORGAN_BYTES;
  if (freemem() < 3 * bytes) return `it needs ${3 * bytes} bytes of free host memory`;
  if (context.memory().freeBytes < 1.5 * bytes) return `it needs ${1.5 * bytes} bytes of free device memory`;
  return undefined;
}

async function timeOver(
  device: CudaDevice,
  context: TimedContext,
  { references, queries, count }: { references: Uint8Array; queries: Uint8Array; count: number },
  { sizes, effort, limits, fast }: SearchTimesOptions,
  add: (figure: Figure) => void,
): Promise<void> {
  const rows = { fingerprints: references, bits: MORGAN_BITS };
  const build = async () => {
    await using _ = await createCudaSearchIndex(device, rows);
  };
  const uploads = { value: limits.uploaded.value / MORGAN_BYTES, from: limits.uploaded.from };
  add(
    await timeWork(
      context,
      {
        name: `index build, ${count} references`,
        unit: 'fingerprints/s',
        amount: count,
        by: 'wall',
        limit: uploads,
        run: build,
      },
      effort,
    ),
  );
  await using index = await createCudaSearchIndex(device, rows);
  const referenceBits = popcounts(references, MORGAN_BYTES);
  await context.take();
  const ask = (number: number) => queries.subarray(0, number * MORGAN_BYTES);
  for (const number of sizes.queries) {
    const problem = await spotCheck(index, rows, referenceBits, ask(number), sizes.spotChecks, fast);
    const name = `10 nearest, ${number} queries, ${count} references`;
    if (problem) {
      add({ name, skipped: `wrong answer: ${problem}`, isWrong: true });
      continue;
    }
    await context.take();
    const readsMore = limits.fingerprintsRead.value * number < limits.pairs.value;
    const limit = readsMore
      ? { value: limits.fingerprintsRead.value * number, from: limits.fingerprintsRead.from }
      : limits.pairs;
    const work = { unit: 'pairs/s', amount: number * count, by: 'kernels', limit } as const;
    const run = () => index.nearest(ask(number), 10);
    add(await timeWork(context, { ...work, name, run, aim: aimFor(number, count) }, effort));
  }
  const most = Math.max(...sizes.queries);
  const middle = sizes.queries[Math.max(0, sizes.queries.length - 2)];
  const others: [string, number, () => Promise<unknown>][] = [
    ['1 nearest', most, () => index.nearest(ask(most), 1)],
    ['histogram of the nearest', most, () => index.nearestHistogram(ask(most), 50)],
    ['within 0.7', middle, () => index.within(ask(middle), { numerator: 7, denominator: 10 })],
  ];
  for (const [what, number, run] of others) {
    const name = `${what}, ${number} queries, ${count} references`;
    const work = {
      name,
      unit: 'pairs/s',
      amount: number * count,
      by: 'kernels',
      limit: limits.pairs,
      run,
    } as const;
    add(await timeWork(context, work, effort));
  }
}

function aimFor(
  queries: number,
  references: number,
): ((timing: Pick<Timing, 'rate' | 'share'>) => Aim) | undefined {
  if (references !== AIM_REFERENCES) return undefined;
  if (queries === AIM_QUERIES) {
    return ({ rate }) => ({ text: 'at least 1e12 pairs/s', reached: rate >= AIM_PAIRS });
  }
  if (queries === 1) {
    return ({ share = 0 }) => ({ text: 'at least 70 % of copy bandwidth', reached: share >= AIM_SHARE });
  }
  return undefined;
}
