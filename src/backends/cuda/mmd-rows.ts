import type { MmdKernel } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import type { DeviceScope } from './device-scope.ts';
import { ESTIMATE_BYTES, launchForEach, MOST_THREADS, TILE } from './mmd-kernel.ts';
import { writeRows } from './packed-rows.ts';
import { type Parameter, packParameters } from './parameters.ts';

/** Rows are padded to so many bits: two matrix instructions of 256 bits read 16 bytes a lane. */
const SLICE_BITS = 512;

/** How rows are cut into blocks (kernels/mmd/tiles.h). */
export interface RowPlan {
  readonly rows: number;
  readonly paddedRows: number;
  readonly rowBytes: number;
  readonly blockRows: number;
  readonly blocks: number;
  readonly stages: 1 | 2;
}

/** The largest blocks that shared memory has room for, with two buffers for tiles if it has room for them at all. */
export function planRows(rows: number, bits: number, sharedBytesPerBlock: number): RowPlan {
  const rowBytes = (Math.ceil(bits / SLICE_BITS) * SLICE_BITS) / 8;
  const fits = (stages: number) =>
    Math.floor((sharedBytesPerBlock - ESTIMATE_BYTES) / rowBytes / TILE - stages) * TILE;
  const stages = fits(2) >= TILE ? 2 : 1;
  const blockRows = Math.min(MOST_THREADS, fits(stages), Math.ceil(rows / TILE) * TILE);
  const blocks = Math.ceil(rows / blockRows);
  return { rows, paddedRows: blocks * blockRows, rowBytes, blockRows, blocks, stages };
}

/** Shared memory of the block's rows and of tiles. */
export function stagedBytes({ rowBytes, blockRows, stages }: RowPlan): number {
  return (blockRows + stages * TILE) * rowBytes;
}

/** The rows on the device. Its memory is that of the call. */
export interface DeviceRows {
  readonly plan: RowPlan;
  readonly bits: DeviceMemory;
  /** [paddedRows] of popcount and centring term, float32 */
  readonly terms: DeviceMemory;
}

/** @throws ERR_OUT_OF_MEMORY */
export async function uploadRows(
  device: CudaDevice,
  memory: DeviceScope,
  problem: MmdProblem,
  plan: RowPlan,
): Promise<DeviceRows> {
  const { paddedRows, rowBytes } = plan;
  const purpose = `MMD of ${plan.rows} rows on the GPU`;
  const bits = memory.allocate(paddedRows * rowBytes, purpose);
  const terms = memory.allocate(paddedRows * 8, purpose);
  device.stream.fill(bits, 0, bits.sizeBytes, 0);
  const { fingerprints, shape } = problem;
  await writeRows(device, { memory: bits, rowBytes }, fingerprints, shape, 0, shape.count);
  const parameters = [{ address: bits }, { address: terms }, { int: paddedRows }, { int: rowBytes }];
  launchForEach(device, 'measure', paddedRows, packParameters(parameters));
  return { plan, bits, terms };
}

/** What a kernel reads beside the rows; made for one kernel of the problem, for the exact sums or the estimate. */
export interface KernelData {
  readonly features: DeviceMemory | null;
  readonly table: DeviceMemory | null;
  readonly scale: number;
}

/** Fields of `Rows` in kernels/mmd/tiles.h. @param spans blocks that each block meets, itself included */
export function rowParameters(
  { plan, bits, terms }: DeviceRows,
  kernel: MmdKernel,
  { features, table, scale }: KernelData,
  dimensions: number,
  spans: number,
): Parameter[] {
  const staged = stagedPlan(plan, kernel);
  return [
    { address: bits },
    { address: terms },
    { address: features },
    { address: table },
    { double: scale },
    { int: plan.rows },
    { int: plan.paddedRows },
    { int: staged.rowBytes },
    { int: plan.blockRows },
    { int: plan.blocks },
    { int: spans },
    { int: staged.stages },
    { int: dimensions },
  ];
}

/** The plan for a kernel: over features no bits pass through shared memory. */
export function stagedPlan(plan: RowPlan, { kind }: MmdKernel): RowPlan {
  return kind === 'rbf-features' ? { ...plan, rowBytes: 0, stages: 2 } : plan;
}

/** Ends of kernel names: rows of 2,048 bits have kernels of their own. */
export function kernelName(work: 'exact' | 'estimate', { kind }: MmdKernel, { rowBytes }: RowPlan): string {
  const own = kind !== 'rbf-features' && rowBytes * 8 === 2048 ? '_2048' : '';
  return `mmd_${work}_${kind.replace('-', '_')}${own}`;
}
