import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { askModels, type ModelAnswers } from '../../src/flows/drift/model-answers.ts';
import { trainingDistances } from '../../src/flows/drift/training-distances.ts';
import type { Engine } from '../../src/flows/engine.ts';
import type { ModelArtifact } from '../../src/flows/models.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const engineVersion = vi.hoisted(() => ({ now: '1.0.0' }));
vi.mock('../../src/core/version.ts', () => ({
  get ENGINE_VERSION() {
    return engineVersion.now;
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'assayer-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let opened = 0;
const freshWorkspace = () => openWorkspace(join(folder, `ws${opened++}`));
const keptIn = ({ path }: Workspace) => readdirSync(join(path, 'statistics')).sort();

const reference = madeSample(60, { seed: 1, prefix: 'r' });
const batch = madeSample(40, { seed: 2, prefix: 'b' });
const otherRows = madeSample(60, { seed: 3, prefix: 'r' });

let workspace: Workspace;
beforeEach(async () => {
  engineVersion.now = '1.0.0';
  workspace = await freshWorkspace();
});

/** What is found where other numbers are kept is what is found where none are, and is not those others. */
async function expectOwn<Found>(find: (where: Workspace) => Promise<Found>, before: Found): Promise<void> {
  const found = await find(workspace);
  expect(found).toEqual(await find(await freshWorkspace()));
  expect(found).not.toEqual(before);
}

describe('kept distances to the training set', () => {
  const check: DriftCheck = {
    reference,
    batch,
    ofModel: false,
    settings: { alpha: 0.05, permutations: 99, seed: 1 },
    streamAlpha: 0.01,
    backends: [{ name: 'reference', open: async () => referenceBackend }],
  };

  test('are taken up by the same check, whatever the batch and the number of permutations', async () => {
    const before = await trainingDistances(check, workspace);
    const kept = keptIn(workspace);
    expect(await trainingDistances(check, workspace)).toEqual(before);
    const settings = { ...check.settings, alpha: 0.01, permutations: 9 };
    await trainingDistances({ ...check, batch: otherRows, settings }, workspace);
    // One for each half of a small file.
    expect(keptIn(workspace)).toEqual(kept);
    expect(kept).toHaveLength(5);
  });

  const inTwos = reference.ids.map((_, row) => `pair ${row >> 1}`);
  test.each<[string, Partial<DriftCheck>]>([
    ['another seed', { settings: { ...check.settings, seed: 9 } }],
    ['other clusters', { reference: { ...reference, clusters: inTwos } }],
    ['other fingerprints', { reference: { ...reference, fingerprints: otherRows.fingerprints } }],
    ['another way to hold out', { ofModel: true }],
  ])('are not those of %s', async (_, change) => {
    const before = await trainingDistances(check, workspace);
    await expectOwn((where) => trainingDistances({ ...check, ...change }, where), before);
  });

  test('of an older engine are not read', async () => {
    for (const ofModel of [false, true]) {
      engineVersion.now = '1.0.0';
      await trainingDistances({ ...check, ofModel }, workspace);
      const old = keptIn(workspace).length;
      engineVersion.now = '1.0.1';
      await trainingDistances({ ...check, ofModel }, workspace);
      expect(keptIn(workspace).length).toBe(old + (ofModel ? 1 : 5));
    }
  });
});

describe('kept answers of a model', () => {
  /** Answers by the first descriptor; devices round otherwise. */
  const engineOn = (device: string) =>
    ({
      loadPredictor: async () => ({
        predictor: {
          predict: async (_: Uint8Array, raw: Float32Array, count: number) => ({
            values: Float32Array.from(
              { length: count },
              (_, row) => raw[row * DESCRIPTOR_COUNT] + (device === 'cpu' ? 0 : 1e-6),
            ),
          }),
          [Symbol.asyncDispose]: async () => undefined,
        },
        device,
        refusals: [],
      }),
      createNeighborIndex: async () => ({
        nearest: async (queries: Uint8Array) => {
          const rows = queries.length / 384;
          return {
            intersections: Uint16Array.from({ length: rows }, (_, row) => 1 + (queries[row * 384] % 7)),
            unions: new Uint16Array(rows).fill(9),
          };
        },
        [Symbol.asyncDispose]: async () => undefined,
      }),
    }) as unknown as Engine;
  const artifactOf = (hash: string, kind = 'platt') =>
    ({
      manifest: { hash, version: '1', endpoint: { id: 'herg' }, calibration: { kind } },
      reference: { inchikeys: [], values: [], whole: [] },
    }) as unknown as ModelArtifact;

  const ask = async (
    where: Workspace,
    { of = reference, device = 'cpu', hash = 'a' }: { of?: DriftSample; device?: string; hash?: string } = {},
  ): Promise<ModelAnswers> => {
    const artifacts = [artifactOf(hash)];
    const questions = { artifacts, reference: of, batch, trained: null, workspace: where };
    return (await askModels(engineOn(device), questions))[0].reference;
  };

  test('are taken up for the same reference', async () => {
    const before = await ask(workspace);
    expect(await ask(workspace, { of: { ...reference, name: 'elsewhere', clusters: null } })).toEqual(before);
    expect(keptIn(workspace)).toHaveLength(1);
  });

  test.each<[string, Parameters<typeof ask>[1]]>([
    ['other descriptors', { of: { ...reference, descriptors: otherRows.descriptors } }],
    ['other fingerprints', { of: { ...reference, fingerprints: otherRows.fingerprints } }],
    ['another device', { device: 'webgpu' }],
  ])('are not those of %s', async (_, change) => {
    await expectOwn((where) => ask(where, change), await ask(workspace));
  });

  test('of another model or an older engine are not read', async () => {
    await ask(workspace);
    await ask(workspace, { hash: 'b' });
    expect(keptIn(workspace)).toHaveLength(2);
    engineVersion.now = '1.0.1';
    await ask(workspace);
    expect(keptIn(workspace)).toHaveLength(3);
  });
});
