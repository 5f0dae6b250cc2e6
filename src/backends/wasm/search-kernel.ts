import { readFileSync } from 'node:fs';

/** kernels/nearest/nearest.c; addresses are in the memory that the instance was made on. */
export interface NearestKernel extends SlicingKernel {
  search(
    index: number,
    metric: number,
    blocks: number,
    blockCount: number,
    queries: number,
    queryCount: number,
    k: number,
    planes: number,
  ): void;
  finish(queries: number, queryCount: number): void;
}

/** kernels/nearest/build.h */
export interface SlicingKernel extends Kernel {
  popcounts(rows: number, count: number, bytes: number, stride: number, out: number): void;
  slice(rows: number, bytes: number, rowOffsets: number, block: number): void;
}

/** kernels/within/within.c */
export interface WithinKernel extends Kernel {
  search(
    index: number,
    metric: number,
    threshold: number,
    blocks: number,
    blockCount: number,
    queries: number,
    queryCount: number,
    cursor: number,
    hits: number,
    owners: number,
    capacity: number,
    planes: number,
  ): number;
}

/** kernels/intersections/intersections.c */
export interface IntersectionsKernel extends SlicingKernel {
  intersect(block: number, queries: number, queryCount: number, out: number, planes: number): void;
}

interface Kernel extends WebAssembly.Exports {
  readonly __stack_pointer: WebAssembly.Global<number>;
}

interface Kernels {
  nearest: NearestKernel;
  within: WithinKernel;
  intersections: IntersectionsKernel;
}

/** Room for the C stack of one instance; it grows downwards. */
export const STACK_BYTES = 16384;

const modules = new Map<keyof Kernels, WebAssembly.Module>();

/**
 * A kernel on a memory that others may be using at the same time.
 * @param stack  address of STACK_BYTES of the instance's own
 */
export function loadKernel<Name extends keyof Kernels>(
  name: Name,
  memory: WebAssembly.Memory,
  stack: number,
): Kernels[Name] {
  let module = modules.get(name);
  if (!module) {
    const path = new URL(`../../../kernels/${name}/${name}.wasm`, import.meta.url);
    module = new WebAssembly.Module(readFileSync(path));
    modules.set(name, module);
  }
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels[Name];
  kernel.__stack_pointer.value = stack + STACK_BYTES;
  return kernel;
}
