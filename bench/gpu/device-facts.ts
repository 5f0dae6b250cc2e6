import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { describeCause } from '../../src/core/errors.ts';
import type { CudaDeviceInfo } from '../../src/native/cuda.ts';

/** What nvidia-smi is asked; all of it is read, nothing set. */
const SMI_FIELDS = [
  'name',
  'driver_version',
  'vbios_version',
  'pci.bus_id',
  'memory.total',
  'clocks.sm',
  'clocks.mem',
  'clocks.max.sm',
  'clocks.max.mem',
  'power.limit',
  'temperature.gpu',
  'mig.mode.current',
  'clocks_event_reasons.active',
];

/** What a figure depends on besides the code. */
export interface DeviceFacts {
  readonly device: CudaDeviceInfo;
  /** True where the "device" is the test suite's emulation: nothing of such a run is a figure. */
  readonly emulated: boolean;
  readonly nvidiaSmi: Readonly<Record<string, string>> | { readonly absent: string };
  readonly commit: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

export function deviceFacts(device: CudaDeviceInfo): DeviceFacts {
  return {
    device,
    emulated: isEmulated(device),
    nvidiaSmi: readSmi(device.ordinal),
    commit: readCommit(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

/** The stand-in for a driver that the tests build gives its devices such a name. */
export function isEmulated({ name }: CudaDeviceInfo): boolean {
  return /stub|emulat/i.test(name);
}

function readSmi(ordinal: number): DeviceFacts['nvidiaSmi'] {
  try {
    const args = [`--query-gpu=${SMI_FIELDS.join(',')}`, '--format=csv,noheader', `--id=${ordinal}`];
    const text = execFileSync('nvidia-smi', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const values = text.trim().split(', ');
    return Object.fromEntries(SMI_FIELDS.map((field, i) => [field, values[i] ?? '']));
  } catch (cause) {
    return { absent: describeCause(cause) };
  }
}

/** The commit that the archive was packed from, or the checkout's. */
function readCommit(): string {
  const root = new URL('../../', import.meta.url).pathname;
  try {
    return readFileSync(`${root}COMMIT`, 'utf8').trim();
  } catch {
    return commitOf(root);
  }
}

/** Short hash of the checked-out commit, with `+changes` where sources differ from it. */
export function commitOf(checkout: string): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', checkout, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  const changed = git('status', '--porcelain', 'src', 'kernels', 'bench/gpu', 'bench/gpu.ts');
  return git('rev-parse', '--short', 'HEAD') + (changed ? '+changes' : '');
}
