/**
 * Run by ort-webgpu.test.ts in a process of its own, whose environment names a Vulkan driver. Prints JSON: the refusal, or
 * what WebGPU gave.
 */
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { estimateMmd } from '../../src/backends/ort/mmd.ts';
import { listProviders, loadPredictor } from '../../src/backends/ort/predictor.ts';
import { prepareMmd } from '../../src/core/mmd-problem.ts';
import { makeMmdInput, readMmdCases } from '../conformance/mmd-case.ts';
import { predictionInput } from './ort-webgpu-input.ts';

const [status] = await listProviders(['webgpu']);
if (!status.usable || process.argv[2] === 'list') {
  console.log(JSON.stringify({ status }));
} else {
  const misplaced: string[] = [];
  for (const graph of ['tanimoto-rows', 'tanimoto-columns', 'rbf-bits-columns', 'rbf-features-columns']) {
    const model = readFileSync(new URL(`../../kernels/mmd/${graph}.onnx`, import.meta.url));
    try {
      // ONNX Runtime refuses here when it would leave a node to the processor.
      const session = await ort.InferenceSession.create(model, {
        executionProviders: ['webgpu'],
        logSeverityLevel: 4,
        extra: { session: { disable_cpu_ep_fallback: '1' } },
      });
      await session.release();
    } catch (cause) {
      misplaced.push(`${graph}: ${cause}`);
    }
  }
  const recipe = readMmdCases().find(({ name }) => name === 'clusters with features')!;
  const problem = prepareMmd(makeMmdInput(recipe));
  const estimates = await estimateMmd(problem, { device: 'webgpu', threads: 1, memoryBytes: 3e7 });
  const { model, fingerprints, descriptors, count } = predictionInput();
  const options = { name: 'herg', providers: ['webgpu'], threads: 1, batch: 32 };
  const { predictor } = await loadPredictor(model, options);
  const { values: predictions } = await predictor.predict(fingerprints, descriptors, count);
  await predictor[Symbol.asyncDispose]();
  console.log(
    JSON.stringify({ status, misplaced, estimates: [...estimates], predictions: [...predictions] }),
  );
}
