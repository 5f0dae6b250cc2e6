import { readFileSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import { type DrawColumns, startColumns } from '../../core/mmd-labels.ts';
import { philoxKey } from '../../core/philox.ts';

interface PermutationsKernel extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global<number>;
  draw(
    seedLow: number,
    seedHigh: number,
    units: number,
    n: number,
    firstColumn: number,
    columns: number,
    bytes: number,
    words: number,
    undecided: number,
    out: number,
  ): void;
}

const PAGE_BYTES = 65536;
/** Columns drawn before they are copied out. */
const BATCH = 64;

let module: WebAssembly.Module | undefined;

/** The same columns as core's `drawColumns`, by kernels/permutations/permutations.c. @throws ERR_OUT_OF_MEMORY */
export const drawColumnsByKernel: DrawColumns = ({ observed, permutations, seed }, units, inX) => {
  module ??= new WebAssembly.Module(
    readFileSync(new URL('../../../kernels/permutations/permutations.wasm', import.meta.url)),
  );
  const kernel = new WebAssembly.Instance(module).exports as PermutationsKernel;
  const bytes = observed.length;
  const words = Math.ceil(kernel.__heap_base.value / 16) * 16;
  const undecided = words + Math.ceil(units / 4) * 16;
  const out = undecided + units * 4;
  const end = out + BATCH * bytes;
  grow(kernel.memory, end);
  const bits = startColumns(observed, permutations);
  const [low, high] = philoxKey(seed);
  for (let b = 1; b <= permutations; b += BATCH) {
    const columns = Math.min(BATCH, permutations + 1 - b);
    const drawn = new Uint8Array(kernel.memory.buffer, out, columns * bytes).fill(0);
    kernel.draw(low, high, units, inX, b, columns, bytes, words, undecided, out);
    bits.set(drawn, b * bytes);
  }
  return { bits, count: permutations + 1, bytes };
};

function grow(memory: WebAssembly.Memory, sizeBytes: number): void {
  try {
    memory.grow(Math.max(0, Math.ceil((sizeBytes - memory.buffer.byteLength) / PAGE_BYTES)));
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose: 'drawing permutations', sizeBytes }, { cause });
  }
}
