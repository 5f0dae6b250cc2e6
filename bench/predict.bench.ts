/**
 * What a screen does after featurization, on one core: each shipped model's session alone, and the search of the
 * nearest training compound. Compounds per second, by batch size.
 *
 *     node bench/predict.bench.ts [--runs 6] [--compounds 4096]
 *
 * Features come from the example compounds, repeated; rates do not depend on which compounds they are.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadPredictor } from '../src/backends/ort/predictor.ts';
import { DESCRIPTOR_COUNT } from '../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../src/core/fingerprint.ts';
import { listModels, readModel } from '../src/flows/models.ts';
import { createEngine } from '../src/main.ts';
import { median, writeResult } from './machine.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '6' }, compounds: { type: 'string', default: '4096' } },
});
const runs = Number(values.runs);
const count = Number(values.compounds);
const engine = createEngine({ threads: 1, devices: ['cpu'] });

const smiles = readFileSync(new URL('../examples/compounds.csv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.slice(line.lastIndexOf(',') + 1));
const featurizer = await engine.createFeaturizer();
const features = await featurizer.featurize(smiles);
await featurizer[Symbol.asyncDispose]();

const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
const descriptors = new Float32Array(count * DESCRIPTOR_COUNT);
for (let i = 0; i < count; i++) {
  const from = i % features.count;
  fingerprints.set(
    features.fingerprints.subarray(from * FINGERPRINT_BYTES, (from + 1) * FINGERPRINT_BYTES),
    i * FINGERPRINT_BYTES,
  );
  descriptors.set(
    features.descriptors.subarray(from * DESCRIPTOR_COUNT, (from + 1) * DESCRIPTOR_COUNT),
    i * DESCRIPTOR_COUNT,
  );
}

async function rates(work: () => Promise<unknown> | unknown): Promise<{ median: number; samples: number[] }> {
  await work();
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await work();
    samples.push(count / ((performance.now() - started) / 1000));
  }
  return { median: median(samples), samples };
}

const results: Record<string, unknown> = {};
for (const entry of await listModels(engine.modelsFolder)) {
  const { manifest, model, fingerprints: trained } = await readModel(entry);
  const byBatch: Record<number, unknown> = {};
  let loadMs = 0;
  for (const batch of [16, 32, 64, 128, 256, 512]) {
    const started = performance.now();
    const options = { name: entry.endpoint, providers: ['cpu'], threads: 1, batch };
    const { predictor } = await loadPredictor(model, options);
    loadMs = performance.now() - started;
    byBatch[batch] = await rates(() => predictor.predict(fingerprints, descriptors, count));
    await predictor[Symbol.asyncDispose]();
  }
  const index = await engine.createNeighborIndex(trained);
  results[entry.endpoint] = {
    artifact: manifest.hash,
    trainingRows: manifest.dataset.counts.train,
    loadMs,
    predictByBatch: byBatch,
    nearest: await rates(() => index.nearest(fingerprints, 1)),
  };
}
console.log(
  writeResult('predict', { unit: 'compounds per second, one thread', compounds: count, runs, results }),
);
