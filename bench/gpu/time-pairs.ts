import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { cudaIntersections } from '../../src/backends/cuda/intersections.ts';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import { MORGAN_BITS } from '../../src/core/fingerprint.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { makeAnalogues } from './fingerprints.ts';
import { firstInX } from './labels.ts';
import type { Limits } from './limits.ts';
import type { Sizes } from './sizes.ts';
import type { TimedContext } from './timed-context.ts';
import { type Effort, type Figure, timeWork } from './timing.ts';

export interface PairTimesOptions {
  readonly sizes: Sizes['times'];
  readonly effort: Effort;
  readonly limits: Limits;
  /** uint8 [n, 256] */
  readonly real: Uint8Array;
  readonly seed: number;
  readonly report: (figure: Figure) => void;
}

/** Device milliseconds that issue 4 asks for, by rows of a sample and permutations. */
const MMD_AIMS: Readonly<Record<string, number>> = { '10000, 9999': 50, '100000, 999': 500 };

/** Shared bits of every pair, all given back. */
export async function timeIntersections(
  device: CudaDevice,
  context: TimedContext,
  { sizes, effort, limits, real, seed, report }: PairTimesOptions,
): Promise<Figure> {
  const { queries, targets } = sizes.intersections;
  const rows = (count: number, at: number) => ({
    fingerprints: makeAnalogues(real, count, seed + at),
    bits: MORGAN_BITS,
  });
  const [some, others] = [rows(queries, 3), rows(targets, 4)];
  // 2 bytes a pair go back to the host: no kernel makes more of them than the way there carries.
  const limit = { value: limits.downloaded.value / 2, from: `${limits.downloaded.from}, 2 bytes a pair` };
  const figure = await timeWork(
    context,
    {
      name: `intersections, ${queries} by ${targets}`,
      unit: 'pairs/s',
      amount: queries * targets,
      by: 'wall',
      limit,
      run: () => cudaIntersections(device, some, others),
    },
    effort,
  );
  report(figure);
  return figure;
}

/** MMD by Tanimoto; its work is counted as one multiply-add for each two rows and label column. */
export async function timeMmd(
  device: CudaDevice,
  context: TimedContext,
  { sizes, effort, limits, real, seed, report }: PairTimesOptions,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { each, permutations } of sizes.mmd) {
    const rows = 2 * each;
    const input: MmdInput = {
      samples: { fingerprints: makeAnalogues(real, rows, seed + 5), bits: MORGAN_BITS },
      labels: { observed: firstInX(each, rows), permutations, seed: seed + 6 },
      kernels: [{ kind: 'tanimoto' }],
    };
    const most = MMD_AIMS[`${each}, ${permutations}`];
    const figure = await timeWork(
      context,
      {
        name: `MMD, ${each} and ${each}, ${permutations} permutations`,
        unit: 'multiply-adds/s',
        amount: ((rows * (rows - 1)) / 2) * (permutations + 1),
        by: 'kernels',
        limit: limits.halfProducts,
        aim:
          most === undefined
            ? undefined
            : ({ kernelMilliseconds }) => ({
                text: `under ${most} ms on the device`,
                reached: kernelMilliseconds < most,
              }),
        run: () => cudaMmd(device, input),
      },
      effort,
    );
    figures.push(figure);
    report(figure);
  }
  return figures;
}
