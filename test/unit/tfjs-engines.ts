import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { loadTfjsNode } from '../../src/backends/tfjs/node-gpu.ts';
import type { TensorEngine, TfjsModule } from '../../src/backends/tfjs/tensor-engine.ts';

const load = createRequire(import.meta.url);

type Native = ReturnType<typeof loadTfjsNode> & { memory(): { readonly numTensors: number } };

export interface OpenEngine {
  readonly engine: TensorEngine;
  /** Tensors that are alive. */
  countTensors(): number;
}

/**
 * An engine on the processor: tfjs's own in WebAssembly or plain JavaScript, one of them for the whole process; or, where
 * ASSAYER_TFJS_NODE is the path of a tfjs-node whose native library was built, that one.
 */
export async function openEngine(name: 'wasm' | 'cpu'): Promise<OpenEngine> {
  const path = process.env.ASSAYER_TFJS_NODE;
  if (path) {
    const engine = loadTfjsNode(path, load) as Native;
    return { engine, countTensors: () => engine.memory().numTensors };
  }
  const tf = await import('@tensorflow/tfjs-core');
  if (name === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(dirname(load.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  } else {
    await import('@tensorflow/tfjs-backend-cpu');
  }
  if (!(await tf.setBackend(name))) throw new Error(`tfjs has no engine ${name}`);
  await tf.ready();
  const core: TfjsModule = tf;
  return { engine: core as TensorEngine, countTensors: () => tf.memory().numTensors };
}
