import ort from 'onnxruntime-node';
import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { Predictor, Refusal } from '../../core/ports.ts';

export { listProviders, type ProviderStatus } from './providers.ts';

import { parseDeviceName } from './device-name.ts';
import { refusalText } from './refusal.ts';
import { createSession } from './session.ts';
import { withSignedBits } from './signed-bits.ts';

/**
 * Compounds in one run. On the processor: past 128 the arrays between the nodes ([batch, training rows], 8 bytes each) fall
 * out of its cache, and below 32 the matrix products are not busy (rates by batch: bench/results, predict.json). A GPU wants
 * thousands to be busy; 4,096 against 8,000 training rows need 1 GB of its memory. WebGPU leaves the float64 part of a model
 * to the processor, so its runs are of a size between.
 */
const BATCHES: Readonly<Record<string, number>> = { cpu: 128, cuda: 4096, webgpu: 512 };

export interface LoadOptions {
  /** What the model is called in error messages. */
  readonly name: string;
  /** Devices to try, in order: cuda, cuda:1, webgpu, cpu. */
  readonly providers: readonly string[];
  /** Threads of ONNX Runtime within one operation. */
  readonly threads: number;
  /** Compounds in one run, where not the device's own; it bounds the memory that a device needs. */
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
  { providers, ...options }: LoadOptions,
): Promise<{ predictor: Predictor; device: string; refusals: Refusal[] }> {
  const refusals: Refusal[] = [];
  for (const device of providers) {
    try {
      return { predictor: await openModel(model, device, options), device, refusals };
    } catch (cause) {
      if (cause instanceof AssayerError) throw cause;
      // The CPU is always there: what it refuses is the model.
      if (device === 'cpu') throw corrupt(options.name, describeCause(cause), cause);
      refusals.push({ device, reason: refusalText(cause) });
    }
  }
  const reasons = refusals.map(({ device, reason }) => `${device}: ${reason}`).join('; ') || 'none was named';
  throw new AssayerError('ERR_NO_BACKEND', {
    operation: `model ${options.name}`,
    reasons: `${reasons}. Add cpu to --device`,
  });
}

/** @throws ERR_MODEL_CORRUPT for a graph that loads and is not one of ours; else what ONNX Runtime throws */
async function openModel(
  model: Uint8Array,
  device: string,
  { name, threads, batch }: Omit<LoadOptions, 'providers'>,
): Promise<Predictor> {
  const { provider } = parseDeviceName(device);
  const bytes = provider === 'cuda' ? withSignedBits(model) : model;
  const session = await createSession(bytes, device, threads);
  try {
    const problem = interfaceProblem(session);
    if (problem) throw corrupt(name, problem);
    const size = batch ?? BATCHES[provider] ?? BATCHES.cpu;
    const predictor = predictorOf(session, size);
    if (provider !== 'cpu') await warmUp(predictor, size);
    return predictor;
  } catch (cause) {
    await session.release();
    throw cause;
  }
}

/** A GPU loads its libraries and compiles or chooses its kernels in the first run; what fails then is a refusal, too. */
async function warmUp(predictor: Predictor, size: number): Promise<void> {
  const fingerprints = new Uint8Array(size * FINGERPRINT_BYTES);
  await predictor.predict(fingerprints, new Float32Array(size * DESCRIPTOR_COUNT), size);
}

/** Inputs are read and predictions written where they are in the caller's memory: nothing is copied on this side. */
function predictorOf(session: ort.InferenceSession, batch: number): Predictor {
  const hasSpread = session.outputNames.includes('spread');
  return {
    async predict(fingerprints, descriptors, count) {
      const values = new Float32Array(count);
      const spreads = hasSpread ? new Float32Array(count) : null;
      for (let from = 0; from < count; from += batch) {
        const to = Math.min(from + batch, count);
        const bytes = fingerprints.subarray(from * FINGERPRINT_BYTES, to * FINGERPRINT_BYTES);
        const numbers = descriptors.subarray(from * DESCRIPTOR_COUNT, to * DESCRIPTOR_COUNT);
        const inputs = {
          fingerprints: new ort.Tensor('uint8', bytes, [to - from, FINGERPRINT_BYTES]),
          descriptors: new ort.Tensor('float32', numbers, [to - from, DESCRIPTOR_COUNT]),
        };
        const part = (out: Float32Array) => new ort.Tensor('float32', out.subarray(from, to), [to - from]);
        await session.run(inputs, { prediction: part(values), ...(spreads && { spread: part(spreads) }) });
      }
      return { values, spreads };
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
  const allowed = ['prediction float32 [n]', 'prediction float32 [n], spread float32 [n]'];
  if (!allowed.includes(outputs)) return `its outputs are ${outputs}, not ${allowed.join(' or ')}`;
  return undefined;
}

function corrupt(name: string, problem: string, cause?: unknown): AssayerError {
  return new AssayerError('ERR_MODEL_CORRUPT', { model: name, path: 'model.onnx', problem }, { cause });
}
