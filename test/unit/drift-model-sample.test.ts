import { afterAll, expect, test } from 'vitest';
import { besideModel, modelSample } from '../../src/flows/drift/model-sample.ts';
import { readModel, selectModels } from '../../src/flows/models.ts';
import { DriftBench, madeSample } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());

test('a series of the batch that holds a training compound is one cluster with the group of that compound', async () => {
  const [entry] = await selectModels(bench.engine.modelsFolder, ['ppb']);
  const read = await readModel(entry);
  // A compound without an InChIKey is nobody's, on either side.
  const reference = { ...read.reference, inchikeys: read.reference.inchikeys.with(3, '') };
  const artifact = { ...read, reference };
  const model = modelSample(artifact, 'scaffold');
  const trained = model.inchikeys[7];
  const made = madeSample(9, { seed: 1, prefix: 'b' });
  const batch = {
    ...made,
    // Three rows to a series: the second of the second series was trained on.
    inchikeys: made.inchikeys.with(4, trained).with(8, ''),
    clusters: ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'],
  };
  const beside = besideModel(batch, artifact);
  const group = model.clusters?.[7];
  expect(group).toMatch(/^training group \d+$/);
  expect(beside.clusters).toEqual(['a', 'a', 'a', group, group, group, 'c', 'c', 'c']);
  expect(beside.series).toEqual(batch.series);
  expect(besideModel({ ...batch, clusters: null }, artifact).clusters).toBeNull();
});
