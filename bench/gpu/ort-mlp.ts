import ort from 'onnxruntime-node';
import { buildMlp, type MlpPrecision } from '../../kernels/infer/build-mlp.ts';
import { MLP_WIDTHS, makeMlpWeights, runMlpReference } from '../../kernels/infer/mlp-weights.ts';
import { createSession } from '../../src/backends/ort/session.ts';
import { MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import type { Bench } from './bench.ts';
import { makeAnalogues } from './fingerprints.ts';
import type { OrtTask, OrtTasks } from './ort.ts';

/** Norm of the difference from float64 over the norm of the answer, by how the network computes. */
const TOLERANCES: Readonly<Partial<Record<MlpPrecision, number>>> = {
  float32: 1e-5,
  float16: 5e-3,
  int8: 5e-2,
};
/** Compounds a second that issue 4 asks for, in float16 or int8. */
const AIM = 5e6;
/** Compounds in one run: 256 MiB of unpacked bits in float16. */
const BATCH = 65_536;
const COMPARED = 300;
const OUTPUTS = MLP_WIDTHS[MLP_WIDTHS.length - 1];

/** The network 2048 -> 1024 -> 512 -> 12 from packed bits, compared with float64. */
export function mlpTasks({ sizes, real, seed }: Bench): OrtTasks {
  const layers = makeMlpWeights(seed);
  const rows = makeAnalogues(real, sizes.times.compounds, seed + 30);
  const compared = rows.subarray(0, Math.min(COMPARED, sizes.times.compounds) * MORGAN_BYTES);
  const tasks: Record<string, OrtTasks[string]> = {};
  for (const [name, tolerance] of Object.entries(TOLERANCES)) {
    const precision = name as MlpPrecision;
    tasks[`MLP ${MLP_WIDTHS.join('-')}, ${precision}`] = async (provider): Promise<OrtTask> => {
      const session = await createSession(buildMlp(layers, precision, compared), provider, 1);
      return {
        unit: 'compounds/s',
        amount: rows.length / MORGAN_BYTES,
        ...(precision !== 'float32' && {
          aim: (rate: number) => ({ text: 'at least 5e6 compounds/s', reached: rate >= AIM }),
        }),
        async check() {
          const reference = runMlpReference(layers, compared);
          return requireClose(await runAll(session, compared), reference[reference.length - 1], tolerance);
        },
        run: () => runAll(session, rows),
        [Symbol.asyncDispose]: () => session.release(),
      };
    };
  }
  return tasks;
}

/** @returns float32 [n, 12] */
async function runAll(session: ort.InferenceSession, rows: Uint8Array): Promise<Float32Array> {
  const count = rows.length / MORGAN_BYTES;
  const all = new Float32Array(count * OUTPUTS);
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(from + BATCH, count);
    const bytes = rows.subarray(from * MORGAN_BYTES, to * MORGAN_BYTES);
    const fingerprints = new ort.Tensor('uint8', bytes, [to - from, MORGAN_BYTES]);
    const { outputs } = await session.run({ fingerprints });
    all.set(outputs.data as Float32Array, from * OUTPUTS);
  }
  return all;
}

function requireClose(found: Float32Array, expected: Float64Array, tolerance: number): number {
  let apart = 0;
  let length = 0;
  for (const [i, value] of expected.entries()) {
    apart += (found[i] - value) ** 2;
    length += value ** 2;
  }
  const difference = Math.sqrt(apart / length);
  if (!(difference <= tolerance))
    throw new Error(`outputs differ from float64 by ${difference} of their norm`);
  return difference;
}
