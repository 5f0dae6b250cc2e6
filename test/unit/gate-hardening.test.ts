import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ApprovedLike, artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { sha256 } from '../../src/core/hash.ts';
import { APPROVED_LIKE } from '../../src/flows/approved-like.ts';
import { readModel } from '../../src/flows/models.ts';
import { validate } from '../../src/flows/validate.ts';
import { decodeReference, encodeReference } from '../../src/store/reference.ts';
import { MODEL_INPUTS, MODEL_OUTPUTS } from '../../src/trainers/graph-inputs.ts';
import { OnnxGraph } from '../../src/trainers/onnx.ts';
import { temporaryFolder } from '../assayer.ts';
import { failedChecks, ReleaseBench, resign, wordsOf } from './release-fixtures.ts';

/** One honest model, trained once; every test forges a copy of it, and signs it as somebody who knows how would. */
let bench: ReleaseBench;
let pristine: string;
let folder: string;
beforeAll(async () => {
  bench = new ReleaseBench();
  folder = await bench.train('1');
  pristine = join(bench.folder, 'pristine');
  cpSync(folder, pristine, { recursive: true });
});
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(pristine, folder, { recursive: true });
});
afterAll(() => bench[Symbol.dispose]());

const forge = (change: (manifest: Manifest) => Manifest) => resign(folder, bench.recipe, change);

/** Signs a change that no card can be written for; the old card stays. */
function forgeAlone(change: (manifest: Manifest) => unknown): void {
  const path = join(folder, 'manifest.json');
  const changed = change(JSON.parse(readFileSync(path, 'utf8'))) as Manifest;
  writeFileSync(path, JSON.stringify({ ...changed, hash: artifactHash(changed) }));
}

/** Puts other bytes in the place of a file, with the hash that belongs to them. */
function exchange(name: 'model.onnx' | 'reference.arrow', bytes: Uint8Array, more: Partial<Manifest> = {}) {
  writeFileSync(join(folder, name), bytes);
  forge((manifest) => ({ ...manifest, ...more, files: { ...manifest.files, [name]: sha256(bytes) } }));
}

test.each(['value', 'low', 'high'] as const)(
  'a figure with another %s than its graph gives is caught, also where the manifest claims very few rows',
  async (part) => {
    forge((manifest) => {
      const { RMSE } = manifest.metrics;
      const edited = { ...RMSE, [part]: RMSE[part] + 0.06 };
      return { ...manifest, metrics: { ...manifest.metrics, RMSE: edited } };
    });
    const edited = await bench.release('1');
    expect(failedChecks(edited)).toEqual(['integrity']);
    expect(wordsOf(edited, 'integrity')).toContain(part === 'value' ? 'RMSE is' : `RMSE, ${part} end is`);
    forge((manifest) => ({ ...manifest, evaluation: { ...manifest.evaluation, rows: 2 } }));
    const roomy = (await bench.release('1')).decision.checks[0].measurements;
    const failed = roomy.filter(({ holds }) => !holds).map(({ name }) => name);
    expect(failed).toEqual(['evaluation rows', part === 'value' ? 'RMSE' : `RMSE, ${part} end`]);
  },
);

test('a number of evaluation rows that is not that of the rows is caught by itself', async () => {
  forge((manifest) => ({ ...manifest, evaluation: { ...manifest.evaluation, rows: 204 } }));
  const summary = await bench.release('1');
  expect(failedChecks(summary)).toEqual(['integrity']);
  expect(wordsOf(summary, 'integrity')).toMatch(/evaluation rows is 205.*204 in the manifest/);
});

