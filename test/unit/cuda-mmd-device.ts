import { afterEach, expect } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import type { MmdInput, MmdKernel, MmdResult } from '../../src/core/mmd.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { type MmdCase, makeMmdInput } from '../conformance/mmd-case.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub, type StubDriver } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: ['mmd', 'permutations', 'intersections'] });

/** Why there is no emulated device here; undefined where there is one. */
export const whyNot: string | undefined = library === null ? reason : undefined;
export const stub = (library === null ? undefined : openStub(library)) as StubDriver;

export type Settings = Partial<Record<Parameters<StubDriver['set']>[0], number>>;

/** A device with small stages, so that transfers take several. */
export function openDevice(settings: Settings = {}): CudaDevice {
  for (const [name, value] of Object.entries(settings)) stub.set(name as keyof Settings, value);
  return new CudaDevice(openCudaContext({ library: stub.path }), { stageBytes: 20_000 });
}

/** After each test: nothing leaked, and no kernel did what it must not. */
export function expectNoProblems(): void {
  afterEach(() => {
    const problems = whyNot === undefined ? stub.problems() : [];
    if (whyNot === undefined) stub.reset();
    expect(problems).toEqual([]);
  });
}

export async function emulateMmd(
  settings: Settings,
  input: MmdInput,
  signal?: AbortSignal,
  mostPairs?: number,
): Promise<MmdResult> {
  await using device = openDevice(settings);
  return await cudaMmd(device, input, signal, mostPairs);
}

/** Shared memory that has room for blocks of so many rows (kernels/mmd/estimate.h). */
export function sharedFor(blockRows: number, { stages = 2, rowBytes = 256 } = {}): number {
  return 17_920 + (blockRows + stages * 32) * rowBytes;
}

export const TANIMOTO: MmdKernel = { kind: 'tanimoto' };
/** Both so wide that values differ little: with few rows, estimates would be too coarse otherwise. */
export const BITS: MmdKernel = { kind: 'rbf-bits', bandwidth: 12 };

export const FEATURES: MmdKernel = { kind: 'rbf-features', bandwidth: 16 };

export function makeInput(
  rows: number,
  inX: number,
  permutations: number,
  kernels: readonly MmdKernel[],
  more: Partial<MmdCase> = {},
): MmdInput {
  return makeMmdInput({
    name: `${rows} rows`,
    bits: 2048,
    seed: rows,
    references: [{ make: 'random', count: rows, popcount: [30, 50] }],
    inX,
    permutations,
    labelSeed: 7,
    kernels,
    ...(kernels.includes(FEATURES) && { features: { dimensions: 2, offset: 1e6, spread: 2, shift: 0.3 } }),
    ...more,
  });
}
