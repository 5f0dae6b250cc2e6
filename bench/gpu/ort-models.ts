import { readFileSync } from 'node:fs';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import type { Predictor } from '../../src/core/ports.ts';
import { seededRandom } from '../../src/core/random.ts';
import { trainingFingerprints } from '../../src/trainers/export-gaussian-process.ts';
import type { Bench } from './bench.ts';
import { modelPaths } from './fingerprints.ts';
import type { OrtTask, OrtTasks } from './ort.ts';

/** core/ops.ts: inference agrees within this. */
const TOLERANCE = 1e-5;
/** Compounds whose predictions are compared with the CPU provider's; the shipped models are timed on fewer than the network. */
const COMPARED = 512;
const MOST_TIMED = 65_536;

/** The shipped models, compared with the CPU provider. */
export function modelTasks({ sizes }: Bench): OrtTasks {
  const tasks: Record<string, OrtTasks[string]> = {};
  for (const path of modelPaths()) {
    const name = path.split('/').slice(-3, -1).join('@');
    tasks[`model ${name}`] = (provider) =>
      openModel(name, readFileSync(path), provider, Math.min(sizes.times.compounds, MOST_TIMED));
  }
  return tasks;
}

async function openModel(name: string, model: Uint8Array, provider: string, count: number): Promise<OrtTask> {
  const { predictor } = await loadPredictor(model, { name, providers: [provider], threads: 1 });
  const { fingerprints, descriptors } = makeInput(trainingFingerprints(model), count);
  const predict = async (by: Predictor, number: number) => {
    const { values, spreads } = await by.predict(
      fingerprints.subarray(0, number * FINGERPRINT_BYTES),
      descriptors.subarray(0, number * DESCRIPTOR_COUNT),
      number,
    );
    return spreads ? joined(values, spreads) : values;
  };
  return {
    unit: 'compounds/s',
    amount: count,
    async check() {
      const { predictor: reference } = await loadPredictor(model, { name, providers: ['cpu'], threads: 1 });
      await using cpu = reference;
      const number = Math.min(COMPARED, count);
      return requireClose(await predict(predictor, number), await predict(cpu, number));
    },
    run: () => predict(predictor, count),
    [Symbol.asyncDispose]: () => predictor[Symbol.asyncDispose](),
  };
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Training compounds over and over, with descriptors of no meaning. */
function makeInput(
  training: Uint8Array,
  count: number,
): { fingerprints: Uint8Array; descriptors: Float32Array } {
  const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
  for (let at = 0; at < fingerprints.length; at += training.length) {
    fingerprints.set(training.subarray(0, fingerprints.length - at), at);
  }
  const random = seededRandom(11);
  const descriptors = Float32Array.from({ length: count * DESCRIPTOR_COUNT }, () => 10 * random());
  return { fingerprints, descriptors };
}

/** Largest difference, over the larger of 1 and the value. @throws Error past the tolerance */
function requireClose(found: Float32Array, expected: Float32Array): number {
  let most = 0;
  for (const [i, value] of expected.entries()) {
    const difference = Math.abs(found[i] - value) / Math.max(1, Math.abs(value));
    if (!(difference <= TOLERANCE)) throw new Error(`compound ${i}: ${found[i]} instead of ${value}`);
    most = Math.max(most, difference);
  }
  return most;
}
