import { popcounts } from '../../core/fingerprint.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import { BLOCK_STRUCT_BYTES, CHUNK, KERNEL_STRUCT_BYTES, KINDS, LABEL_BYTES, STRIP } from './mmd-kernel.ts';
import { kernelBase } from './mmd-kernel-bases.ts';
import { blocksOf, CHUNKS_PER_SLAB, type MmdPlan, type Span } from './mmd-plan.ts';
import { loadKernel, STACK_BYTES } from './search-kernel.ts';
import { Arena, allocateMemory } from './search-memory.ts';
import { queryBytes, writeQueries } from './search-queries.ts';
import { BLOCK, blockBytes, ROW_BYTES } from './search-shard.ts';

/** Columns that one exact pass sums. */
export const MOST_CHOSEN = 64;

/** A problem laid out in shared memory. Sent to threads as it is: only the memory is shared, not copied. */
export interface MmdLayout {
  readonly memory: WebAssembly.Memory;
  readonly bits: number;
  readonly dimensions: number;
  /** Columns, made even. */
  readonly columns: number;
  readonly kernels: number;
  /** Whether a kernel reads features. */
  readonly needsDistances: boolean;
  readonly slabs: readonly Span[];
  readonly chunks: readonly Span[];
  readonly blockCount: number;
  /** Query structs of each block. */
  readonly queries: readonly number[];
  readonly at: MmdAddresses;
}

/**
 *     | sliced blocks | Block structs | set bits | features | units | labels | weights | centring terms | chosen columns |
 *     | kernels | queries | workspace of thread 0 | of thread 1 | ...
 */
export interface MmdAddresses {
  /** [blockCount][blockBytes] */
  readonly blocks: number;
  readonly structs: number;
  /** float64 [blockCount, 512] */
  readonly popcounts: number;
  /** float64 [blockCount, 512 / STRIP, dimensions, STRIP] */
  readonly features: number;
  /** uint32 [blockCount, 512] */
  readonly units: number;
  /** [chunks][columns][16], chunks of whole slabs */
  readonly labels: number;
  /** Rows of each unit; 0 behind the last one, to the end of its slab. float64 [slabs, 512] */
  readonly weights: number;
  /** Sum of the centring terms of each unit's rows, as `weights`. float64 [kernels, slabs, 512] */
  readonly terms: number;
  /** uint32 [MOST_CHOSEN] */
  readonly chosen: number;
  /** Kernel structs */
  readonly kernels: number;
  /** float64 [kernels, bits + 1] */
  readonly kernelTables: number;
  readonly workspaces: number;
}

/** @param workspaceBytes of all threads together; at least what slicing a block needs. @throws ERR_OUT_OF_MEMORY */
export function layOutMmd(problem: MmdProblem, plan: MmdPlan, workspaceBytes: number): MmdLayout {
  const { shape, dimensions, kernels, labels } = problem;
  const { blockCount } = plan;
  const columns = labels.count + (labels.count & 1);
  const setBits = popcounts(problem.fingerprints, shape.rowBytes, shape.bytes);
  const arena = new Arena(65536);
  const at = {
    blocks: arena.take(blockCount * blockBytes(shape.bits)),
    structs: arena.take(blockCount * BLOCK_STRUCT_BYTES),
    popcounts: arena.take(blockCount * BLOCK * 8),
    features: arena.take(blockCount * BLOCK * 8 * dimensions),
    units: arena.take(blockCount * BLOCK * 4),
    labels: arena.take(plan.slabs.length * CHUNKS_PER_SLAB * columns * LABEL_BYTES),
    weights: arena.take(plan.slabs.length * BLOCK * 8),
    terms: arena.take(kernels.length * plan.slabs.length * BLOCK * 8),
    chosen: arena.take(MOST_CHOSEN * 4),
    kernels: arena.take(kernels.length * KERNEL_STRUCT_BYTES),
    kernelTables: arena.take(kernels.length * (shape.bits + 1) * 8),
  };
  const queries = Array.from({ length: blockCount }, (_, block) => {
    let bytes = 0;
    for (const row of rowsOf(plan, block)) bytes += queryBytes(setBits[row], 0);
    return arena.take(bytes);
  });
  const workspaces = arena.end;
  const slicingBytes = STACK_BYTES + shape.bits * 4 + BLOCK * shape.bytes;
  const memory = allocateMemory(workspaces + Math.max(workspaceBytes, slicingBytes), 'MMD');
  const layout: MmdLayout = {
    memory,
    bits: shape.bits,
    dimensions,
    columns,
    kernels: kernels.length,
    needsDistances: kernels.some(({ kind }) => kind === 'rbf-features'),
    slabs: plan.slabs,
    chunks: plan.chunks,
    blockCount,
    queries,
    at: { ...at, workspaces },
  };
  writeKernels(layout, problem);
  writeRows(layout, problem, plan, setBits);
  writeFingerprints(layout, problem, plan);
  writeLabels(layout, problem);
  return layout;
}

