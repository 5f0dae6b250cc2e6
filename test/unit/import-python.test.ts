import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Metric } from '../../src/core/artifact.ts';
import type { FeatureBatch } from '../../src/core/compound.ts';
import type { ImportRequest } from '../../src/flows/import-model.ts';
import { readModel } from '../../src/flows/models.ts';
import { noShared, readShared, readSharedTable } from '../shared.ts';
import { engine, importIn, type TableRow } from './import-fixtures.ts';

/** Made by make-models.py: SMILES, and what each model answers in Python. */
const read = (name: string) => readFileSync(new URL(`../data/imported/${name}`, import.meta.url));
const { compounds, ...answers } = JSON.parse(read('expected.json').toString()) as Record<string, number[]> & {
  compounds: string[];
};

let folder: string;
let features: FeatureBatch;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  await using featurizer = await engine.createFeaturizer();
  features = await featurizer.featurize(compounds);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows as make-models.py takes them: of training rows of one neutral component, those of some residues. */
function sharedRows(file: string, name: string, step: number): Record<'train' | 'held' | 'test', TableRow[]> {
  const raw = readShared(`data/raw/pharmabench/${file}_final_data.csv.gz`).trimEnd().split('\n').slice(1);
  const rows: Record<string, TableRow[]> = { train: [], test: [] };
  for (const { row, split, rel } of readSharedTable(`data/splits/${name}.csv.gz`)) {
    const [smiles, value] = raw[Number(row)].split(',');
    if (rel === '=' && !/[.+-]/.test(smiles)) rows[split].push([smiles, value]);
  }
  const last = (i: number) => i % step === step - 1;
  return {
    train: rows.train.filter((_, i) => (step > 5 ? i % step === 0 : !last(i))),
    held: rows.train.filter((_, i) => last(i)),
    test: rows.test.filter((_, i) => step < 6 || i % 4 === 0),
  };
}

type Case = [name: string, change: Partial<ImportRequest>, figure: string, least: number, tolerance: number];
const classes = { endpoint: 'ames' };
const values = { endpoint: 'ppb' };
const CASES: Case[] = [
  ['forest', classes, 'AUROC', 0.62, 1e-6],
  ['forest-zipmap', classes, 'AUROC', 0.62, 1e-6],
  ['network', { ...classes, outputKind: 'logit' }, 'AUROC', 0.62, 1e-5],
  ['network-dynamo', { ...classes, outputKind: 'logit' }, 'AUROC', 0.62, 1e-5],
  ['boosted', { ...values, inputs: 'X=morgan+descriptors' }, 'Spearman', 0.5, 1e-5],
  ['ridge', { ...values, inputs: 'X=descriptors+bits' }, 'Spearman', 0.5, 1e-4],
];

describe.skipIf(noShared)('models made by scikit-learn and PyTorch', () => {
  test.each(CASES)(
    '%s answers as it does in Python, and is measured',
    async (name, change, figure, least, tolerance) => {
      const rows =
        change.endpoint === 'ames' ? sharedRows('ames_cls', 'ames', 8) : sharedRows('ppb_reg', 'ppb', 5);
      const home = join(folder, String(change.endpoint));
      const tables = { training: rows.train, evaluation: rows.test };
      const made = await importIn(home, read(`${name}.onnx`), { ...change, replace: true }, tables);
      const artifact = await readModel({
        endpoint: String(change.endpoint),
        version: '7',
        folder: made.folder,
      });
      const { predictor } = await engine.loadPredictor(artifact.model, name);
      await using _ = predictor;
      const { values: actual } = await predictor.predict(
        features.fingerprints,
        features.descriptors,
        features.count,
      );
      const worst = Math.max(...answers[name].map((expected, i) => Math.abs(expected - actual[i])));
      expect(actual).toHaveLength(24);
      expect(worst).toBeLessThanOrEqual(tolerance);
      // Trained on some hundred rows, they know something, and not what they could only know by a leak.
      const metric: Metric = made.manifest.metrics[figure];
      expect(metric.value).toBeGreaterThan(least);
      expect(metric.value).toBeLessThan(0.95);
      expect(artifact.fingerprints).toHaveLength(384 * made.manifest.dataset.counts.train);
    },
  );

  test("a forest's probabilities declared as logits are refused", async () => {
    const rows = sharedRows('ames_cls', 'ames', 8);
    const tables = { training: rows.train, evaluation: rows.test };
    const change = { endpoint: 'ames', outputKind: 'logit', replace: true } as const;
    const run = importIn(join(folder, 'ames'), read('forest.onnx'), change, tables);
    await expect(run).rejects.toMatchObject({
      code: 'ERR_MODEL_ANSWERS',
      message: expect.stringContaining('add up to 1'),
    });
  });
});
