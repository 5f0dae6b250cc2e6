import { readFileSync } from 'node:fs';
import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import type { CudaFunction } from '../../src/native/cuda.ts';
import { median } from '../machine.ts';
import { readBytes, timeOnStream } from './stream-time.ts';

/** One instruction's rate. What "one" is: `counted`. */
export interface Rate {
  readonly counted: string;
  readonly perClockPerMultiprocessor: number;
  readonly perSecond: number;
  /** Clock over the loop, from both. */
  readonly clockMHz: number;
  readonly blocks: number;
  readonly milliseconds: readonly number[];
  /** Median over the blocks, by sample. */
  readonly clocks: readonly number[];
}

interface Loop {
  readonly kernel: string;
  readonly counted: string;
  readonly threads: number;
  /** Of what is counted, in one round of one block. */
  readonly perRound: number;
  /** Bytes each block writes to the sink. */
  readonly sinkBytes: number;
}

const THREADS = 256;
const CHAINS = 8;
const byWarp = { threads: THREADS, perRound: (THREADS / 32) * CHAINS, sinkBytes: THREADS * 4 };
const byThread = { ...byWarp, perRound: THREADS * CHAINS };

const MATRIX_LOOPS: Record<string, Loop> = {
  bits: { ...byWarp, kernel: 'rate_bits', counted: 'mma m16n8k256, one bit, AND and count' },
  bytes: { ...byWarp, kernel: 'rate_bytes', counted: 'mma m16n8k32, signed bytes' },
  halves: { ...byWarp, kernel: 'rate_halves', counted: 'mma m16n8k16, halves into float32' },
};
const LOOPS: Record<string, Loop> = {
  counts: { ...byThread, kernel: 'rate_counts', counted: 'AND, count and add of a 32-bit word' },
  divisions: { ...byThread, kernel: 'rate_divisions', counted: 'float64 division' },
};
const WGMMA: Loop = {
  kernel: 'rate_wgmma',
  counted: 'wgmma m64n128k256, one bit, AND and count',
  threads: 128,
  perRound: 8,
  sinkBytes: 128 * 64 * 4,
};

/** What a multiprocessor does in a clock, on registers alone. @param rounds of eight instructions a thread */
export async function measureRates(
  device: CudaDevice,
  { rounds, runs }: { readonly rounds: number; readonly runs: number },
): Promise<Record<string, Rate>> {
  const loops = { ...(device.info.computeCapability >= 80 && MATRIX_LOOPS), ...LOOPS };
  const rates: Record<string, Rate> = {};
  for (const [name, loop] of Object.entries(loops)) {
    rates[name] = await measure(device, device.kernel('probe', loop.kernel), loop, rounds, runs);
  }
  return rates;
}

/**
 * The same of Hopper's instruction for four warps.
 * @throws Error where its accumulators are not what all-ones come to; ERR_GPU_ARCHITECTURE on other generations
 */
export async function measureWgmma(
  device: CudaDevice,
  { rounds, runs }: { readonly rounds: number; readonly runs: number },
): Promise<Rate> {
  const image = readFileSync(new URL('../../kernels/probe/wgmma.fatbin', import.meta.url));
  using module = device.context.loadModule(image, 'probe/wgmma');
  const expected = 256 * WGMMA.perRound * rounds;
  return await measure(device, module.getFunction(WGMMA.kernel), WGMMA, rounds, runs, (sink) => {
    const wrong = sink.findIndex((value) => value !== expected);
    if (wrong >= 0) throw new Error(`wgmma: accumulator ${wrong} is ${sink[wrong]}, not ${expected}`);
  });
}

async function measure(
  device: CudaDevice,
  kernel: CudaFunction,
  { counted, threads, perRound, sinkBytes }: Loop,
  rounds: number,
  runs: number,
  check?: (sink: Uint32Array) => void,
): Promise<Rate> {
  return await device.exclusive(async () => {
    const resident = kernel.residentBlocks(threads, 0);
    const blocks = resident * device.info.multiprocessors;
    using clocks = device.context.allocate(blocks * 8, 'clocks');
    using sink = device.context.allocate(blocks * sinkBytes, 'sink');
    const parameters = packParameters([
      { address: clocks },
      { address: sink },
      { double: 97 },
      { int: rounds },
    ]);
    const milliseconds: number[] = [];
    const clocksOfRuns: number[] = [];
    for (let run = -1; run < runs; run++) {
      const time = await timeOnStream(device, () => {
        kernel.launch(device.stream, { blocks, threads, sharedBytes: 0 }, parameters);
      });
      // The first is the warm-up.
      if (run < 0) continue;
      milliseconds.push(time);
      const found = new BigInt64Array((await readBytes(device, clocks)).buffer);
      clocksOfRuns.push(median([...found].map(Number)));
    }
    check?.(new Uint32Array((await readBytes(device, sink)).buffer));
    const perMultiprocessor = resident * perRound * rounds;
    const seconds = median(milliseconds) / 1000;
    return {
      counted,
      perClockPerMultiprocessor: perMultiprocessor / median(clocksOfRuns),
      perSecond: (perMultiprocessor * device.info.multiprocessors) / seconds,
      clockMHz: median(clocksOfRuns) / seconds / 1e6,
      blocks,
      milliseconds,
      clocks: clocksOfRuns,
    };
  });
}
