import { createOrtBackend } from '../../src/backends/ort/backend.ts';
import { listProviders } from '../../src/backends/ort/predictor.ts';
import { describeCause } from '../../src/core/errors.ts';
import { MORGAN_BITS } from '../../src/core/fingerprint.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { median } from '../machine.ts';
import type { Bench } from './bench.ts';
import { requireSameMmd } from './checks.ts';
import { makeAnalogues } from './fingerprints.ts';
import { firstInX } from './labels.ts';
import { mlpTasks } from './ort-mlp.ts';
import { modelTasks } from './ort-models.ts';
import type { Aim } from './timing.ts';

/** Something that ONNX Runtime does on a provider: timed once its answer was found right, or why not. */
export interface OrtFigure {
  readonly what: string;
  readonly provider: string;
  readonly refused?: string;
  /** Refused because its answer was wrong. */
  readonly isWrong?: true;
  readonly unit?: string;
  /** Of the unit a second, by wall time from the host's memory and back. */
  readonly rate?: number;
  /** From the right answer, as the task measures it. */
  readonly difference?: number;
  /** On a GPU. */
  readonly aim?: Aim;
  readonly wallSeconds?: readonly number[];
}

/** A task that is set up on a provider. */
export interface OrtTask extends AsyncDisposable {
  readonly unit: string;
  /** Of the unit in one run. */
  readonly amount: number;
  readonly aim?: (rate: number) => Aim;
  /** Distance from the right answer. @throws Error where it is too far */
  check(): Promise<number>;
  run(): Promise<unknown>;
}

/** A task by what it does, to be set up on a provider. */
export type OrtTasks = Readonly<Record<string, (provider: string) => Promise<OrtTask>>>;

const PROVIDERS = ['cuda', 'webgpu'];
/** One task's runs stop past it. */
const SECONDS = 3;

/**
 * The shipped models, the benchmark network and MMD's graphs on ONNX Runtime's GPU providers. Device time cannot be asked of
 * it, and onnxruntime-node takes inputs from the host only, so times are by the wall and hold both transfers.
 * @param cpuToo  also on the CPU provider, which shows that the tasks work
 */
export async function timeOrt(bench: Bench, cpuToo: boolean): Promise<OrtFigure[]> {
  const tasks: OrtTasks = { ...modelTasks(bench), ...mlpTasks(bench), ...mmdTask(bench) };
  const figures: OrtFigure[] = [];
  for (const { device, usable, reason } of await listProviders([...PROVIDERS, ...(cpuToo ? ['cpu'] : [])])) {
    if (!usable) {
      figures.push({ what: 'everything', provider: device, refused: reason });
      continue;
    }
    for (const [what, open] of Object.entries(tasks)) {
      const { aim, ...figure } = await timeTask(() => open(device), bench);
      const isOnGpu = PROVIDERS.includes(device);
      figures.push({ what, provider: device, ...figure, ...(aim && isOnGpu && { aim }) });
    }
  }
  return figures;
}

async function timeTask(
  open: () => Promise<OrtTask>,
  { sizes, deadline }: Bench,
): Promise<Omit<OrtFigure, 'what' | 'provider'>> {
  if (performance.now() > deadline) return { refused: 'the time of the bench was used up' };
  let task: OrtTask;
  try {
    task = await open();
  } catch (cause) {
    return { refused: describeCause(cause) };
  }
  await using opened = task;
  let difference: number;
  try {
    difference = await opened.check();
  } catch (cause) {
    return { refused: describeCause(cause), isWrong: true };
  }
  await opened.run();
  const wallSeconds: number[] = [];
  const start = performance.now();
  do {
    const from = performance.now();
    await opened.run();
    wallSeconds.push((performance.now() - from) / 1000);
  } while (wallSeconds.length < sizes.times.runs && performance.now() - start < SECONDS * 1000);
  const { unit, amount, aim } = opened;
  const rate = amount / median(wallSeconds);
  return { unit, rate, difference, ...(aim && { aim: aim(rate) }), wallSeconds };
}

/** MMD by the graphs of kernels/mmd, compared with the processor's kernels. */
function mmdTask({ sizes, real, seed, fast }: Bench): OrtTasks {
  const { each, permutations } = sizes.times.mmd[0];
  const input: MmdInput = {
    samples: { fingerprints: makeAnalogues(real, 2 * each, seed + 5), bits: MORGAN_BITS },
    labels: { observed: firstInX(each, 2 * each), permutations, seed: seed + 6 },
    kernels: [{ kind: 'tanimoto' }],
  };
  const exactMmd = fast.ops.mmd!;
  return {
    [`MMD, ${each} and ${each}, ${permutations} permutations`]: async (provider) => {
      const backend = await createOrtBackend({ providers: [provider], exactMmd });
      return {
        unit: 'multiply-adds/s',
        amount: each * (2 * each - 1) * (permutations + 1),
        async check() {
          return requireSameMmd(await backend.ops.mmd!(input), await exactMmd(input), 1).permuted;
        },
        run: () => backend.ops.mmd!(input),
        [Symbol.asyncDispose]: async () => backend.close?.(),
      };
    },
  };
}
