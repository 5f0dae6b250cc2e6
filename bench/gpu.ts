/**
 * What a GPU does with this project's kernels: probes of the instructions they stand on, limits measured on the card,
 * every operation compared with the processor's, then times beside the limits. docs/gpu.md says how to run it.
 *
 *     npm run bench:gpu -- [--out DIR] [--quick] [--seed N] [--minutes 8.5] [--python /tmp/venv/bin/python]
 *
 * Writes bench/results/<device>/gpu-*.json, or below DIR; the exit code is 1 where an answer was wrong.
 */
import { parseArgs } from 'node:util';
import { AssayerError } from '../src/core/errors.ts';
import { runGpuBench } from './gpu/run.ts';
import { SIZES } from './gpu/sizes.ts';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    quick: { type: 'boolean', default: false },
    /** full, quick, or tiny: for an emulated device. */
    sizes: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '8.5' },
    python: { type: 'string', default: 'python3' },
  },
});

try {
  const name = options.sizes ?? (options.quick ? 'quick' : 'full');
  const sizes = SIZES[name];
  if (!sizes) throw usage(`There are no sizes ${name}. Name one of ${Object.keys(SIZES).join(', ')}.`);
  const seed = options.seed === undefined ? Date.now() % 1_000_000_000 : Number(options.seed);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) throw usage(`--seed is ${options.seed}, no whole number.`);
  const minutes = Number(options.minutes);
  if (!(minutes > 0)) throw usage(`--minutes is ${options.minutes}, no positive number.`);
  const { python, out } = options;
  const passed = await runGpuBench({ sizes, seed, minutes, python, ...(out !== undefined && { out }) });
  process.exitCode = passed ? 0 : 1;
} catch (cause) {
  console.error(cause instanceof AssayerError ? `${cause.code}: ${cause.message}` : cause);

  process.exitCode = cause instanceof AssayerError ? cause.exitCode : 1;
}

function usage(problem: string): AssayerError {
  return new AssayerError('ERR_USAGE', { problem });
}
