/**
 * The benchmark network 2048 -> 1024 -> 512 -> 12 from packed bits, in ONNX Runtime on one thread of the processor: compounds
 * per second by precision and batch size, after each precision gave what float64 gives.
 *
 *     node bench/infer.bench.ts [--runs 6] [--compounds 4096]
 *
 * Fingerprints are the shipped hERG model's training compounds.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { buildMlp, type MlpPrecision } from '../kernels/infer/build-mlp.ts';
import { makeMlpWeights, runMlpReference } from '../kernels/infer/mlp-weights.ts';
import { createSession } from '../src/backends/ort/session.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../src/core/fingerprint.ts';
import { trainingFingerprints } from '../src/trainers/export-gaussian-process.ts';
import { median, writeResult } from './machine.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '6' }, compounds: { type: 'string', default: '4096' } },
});
const runs = Number(values.runs);
const count = Number(values.compounds);

/** Largest error over the largest output. int8 is CUDA's: processors multiply signed by signed bytes slowly. */
const TOLERANCES = { float32: 1e-5, uint8: 0.03 } satisfies Partial<Record<MlpPrecision, number>>;
const BATCHES = [1, 16, 64, 128, 256, 1024, 4096];
const COMPARED = 64;
const OUTPUTS = 12;

const model = readFileSync(new URL('../models/herg/1/model.onnx', import.meta.url));
const trained = trainingFingerprints(model);
const rows = new Uint8Array(count * MORGAN_BYTES);
for (let row = 0; row < count; row++) {
  const at = (row * FINGERPRINT_BYTES) % trained.length;
  rows.set(trained.subarray(at, at + MORGAN_BYTES), row * MORGAN_BYTES);
}
const outputs = new Float32Array(count * OUTPUTS);

async function predict(session: ort.InferenceSession, batch: number, total: number): Promise<void> {
  for (let from = 0; from < total; from += batch) {
    const to = Math.min(from + batch, total);
    const bytes = rows.subarray(from * MORGAN_BYTES, to * MORGAN_BYTES);
    const input = new ort.Tensor('uint8', bytes, [to - from, MORGAN_BYTES]);
    const out = outputs.subarray(from * OUTPUTS, to * OUTPUTS);
    await session.run(
      { fingerprints: input },
      { outputs: new ort.Tensor('float32', out, [to - from, OUTPUTS]) },
    );
  }
}

const layers = makeMlpWeights(7);
const sample = rows.subarray(0, 128 * MORGAN_BYTES);
const expected = runMlpReference(layers, rows.subarray(0, COMPARED * MORGAN_BYTES))[layers.length - 1];
const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const results: Record<string, unknown> = {};
for (const [precision, tolerance] of Object.entries(TOLERANCES)) {
  const bytes = buildMlp(layers, precision as MlpPrecision, sample);
  const session = await createSession(bytes, 'cpu', 1);
  await predict(session, COMPARED, COMPARED);
  const error =
    expected.reduce((most, value, i) => Math.max(most, Math.abs(value - outputs[i])), 0) / largest;
  if (!(error <= tolerance))
    throw new Error(`${precision} differs from float64 by ${error} of the largest output`);
  const byBatch: Record<number, unknown> = {};
  for (const batch of BATCHES.filter((size) => size <= count)) {
    // Single compounds are slow; a part of them tells the rate.
    const total = Math.min(count, batch * 512);
    await predict(session, batch, total);
    const samples: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      await predict(session, batch, total);
      samples.push(total / ((performance.now() - started) / 1000));
    }
    byBatch[batch] = { median: median(samples), samples };
  }
  await session.release();
  results[precision] = { modelBytes: bytes.length, error, rateByBatch: byBatch };
}
console.log(
  writeResult('infer', { unit: 'compounds per second, one thread', compounds: count, runs, results }),
);