/** Rows of one block, those without a row left out: they are always the last. */
function rowsOf({ rowAt }: MmdPlan, block: number): Int32Array {
  const rows = rowAt.subarray(block * BLOCK, (block + 1) * BLOCK);
  const end = rows.indexOf(-1);
  return end < 0 ? rows : rows.subarray(0, end);
}

/** Kernel structs; over bits a Gaussian has few values, so a table holds them. */
function writeKernels({ memory, at, bits }: MmdLayout, { kernels }: MmdProblem): void {
  for (const [k, kernel] of kernels.entries()) {
    const scale = kernel.kind === 'tanimoto' ? 0 : 1 / (2 * kernel.bandwidth ** 2);
    const table = at.kernelTables + k * (bits + 1) * 8;
    const struct = at.kernels + k * KERNEL_STRUCT_BYTES;
    const { base, squarings } = kernelBase(kernels, k);
    new Float64Array(memory.buffer, struct, 1).set([scale]);
    new Uint32Array(memory.buffer, struct + 8, 4).set([table, KINDS[kernel.kind], base, squarings]);
    if (kernel.kind !== 'rbf-bits') continue;
    const values = new Float64Array(memory.buffer, table, bits + 1);
    for (let squared = 0; squared <= bits; squared++) values[squared] = Math.exp(-squared * scale);
  }
}

/** Block structs, and what they point to. */
function writeRows(
  { memory, at, blockCount }: MmdLayout,
  { features, dimensions, clusters }: MmdProblem,
  plan: MmdPlan,
  setBits: Uint16Array,
): void {
  const { buffer } = memory;
  const weights = new Float64Array(buffer, at.weights, plan.slabs.length * BLOCK);
  for (let block = 0; block < blockCount; block++) {
    const rows = rowsOf(plan, block);
    const first = block * BLOCK;
    const addresses = {
      popcounts: at.popcounts + first * 8,
      features: at.features + first * 8 * dimensions,
      units: at.units + first * 4,
    };
    const struct = [addresses.popcounts, addresses.features, addresses.units, rows.length];
    new Uint32Array(buffer, at.structs + block * BLOCK_STRUCT_BYTES, struct.length).set(struct);
    const counts = new Float64Array(buffer, addresses.popcounts, BLOCK);
    const units = new Uint32Array(buffer, addresses.units, BLOCK);
    const columns = new Float64Array(buffer, addresses.features, BLOCK * dimensions);
    for (const [i, row] of rows.entries()) {
      counts[i] = setBits[row];
      units[i] = clusters ? clusters[row] : row;
      weights[units[i]]++;
      for (let d = 0; d < dimensions; d++)
        columns[featureAt(i, d, dimensions)] = features[row * dimensions + d];
    }
  }
}

/** Where a feature of row i of a block is among the block's. */
export function featureAt(i: number, d: number, dimensions: number): number {
  return (Math.floor(i / STRIP) * dimensions + d) * STRIP + (i % STRIP);
}

/** Sliced blocks to search in, and the same rows as queries. */
function writeFingerprints(
  { memory, at, bits, blockCount, queries }: MmdLayout,
  { fingerprints, shape }: MmdProblem,
  plan: MmdPlan,
): void {
  const offsetsAt = at.workspaces + STACK_BYTES;
  const rowOffsets = new Uint32Array(memory.buffer, offsetsAt, bits).map((_, bit) => bit * ROW_BYTES);
  new Uint32Array(memory.buffer, offsetsAt, bits).set(rowOffsets);
  const packedAt = offsetsAt + bits * 4;
  const packed = new Uint8Array(memory.buffer, packedAt, BLOCK * shape.bytes);
  const kernel = loadKernel('intersections', memory, at.workspaces);
  for (let block = 0; block < blockCount; block++) {
    const rows = rowsOf(plan, block);
    packed.fill(0);
    for (const [i, row] of rows.entries()) {
      const start = row * shape.rowBytes;
      packed.set(fingerprints.subarray(start, start + shape.bytes), i * shape.bytes);
    }
    kernel.slice(packedAt, shape.bytes, offsetsAt, at.blocks + block * blockBytes(bits));
    const used = packed.subarray(0, rows.length * shape.bytes);
    writeQueries(memory, queries[block], used, { bits, rowOffsets }, 0, () => 0);
  }
}

/** Labels chunk by chunk, so that the columns of one tile lie together. */
function writeLabels({ memory, at, columns }: MmdLayout, { labels, units }: MmdProblem): void {
  const chunks = Math.ceil(units / CHUNK);
  const out = new Uint8Array(memory.buffer, at.labels, chunks * columns * LABEL_BYTES);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = chunk * LABEL_BYTES;
    const to = Math.min(labels.bytes, from + LABEL_BYTES);
    for (let column = 0; column < labels.count; column++) {
      const bits = labels.bits.subarray(column * labels.bytes + from, column * labels.bytes + to);
      out.set(bits, (chunk * columns + column) * LABEL_BYTES);
    }
  }
}

/** Most blocks of one slab. */
export function mostSlabBlocks(slabs: readonly Span[]): number {
  let most = 0;
  for (const slab of slabs) {
    const { start, end } = blocksOf(slab);
    most = Math.max(most, end - start);
  }
  return most;
}
