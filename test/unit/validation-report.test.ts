import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { comparisonVersions } from '../../src/core/comparison-versions.ts';
import { modelCard } from '../../src/flows/card.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { findingsOf } from '../../src/flows/validation/findings.ts';
import { plotsOf } from '../../src/flows/validation/plots/plots.ts';
import type { Slice, SplitReport, Validation } from '../../src/flows/validation/report-schema.ts';
import { shareOf } from '../../src/flows/validation/slices.ts';
import { reportSplit, type SplitResult } from '../../src/flows/validation/split-report.ts';
import { mergeSplits, roundFigures, writeValidation } from '../../src/flows/validation/validation-files.ts';
import { temporaryFolder } from '../assayer.ts';
import { makePool } from './validation-fixtures.ts';

const manifestOf = (endpoint: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../../models/${endpoint}/1/manifest.json`, import.meta.url), 'utf8'));

/** A class split of 120 rows: probabilities of 0.8 and 0.2 that come true; one assay where they never do. */
function classSplit(): SplitResult {
  const n = 120;
  const accepted = makePool(n, (i) => Number(i % 5 < (i % 2 === 0 ? 4 : 1))).rows;
  const predicted = accepted.y.map((_, i) => (i % 2 === 0 ? 0.8 : 0.2));
  const isWrong = (i: number) => i < 10;
  return {
    split: 'fixed',
    heldOut: null,
    how: 'made up',
    kind: 'classification',
    rows: {
      actual: accepted.y.map((label, i) => (isWrong(i) ? 0 : label)),
      predicted: predicted.map((value, i) => (isWrong(i) ? 0.9 : value)),
      similarities: Float64Array.from({ length: n }, (_, i) => (i % 10) / 10),
      spreads: new Float64Array(n).fill(1),
      groups: accepted.groups,
    },
    calibration: { kind: 'platt', slope: -1, offset: 0 },
    counts: { training: 500, trainingBounds: 0, test: n, testRejected: 0, leftOut: {} },
    accepted,
    domain: { ...manifestOf('ames').domain, minSimilarity: 0.25, maxDescriptorZ: 1e9 },
    origin: [{ by: 'assay', labels: Array.from({ length: n }, (_, i) => (isWrong(i) ? 'A|1' : 'B')) }],
    bounds: makePool(0, () => 0).rows,
    boundAnswers: { values: [], spreads: null },
  };
}

function validationOf(manifest: Manifest, splits: readonly SplitReport[]): Validation {
  return roundFigures({
    schema: 'assayer.validation/1',
    model: { endpoint: manifest.endpoint.id, version: manifest.version, hash: manifest.hash },
    versions: comparisonVersions(manifest),
    kind: manifest.endpoint.kind,
    modelledScale: manifest.endpoint.modelledScale,
    testCompoundsInTraining: 0,
    refits: null,
    provenance: ['year: unknown'],
    splits,
    impossible: [{ split: 'time', reason: 'no dates' }],
  });
}

test('a class split is reported by its probabilities, with plots, report and card', async () => {
  const manifest = manifestOf('ames');
  const result = classSplit();
  const report = reportSplit(result);
  expect(report.metrics.debiasedECE.value).toBeGreaterThanOrEqual(0);
  expect(report.intervalBins).toEqual([]);
  expect(report.bounds).toBeNull();
  // Three of ten similarities lie below the domain's.
  expect(report.domain.share).toMatchObject({ count: 84, rows: 120 });
  expect(report.distance.map(({ name, rows }) => [name, rows])).toEqual([
    ['below 0.30', 36],
    ['0.30 to 0.40', 12],
    ['0.40 to 0.50', 12],
    ['0.50 to 0.60', 12],
    ['0.60 to 0.70', 12],
    ['0.70 to 0.80', 12],
    ['0.80 and above', 24],
  ]);
  const positives = result.rows.actual.reduce((sum, label) => sum + label, 0);
  expect(report.overall.observed?.count).toBe(positives);

  const validation = validationOf(manifest, [report]);
  const plots = plotsOf(manifest, result, report);
  const out = join(temporaryFolder(), 'deep', 'out');
  await writeValidation(out, validation, plots);
  expect(readdirSync(out).sort()).toEqual(
    ['distance.svg', 'probabilities.svg', 'reliability.svg', 'report.md', 'validation.json'].sort(),
  );
  const text = readFileSync(join(out, 'report.md'), 'utf8');
  expect(text).toContain('- time: not possible; no dates.');
  // A pipe in a name does not break its table.
  expect(text).toContain('| A\\|1 | 10 |');
  const { weakSpots } = findingsOf(validation);
  expect(weakSpots.join('\n')).toMatch(/Predictions lie 0\.9 above the values of assay A\|1 \(10 compounds/);
  const card = modelCard(manifest, DATASET_RECIPES.ames, validation);
  expect(card).toContain('debiased ECE');
  expect(card).toContain('](validation/reliability.svg)');
  expect(card).toContain('- time: not possible: no dates');
  for (const spot of weakSpots) expect(card).toContain(`- ${spot}`);
});

const figure = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });

/** A regression report with figures that call for sentences. */
function valueReport(change: Partial<SplitReport> = {}): SplitReport {
  const slice = (name: string, rows: number, error: number, covered: number): Slice => ({
    name,
    rows,
    figures: { MAE: figure(error), bias: figure(0), Spearman: figure(0.5) },
    promised: 0.9,
    observed: shareOf(covered, rows),
  });
  return {
    split: 'fixed',
    heldOut: null,
    how: 'made up',
    counts: { training: 900, trainingBounds: 0, test: 200, testRejected: 0, leftOut: {} },
    metrics: { MAE: figure(0.5), bias: figure(0), Spearman: figure(0.7) },
    overall: slice('all', 200, 0.5, 180),
    domain: { share: shareOf(190, 200), slices: [slice('in the domain', 190, 0.5, 171)] },
    distance: [slice('below 0.30', 100, 0.8, 70), slice('0.80 and above', 100, 0.3, 100)],
    intervalBins: [],
    origin: [],
    series: [{ ...slice('c1ccccc1', 9, 0.5, 8), figures: { bias: figure(-0.6), Spearman: figure(0.1) } }],
    bounds: shareOf(30, 100),
    ...change,
  };
}

test('what the figures show is told in words, good and bad apart', () => {
  const manifest = manifestOf('ppb');
  const reports = [
    valueReport(),
    valueReport({ split: 'random', metrics: { MAE: figure(0.4) } }),
    valueReport({ split: 'source', heldOut: 'north', metrics: { MAE: figure(0.6) } }),
    valueReport({ split: 'source', heldOut: 'south', metrics: { MAE: figure(0.9) } }),
    valueReport({ split: 'next-week', metrics: { MAE: figure(0.7) } }),
  ];
  const { strengths, weakSpots } = findingsOf(validationOf(manifest, reports));
  expect(strengths).toEqual([
    'Mean error on test compounds 0.50 (0.45 to 0.55) log units, a factor of 3.2; rank correlation 0.70 (0.65 to 0.75).',
    expect.stringContaining('90 % intervals hold 90.0 %'),
  ]);
  const told = weakSpots.join('\n');
  expect(told).toContain('too narrow at similarity below 0.30 (100 compounds): they hold 70.0 %');
  expect(told).toContain('Worse far from training: MAE 0.80');
  expect(told).toContain('expect the figures of split next-week (MAE 0.70');
  expect(told).toContain('at worst MAE 0.90');
  expect(told).toContain('(source: south, 200 compounds)');
  expect(told).toContain('Series `c1ccccc1` (9): predicted too low, bias -0.60');
  expect(told).toContain('30.0 % (21.2 to 40.0) are predicted on the side of the bound');
});

test('intervals that hold too little or too much are told so', () => {
  const manifest = manifestOf('ppb');
  const { overall } = valueReport();
  const told = (covered: number) => {
    const report = valueReport({
      overall: { ...overall, observed: shareOf(covered, 200) },
      distance: [],
      bounds: null,
    });
    return findingsOf(validationOf(manifest, [report]));
  };
  expect(told(160).weakSpots[0]).toMatch(/hold 80\.0 % .*: too narrow\./);
  expect(told(199).strengths[1]).toMatch(/hold 99\.5 % .*: wider than they need be\./);
});

test('splits of an earlier validation stay only where it is of the same artifact and trainer', () => {
  const manifest = manifestOf('ppb');
  const refits = { trainerSourceHash: 'a', sameTrainer: true, seed: 1 };
  const earlier = {
    ...validationOf(manifest, [valueReport(), valueReport({ split: 'scaffold' })]),
    refits,
  };
  const later = {
    ...validationOf(manifest, [valueReport(), valueReport({ split: 'random' })]),
    refits,
    impossible: [],
  };
  const names = (validation: Validation) => validation.splits.map(({ split }) => split);
  const merged = mergeSplits(earlier, later);
  expect(names(merged)).toEqual(['fixed', 'random', 'scaffold']);
  expect(merged.impossible).toEqual(earlier.impossible);
  expect(mergeSplits(merged, later)).toEqual(merged);
  const otherTrainer = { ...later, refits: { ...refits, trainerSourceHash: 'b' } };
  expect(names(mergeSplits(earlier, otherTrainer))).toEqual(['fixed', 'random']);
  const otherArtifact = { ...later, model: { ...later.model, hash: 'b' } };
  expect(names(mergeSplits(earlier, otherArtifact))).toEqual(['fixed', 'random']);
});