test('validation does not take its tolerance from the manifest either', async () => {
  const request = {
    recipe: bench.recipe,
    model: 'solubility@1',
    modelsFolder: bench.modelsFolder,
    dataFolder: join(bench.folder, 'data'),
    workspace: temporaryFolder(),
    splits: ['fixed'] as const,
    against: null,
    findProvenance: async () => ({
      years: bench.rows.map(() => null),
      origin: [],
      source: { by: 'site' },
    }),
  };
  await expect(validate(bench.engine, request)).resolves.toMatchObject({ comparison: null });
  forge((manifest) => {
    const { MAE } = manifest.metrics;
    const metrics = { ...manifest.metrics, MAE: { ...MAE, value: MAE.value - 0.2 } };
    return { ...manifest, metrics, evaluation: { ...manifest.evaluation, rows: 2 } };
  });
  await expect(validate(bench.engine, request)).rejects.toMatchObject({
    code: 'ERR_MODEL_CORRUPT',
    message: expect.stringContaining('its manifest says 2 evaluation rows, there are 205'),
  });
});

test('a domain that the training compounds do not give is caught, its similarity and its descriptors', async () => {
  const parts: [change: Partial<Manifest['domain']>, says: RegExp][] = [
    [{ minSimilarity: 0 }, /least similarity of the domain: 0, not 0\.\d+, from the training compounds/],
    [{ maxDescriptorZ: 1e6 }, /descriptor bounds of the domain: 1 of 87 differ/],
    [{ descriptorDeviations: new Array(43).fill(1e6) }, /descriptor bounds of the domain: 43 of 87 differ/],
    [{ descriptorMeans: [] }, /descriptor bounds of the domain/],
  ];
  for (const [change, says] of parts) {
    cpSync(pristine, folder, { recursive: true });
    forge((manifest) => ({ ...manifest, domain: { ...manifest.domain, ...change } }));
    const summary = await bench.release('1');
    expect(failedChecks(summary)).toEqual(['integrity']);
    expect(wordsOf(summary, 'integrity')).toMatch(says);
  }
});

test('where its compounds are not the shared ones, the similarity of the domain is still made again', async () => {
  const alone = () =>
    bench.release('1', {}, (evaluation) => ({ ...evaluation, training: null, trainingValues: 0 }));
  expect(failedChecks(await alone())).toEqual(['labels']);
  forge((manifest) => ({ ...manifest, domain: { ...manifest.domain, minSimilarity: 0.01 } }));
  expect(failedChecks(await alone())).toEqual(['integrity', 'labels']);
});

test('percentiles among drugs rise, are 101, of the drugs that are used, and lie where labels can', async () => {
  const quantiles = Array.from({ length: 101 }, (_, i) => -4 + i / 50);
  const sound: ApprovedLike = { source: 'a', sourceHash: APPROVED_LIKE.sha256, compounds: 7, quantiles };
  const outcome = async (change: Partial<ApprovedLike>) => {
    forge((manifest) => ({ ...manifest, approvedLike: { ...sound, ...change } }));
    return failedChecks(await bench.release('1'));
  };
  expect(await outcome({})).toEqual([]);
  expect(await outcome({ quantiles: quantiles.toReversed() })).toEqual(['integrity']);
  expect(await outcome({ quantiles: quantiles.slice(1) })).toEqual(['integrity']);
  expect(await outcome({ quantiles: quantiles.map((value) => 1000 * value) })).toEqual(['integrity']);
  expect(await outcome({ sourceHash: '0'.repeat(64) })).toEqual(['integrity']);
  expect(await outcome({ compounds: 0 })).toEqual(['integrity']);
});

test('a reference cannot hide what its graph was trained on behind other fingerprints', async () => {
  const reference = decodeReference(readFileSync(join(folder, 'reference.arrow')));
  const fingerprints = new Uint8Array(reference.inchikeys.length * FINGERPRINT_BYTES).fill(1);
  const bytes = encodeReference({ ...reference, fingerprints });
  const entry = { endpoint: 'solubility', version: '1', folder };
  exchange('reference.arrow', bytes);
  await expect(readModel(entry)).rejects.toMatchObject({
    code: 'ERR_MODEL_CORRUPT',
    message: expect.stringContaining('which only the reference of an imported model does'),
  });
  const { trainer } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  exchange('reference.arrow', bytes, { trainer: { ...trainer, name: 'imported' } });
  await expect(readModel(entry)).rejects.toMatchObject({
    code: 'ERR_MODEL_CORRUPT',
    message: expect.stringContaining('are not those that the graph was trained on'),
  });
  const summary = await bench.release('1');
  expect(wordsOf(summary, 'integrity')).toMatch(/^The artifact is damaged: .*fingerprints/);
});

