import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import type { MmdKernel } from '../../core/mmd.ts';
import { createSession } from './session.ts';

/** The two passes over the tiles of one kernel (kernels/mmd/tile-graph.ts says what goes in and comes out). */
export interface TileGraphs extends AsyncDisposable {
  readonly rows: ort.InferenceSession;
  readonly columns: ort.InferenceSession;
}

/** Loads a kernel's graphs on a device. Throws what createSession throws. */
export async function openTileGraphs(
  kind: MmdKernel['kind'],
  device: string,
  threads: number,
): Promise<TileGraphs> {
  await using opened = new AsyncDisposableStack();
  const open = async (pass: 'rows' | 'columns') => {
    const model = readFileSync(new URL(`../../../kernels/mmd/${kind}-${pass}.onnx`, import.meta.url));
    return opened.adopt(await createSession(model, device, threads), (session) => session.release());
  };
  const rows = await open('rows');
  const columns = await open('columns');
  const kept = opened.move();
  return { rows, columns, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Inputs of a graph that do not depend on the tile. */
export function kernelInputs(kernel: MmdKernel): Record<string, ort.Tensor> {
  if (kernel.kind !== 'rbf-bits') return {};
  // Distances are 0 or at least 1: past -1e30 a narrower bandwidth changes nothing, and float32 ends at 3e38.
  const factor = Math.max(-1 / (2 * kernel.bandwidth ** 2), -1e30);
  return { factor: new ort.Tensor('float32', Float32Array.of(factor), [1]) };
}
