import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { readSample } from '../../src/flows/drift/read-sample.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { screen } from '../../src/flows/screen.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { COMPOUNDS, DriftBench, verdictOf } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());
const ENDPOINTS = ['ppb', 'mdr1-efflux'];
const workspace = join(bench.folder, 'ws');
const reference = bench.write('reference.csv', [...COMPOUNDS.slice(0, 120), 'bad,C1CC']);
const batch = bench.write('batch.csv', COMPOUNDS.slice(120, 180));
let report: DriftReport;
/** Rows that models were asked about. */
let asked = 0;

/** The bench's engine, which counts what its models are asked. */
const counting: Engine = {
  ...bench.engine,
  async loadPredictor(model, name) {
    const loaded = await bench.engine.loadPredictor(model, name);
    const { predictor } = loaded;
    return {
      ...loaded,
      predictor: {
        predict: (fingerprints, descriptors, count) => {
          asked += count;
          return predictor.predict(fingerprints, descriptors, count);
        },
        [Symbol.asyncDispose]: () => predictor[Symbol.asyncDispose](),
      },
    };
  },
};

beforeAll(async () => {
  report = await check(batch);
});

/** Streams of two tests need 0.05 / 12: 240 columns reach it. */
function check(of: string): Promise<DriftReport> {
  return bench.check(reference, of, { endpoints: ENDPOINTS, permutations: 249 }, { engine: counting });
}

describe('several models beside two files', () => {
  test('give one verdict over all their answers, which are named', () => {
    expect(report.models.map(({ endpoint }) => endpoint)).toEqual(ENDPOINTS);
    expect(report.plots.outputs.map(({ name }) => name)).toEqual(['predicted ppb', 'predicted mdr1-efflux']);
    expect(report.verdicts.map(({ stream }) => stream).slice(4)).toEqual(['outputs', 'proxies']);
    for (const { alpha } of report.verdicts) expect(alpha).toBeCloseTo(0.05 / 6, 12);
    expect(verdictOf(report, 'outputs').inWords).toContain('all 2 predictions together');
    expect(report.inWords).toMatch(/^No drift was seen in this batch of 60 compounds by \d tests\./);
  });

  test('are asked about a reference once: its answers are kept, and give the same bytes', async () => {
    expect(asked).toBe(2 * (120 + 60));
    asked = 0;
    const again = await check(batch);
    expect(asked).toBe(2 * 60);
    expect(JSON.stringify(again)).toBe(JSON.stringify(report));
  });

  test('say nothing of five compounds', async () => {
    const small = await check(bench.write('five.csv', COMPOUNDS.slice(120, 125)));
    expect(small.state).toBe('not-evaluable');
    for (const verdict of small.verdicts) {
      expect(verdict).toMatchObject({ reason: 'too-few-compounds', p: null, effect: null });
    }
  });

  test('cannot be beside a model as the reference, nor twice the same', async () => {
    for (const endpoints of [['all'], ENDPOINTS, ['ppb', 'ppb@1']]) {
      await expect(bench.check('ppb', batch, { endpoints })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    }
    await expect(bench.check(reference, batch, { endpoints: ['ppb', 'none'] })).rejects.toMatchObject({
      code: 'ERR_MODEL_NOT_FOUND',
    });
  });
});

describe('a stored feature set', () => {
  let stored: string;
  beforeAll(() => {
    const folder = join(workspace, 'features');
    const names = readdirSync(folder).filter((name) => name.endsWith('.arrow'));
    // Of 121 rows; the other one is of 60.
    const [larger] = names
      .map((name) => join(folder, name))
      .sort((one, other) => statSync(other).size - statSync(one).size);
    stored = larger;
  });

  test('stands for the file it was made from, and no compound is looked at again', async () => {
    const noChemistry: Engine = {
      ...bench.engine,
      createFeaturizer: () => Promise.reject(new Error('chemistry was asked')),
    };
    const [made, read] = [await sampleOf(reference), await sampleOf(stored, noChemistry)];
    expect(read).toMatchObject({ name: stored, rejected: 1, numbered: false, ids: made.ids });
    expect(contentOf(read)).toEqual(contentOf(made));
    expect(read.hash).toBe(stored.slice(-70, -6));
  });

  test('that was made under another contract is not compared, and says why', async () => {
    const { contract } = bench.engine;
    const engine: Engine = {
      ...bench.engine,
      contract: { ...contract, fingerprint: { ...contract.fingerprint, radius: 3 } },
    };
    const change = { workspace: join(bench.folder, 'ws-other') };
    const found = await bench.check(stored, batch, change, { engine });
    expect(found.state).toBe('not-evaluable');
    for (const verdict of found.verdicts) {
      expect(verdict).toMatchObject({ reason: 'contract-mismatch', p: null, effect: null });
    }
    expect(found.verdicts[0].inWords).toContain('they differ in fingerprint');
    expect(found.inWords).toContain('different feature contracts');
  });

  test('that is damaged, or lacks a column that is asked for, is refused', async () => {
    await expect(bench.check(stored, stored, { cluster: 'plate' })).rejects.toMatchObject({
      code: 'ERR_INPUT_COLUMN_NOT_FOUND',
    });
    const damaged = join(bench.folder, stored.slice(-70));
    copyFileSync(stored, damaged);
    truncateSync(damaged, 1000);
    await expect(bench.check(damaged, batch)).rejects.toMatchObject({ code: 'ERR_BLOB_CORRUPT' });
  });
});

test.each(['csv', 'parquet', 'arrow'])(
  'the result of a screen as %s stands for its compounds, and its columns are covariates',
  async (format) => {
    const output = join(bench.folder, `result.${format}`);
    const { modelsFolder } = bench.engine;
    await screen(bench.engine, { input: reference, output, models: ['ppb'], modelsFolder, workspace });
    const [made, read] = [await sampleOf(reference), await sampleOf(output, bench.engine, ['ppb'])];
    expect(read).toMatchObject({ rejected: 1, ids: made.ids });
    expect(contentOf(read)).toEqual(contentOf(made));
    const predicted = read.covariates.get('ppb')?.map(Number) ?? [];
    expect(predicted.every((value) => value >= 0 && value <= 100)).toBe(true);
    expect(new Set(predicted).size).toBeGreaterThan(100);
  },
);

async function sampleOf(path: string, engine = bench.engine, covariates: string[] = []) {
  return readSample(engine, path, await openWorkspace(workspace), { covariates, cluster: 'scaffold' });
}

function contentOf({ inchikeys, smiles, series, fingerprints, descriptors }: DriftSample) {
  return { inchikeys, smiles, series, fingerprints, descriptors };
}
