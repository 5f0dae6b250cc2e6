import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DeviceFacts } from './gpu/device-facts.ts';
import type { Limits } from './gpu/limits.ts';
import type { OrtFigure } from './gpu/ort.ts';
import type { PeerFigure } from './gpu/peers.ts';
import type { Figure } from './gpu/timing.ts';
import { figure, table } from './report-table.ts';

interface GpuResult {
  readonly measuredAt: string;
  readonly emulated: boolean;
  readonly machine: Omit<DeviceFacts, 'emulated'>;
}
interface GpuLimits extends GpuResult {
  readonly limits: Limits;
  readonly rates: Readonly<
    Record<string, { counted: string; perClockPerMultiprocessor: number; perSecond: number }>
  >;
  readonly bandwidth: Readonly<Record<string, { what: string; bytesPerSecond: number }>>;
}
interface GpuChecks extends GpuResult {
  readonly passed: boolean;
  readonly checks: readonly unknown[];
  /** Absent where the bench ended before it was asked. */
  readonly memory?: { readonly missing: number };
}

/** The files of one device that gpu/run.ts writes; those of a bench that stopped early are absent. */
export interface GpuResults {
  readonly 'gpu-limits'?: GpuLimits;
  readonly 'gpu-checks'?: GpuChecks;
  readonly 'gpu-pairs'?: GpuResult & { readonly figures: readonly Figure[] };
  readonly 'gpu-search'?: GpuResult & { readonly figures: readonly Figure[] };
  readonly 'gpu-onnx-runtime'?: GpuResult & { readonly figures: readonly OrtFigure[] };
  readonly 'gpu-peers'?: GpuResult & { readonly peers: readonly PeerFigure[] };
}

/** What is said while no file of results comes from a GPU. */
export const NO_GPU = `## GPU

**Not yet run on a GPU.** The CUDA kernels were compiled by nvcc and run, unchanged, in an emulation on a processor, which says
whether answers are right and nothing about speed. There is no figure of a GPU in this file. On a machine with one,
\`npm run bench:gpu\` probes, checks and times them; \`npm run bench:gpu:pack\` packs all that it needs for a machine that has only a
driver. See [docs/gpu.md](../docs/gpu.md).
`;

/** Whether a result file is of the GPU bench. */
export function isGpuResult(path: string): boolean {
  return basename(path).startsWith('gpu-');
}

/** @param paths  one device's files, below `folder` */
export function readGpuResults(folder: string, paths: readonly string[]): GpuResults {
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as unknown;
  return Object.fromEntries(paths.map((path) => [basename(path, '.json'), read(path)]));
}

/**
 * One device's section. @throws Error where a file comes from an emulated device: it holds no figures
 */
export function gpuSection(results: GpuResults): string {
  const all = Object.values(results) as GpuResult[];
  if (all.some(({ emulated }) => emulated)) throw new Error('results of an emulated device are no figures');
  const { machine, measuredAt } = all[0];
  const { name, computeCapability, multiprocessors, driverVersion, memoryBytes } = machine.device;
  const smi = 'absent' in machine.nvidiaSmi ? '' : `, driver ${machine.nvidiaSmi.driver_version}`;
  const head = `## ${name}

Measured ${measuredAt.slice(0, 10)} at commit ${machine.commit}: sm_${computeCapability}, ${multiprocessors} multiprocessors, ${figure(memoryBytes / 2 ** 30)} GiB, CUDA ${driverVersion / 1000}${smi}, Node ${machine.node}.
`;
  return [head, checksText(results['gpu-checks']), limitsText(results['gpu-limits']), timesText(results)]
    .concat(ortText(results['gpu-onnx-runtime']), peersText(results['gpu-peers']))
    .filter((part) => part !== '')
    .join('\n');
}

function checksText(result: GpuChecks | undefined): string {
  if (!result) return '**The bench stopped before its checks.**\n';
  const { passed, checks, memory } = result;
  const verdict = passed ? 'all right' : '**not all right**';
  const missing = memory ? `${figure(memory.missing)} bytes` : '**not known**';
  return `${checks.length} comparisons with the processor's answers: ${verdict}. Device memory missing after close: ${missing}.\n`;
}

function limitsText(result: GpuLimits | undefined): string {
  if (!result) return '';
  const rates = Object.values(result.rates).map(({ counted, perClockPerMultiprocessor, perSecond }) => [
    counted,
    figure(perClockPerMultiprocessor),
    perSecond.toExponential(2),
  ]);
  const bandwidth = Object.values(result.bandwidth).map(({ what, bytesPerSecond }) => [
    what,
    '',
    `${figure(bytesPerSecond / 1e9)} GB/s`,
  ]);
  return table(['limits', 'a clock and multiprocessor', 'a second'], [...rates, ...bandwidth]);
}

function timesText(results: GpuResults): string {
  const figures = [...(results['gpu-search']?.figures ?? []), ...(results['gpu-pairs']?.figures ?? [])];
  if (figures.length === 0) return '';
  const rows = figures.map((found) =>
    'skipped' in found
      ? [found.name, `skipped: ${found.skipped}`, '', '', '', '']
      : [
          found.name,
          `${found.rate.toExponential(2)} ${found.unit}`,
          figure(found.kernelMilliseconds),
          figure(found.wallMilliseconds),
          found.share === undefined ? '' : `${figure(found.share * 100)} %`,
          found.aim ? `${found.aim.text}: ${found.aim.reached ? 'yes' : '**no**'}` : '',
        ],
  );
  return `${table(['', 'rate', 'device ms', 'wall ms', 'of its limit', 'aim'], rows)}
Rates are by the kernels' time on the device, those of index builds by the wall. Pairs are all references times all queries,
though tiles that cannot hold a neighbour are skipped, so a rate may pass its limit.
`;
}

function ortText(result: GpuResults['gpu-onnx-runtime']): string {
  if (!result) return '';
  const rows = result.figures.map(({ provider, what, refused, rate = 0, unit = '', difference = 0, aim }) =>
    refused === undefined
      ? [
          `${provider}: ${what}`,
          `${rate.toExponential(2)} ${unit}`,
          difference.toExponential(1),
          aim ? `${aim.text}: ${aim.reached ? 'yes' : '**no**'}` : '',
        ]
      : [`${provider}: ${what}`, `refused: ${refused}`, '', ''],
  );
  return table(['ONNX Runtime, by the wall', 'rate', 'difference', 'aim'], rows);
}

function peersText(result: GpuResults['gpu-peers']): string {
  if (!result) return '';
  const rows = result.peers.map(({ peer, what, version = '', absent, rate = 0, timesAsFast = 0 }) =>
    absent === undefined
      ? [`${peer} ${version}: ${what}`, rate.toExponential(2), figure(timesAsFast)]
      : [`${peer}: ${what}`, `absent: ${absent}`, ''],
  );
  return table(['on the same card', 'a second', 'engine: times as fast, device time'], rows);
}
