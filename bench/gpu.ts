/**
 * What a GPU does with this project's kernels: probes of the instructions they stand on, limits measured on the card,
 * every operation compared with the processor's, then times beside the limits. docs/gpu.md says how to run it.
 *
 *     npm run bench:gpu -- [--quick] [--out DIR] [--help]
 *
 * npm takes the Node 24 of node_modules, which reads TypeScript; an older `node bench/gpu.ts` does not.
 * Writes bench/results/<device>/gpu-*.json, or below DIR; the exit code is 1 where an answer was wrong.
 */
import { parseArgs } from 'node:util';
import { type CommandOption, helpText, runCommand, usageError } from './gpu/command.ts';
import { runGpuBench } from './gpu/run.ts';
import { SIZES } from './gpu/sizes.ts';

const USAGE = 'npm run bench:gpu -- [OPTION ...]   or, from the archive: assayer-gpu/bench-gpu [OPTION ...]';
const OPTIONS = {
  sizes: {
    type: 'string',
    default: 'full',
    value: 'NAME',
    help: 'full, quick, or tiny, which is for an emulated device',
  },
  quick: { type: 'boolean', default: false, help: 'the same as --sizes quick, without the largest' },
  seed: {
    type: 'string',
    value: 'N',
    help: 'whole number that all inputs are drawn from (default: another one each time)',
  },
  minutes: { type: 'string', default: '8.5', value: 'M', help: 'nothing new begins after so many minutes' },
  python: {
    type: 'string',
    default: 'python3',
    value: 'PATH',
    help: 'Python that is asked for nvMolKit, torch and cupy',
  },
  out: {
    type: 'string',
    value: 'DIR',
    help: "where the device's folder of results is made (default: bench/results beside the program)",
  },
  help: { type: 'boolean', default: false, help: 'shows this' },
} as const satisfies Record<string, CommandOption>;

await runCommand(async () => {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) {
    process.stdout.write(helpText(USAGE, OPTIONS));
    return 0;
  }
  const name = options.quick ? 'quick' : options.sizes;
  if (!Object.hasOwn(SIZES, name)) {
    throw usageError(`There are no sizes ${name}. Name one of ${Object.keys(SIZES).join(', ')}.`);
  }
  const seed = options.seed === undefined ? Date.now() % 1_000_000_000 : Number(options.seed);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw usageError(`--seed is ${options.seed}, no whole number.`);
  }
  const minutes = Number(options.minutes);
  if (!(minutes > 0)) throw usageError(`--minutes is ${options.minutes}, no positive number.`);
  const { python, out } = options;
  const passed = await runGpuBench({
    sizes: SIZES[name],
    seed,
    minutes,
    python,
    ...(out !== undefined && { out }),
  });
  return passed ? 0 : 1;
});