test('a graph that loads and cannot be run is a failed check of integrity', async () => {
  const entry = { endpoint: 'solubility', version: '1', folder };
  const { reference, fingerprints, manifest } = await readModel(entry);
  const graph = new OnnxGraph();
  const sums = graph.node('MatMul', ['descriptors', graph.float32('w', new Float32Array(43), [43, 1])]);
  // One number for each compound cannot take the shape of 43.
  const wide = graph.node('Reshape', [sums, graph.node('Shape', ['descriptors'])]);
  graph.node('Reshape', [wide, graph.int64('flat', [-1])], {}, 'prediction');
  exchange('model.onnx', graph.finish('broken', MODEL_INPUTS, MODEL_OUTPUTS));
  const trainer = { ...manifest.trainer, name: 'imported' };
  exchange('reference.arrow', encodeReference({ ...reference, fingerprints }), { trainer });
  const summary = await bench.release('1');
  expect(failedChecks(summary)).toContain('integrity');
  expect(wordsOf(summary, 'integrity')).toMatch(
    /^The artifact is damaged: model\.onnx cannot be run on 205 compounds/,
  );
});

test.each<[what: string, damage: () => void, says: RegExp]>([
  ['a graph that is no protocol buffer', () => exchange('model.onnx', Buffer.from('no graph')), /model\.onnx/],
  ['an empty graph', () => exchange('model.onnx', new Uint8Array()), /model\.onnx/],
  ['a reference that is no table', () => exchange('reference.arrow', Buffer.from('x')), /reference\.arrow/],
  ['a figure that is null', () => forgeAlone((m) => ({ ...m, metrics: { MAE: null } })), /metrics\.MAE is null, not/],
  ['a figure without an end', () => forgeAlone((m) => ({ ...m, metrics: { MAE: { value: 1, low: 1 } } })), /metrics\.MAE\.high is missing/],
  ['no figures at all', () => forgeAlone(({ metrics: _, ...rest }) => rest), /metrics is missing/],
  ['no contract', () => forgeAlone((m) => ({ ...m, contract: null })), /contract is null/],
  ['no domain', () => forgeAlone((m) => ({ ...m, domain: [] })), /domain is \[\]/],
  ['half of a calibration', () => forgeAlone((m) => ({ ...m, calibration: { kind: 'conformal' } })), /calibration\.spread is missing/],
  ['bins that fall', () => forgeAlone((m) => ({ ...m, calibration: { ...m.calibration, edges: [0.5, 0] } })), /edges do not rise/],
  ['an unknown calibration', () => forgeAlone((m) => ({ ...m, calibration: { kind: 'toString' } })), /calibration\.kind is toString/],
  ['an unknown kind', () => forgeAlone((m) => ({ ...m, endpoint: { ...m.endpoint, kind: 'ranking' } })), /endpoint\.kind is ranking/],
  ['percentiles that are texts', () => forgeAlone((m) => ({ ...m, approvedLike: { source: '', sourceHash: '', compounds: 1, quantiles: ['1'] } })), /approvedLike\.quantiles/],
  ['a file of another folder', () => forgeAlone((m) => ({ ...m, files: { ...m.files, '../../data/recipe': sha256('x') } })), /is no name of a file beside the manifest/],
])('%s is a failed check of integrity that is recorded, and nothing is thrown', async (_, damage, says) => {
  damage();
  const workspace = temporaryFolder();
  const { decision, record } = await bench.release('1', { dryRun: false, workspace });
  expect(record).toMatchObject({ outcome: 'refused', sequence: 1 });
  expect(decision.checks[0]).toMatchObject({ check: 'integrity', outcome: 'failed' });
  expect(decision.checks[0].words).toMatch(/^The artifact is damaged: /);
  expect(decision.checks[0].words).toMatch(says);
}); // biome-ignore format: one row for each case
