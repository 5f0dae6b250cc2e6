import ort from 'onnxruntime-node';
import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { Predictor, Refusal } from '../../core/ports.ts';

export { listProviders, type ProviderStatus } from './providers.ts';

import { refusalText } from './refusal.ts';
import { createSession } from './session.ts';

/**
 * Compounds in one run: past 128 the arrays between the nodes ([batch, training rows], 8 bytes each) fall out of the
 * processor's cache, and below 32 the matrix products are not busy. Rates by batch: bench/results, predict.json.
 */
const BATCH = 128;

export interface LoadOptions {
  /** What the model is called in error messages. */
  readonly name: string;
  /** Execution providers to try, in order: cuda, webgpu, cpu. */
  readonly providers: readonly string[];
  /** Threads of ONNX Runtime within one operation. */
  readonly threads: number;
  /** Compounds in one run, where not the measured best. */
  readonly batch?: number;
}

/**
 * Loads a model on the first provider that takes it. Providers throw where they are not available, they do not fall
 * back, so each reason is kept. ONNX Runtime runs on the thread that calls it, and only the main thread may: it has
 * crashed in worker threads (onnxruntime issues 20084 and 24486).
 * @param model bytes of an ONNX file with the inputs and the output of core/ports.ts `Predictor`
 * @throws ERR_NO_BACKEND when no provider is usable, ERR_MODEL_CORRUPT when one is and refuses the bytes
 */
export async function loadPredictor(
  model: Uint8Array,
  { name, providers, threads, batch = BATCH }: LoadOptions,
): Promise<{ predictor: Predictor; device: string; refusals: Refusal[] }> {
  const refusals: Refusal[] = [];
  for (const device of providers) {
    let session: ort.InferenceSession;
    try {
      session = await createSession(model, device, threads);
    } catch (cause) {
      // The CPU is always there: what it refuses is the model.
      if (device === 'cpu') throw corrupt(name, describeCause(cause), cause);
      refusals.push({ device, reason: refusalText(cause) });
      continue;
    }
    const problem = interfaceProblem(session);
    if (problem) {
      await session.release();
      throw corrupt(name, problem);
    }
    return { predictor: predictorOf(session, batch), device, refusals };
  }
  const reasons = refusals.map(({ device, reason }) => `${device}: ${reason}`).join('; ') || 'none was named';
  throw new AssayerError('ERR_NO_BACKEND', {
    operation: `model ${name}`,
    reasons: `${reasons}. Add cpu to --device`,
  });
}

function predictorOf(session: ort.InferenceSession, batch: number): Predictor {
  return {
    async predict(fingerprints, descriptors, count) {
      const out = new Float32Array(count);
      for (let from = 0; from < count; from += batch) {
        const to = Math.min(from + batch, count);
        const bytes = fingerprints.subarray(from * FINGERPRINT_BYTES, to * FINGERPRINT_BYTES);
        const numbers = descriptors.subarray(from * DESCRIPTOR_COUNT, to * DESCRIPTOR_COUNT);
        const { prediction } = await session.run({
          fingerprints: new ort.Tensor('uint8', bytes, [to - from, FINGERPRINT_BYTES]),
          descriptors: new ort.Tensor('float32', numbers, [to - from, DESCRIPTOR_COUNT]),
        });
        out.set(prediction.data as Float32Array, from);
      }
      return out;
    },
    async [Symbol.asyncDispose]() {
      await session.release();
    },
  };
}

/** Why a graph that loads is not one of ours; undefined when it is. */
function interfaceProblem(session: ort.InferenceSession): string | undefined {
  const describe = (values: readonly ort.InferenceSession.ValueMetadata[]) =>
    values
      .map((value) => (value.isTensor ? `${value.name} ${value.type} [${value.shape}]` : value.name))
      .join(', ');
  const inputs = describe(session.inputMetadata);
  const outputs = describe(session.outputMetadata);
  const expected = `fingerprints uint8 [n,${FINGERPRINT_BYTES}], descriptors float32 [n,${DESCRIPTOR_COUNT}]`;
  if (inputs !== expected) return `its inputs are ${inputs || 'none'}, not ${expected}`;
  if (outputs !== 'prediction float32 [n]') return `its outputs are ${outputs}, not prediction float32 [n]`;
  return undefined;
}

function corrupt(name: string, problem: string, cause?: unknown): AssayerError {
  return new AssayerError('ERR_MODEL_CORRUPT', { model: name, path: 'model.onnx', problem }, { cause });
}
