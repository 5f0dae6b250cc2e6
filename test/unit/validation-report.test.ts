import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { comparisonVersions } from '../../src/core/comparison-versions.ts';
import { modelCard } from '../../src/flows/card.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { findingsOf } from '../../src/flows/validation/findings.ts';
import { plotsOf } from '../../src/flows/validation/plots/plots.ts';
import { pooledBins } from '../../src/flows/validation/pooled-bins.ts';
import type { Slice, SplitReport, Validation } from '../../src/flows/validation/report-schema.ts';
import { reportText } from '../../src/flows/validation/report-text.ts';
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
  expect(strengths.join()).not.toContain('far from training');
  expect(told).toContain('Worse far from training: MAE 0.80');
  expect(told).toContain(
    'expect the figures of split next-week (MAE 0.70 (0.65 to 0.75), 90 % intervals hold 90.0 % (85.0 to 93.8)), not',
  );
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
  expect(told(199).weakSpots[0]).toMatch(/hold 99\.5 % .*: wider than they need be\./);
  // 86 % of 200 can be chance, and is still no strength.
  expect(told(172).weakSpots[0]).toMatch(/hold 86\.0 % \(80\.4 to 90\.5\) .*: fewer than promised/);
  expect(told(175).strengths[1]).toMatch(/hold 87\.5 % .* of the test values\.$/);
});

test('few compounds far from training, or intervals that overlap, are never told as a strength', () => {
  const near = valueReport().distance[1];
  const wide = { value: 0.7, low: 0.2, high: 1.2 };
  const far = { ...near, name: 'below 0.30', rows: 27, figures: { ...near.figures, MAE: wide } };
  const report = valueReport({ distance: [far, near] });
  const { strengths, weakSpots } = findingsOf(validationOf(manifestOf('ppb'), [report]));
  expect(strengths.join('\n')).not.toContain('far from training');
  expect(weakSpots.join('\n')).toContain(
    'do not tell whether it is worse far from training: MAE 0.70 (0.20 to 1.20) at similarity below 0.30 (27)',
  );
});

test('small neighbouring distance bins are held to their promise together', () => {
  const bin = (name: string, rows: number, covered: number): Slice => ({
    name,
    rows,
    figures: {},
    promised: 0.9,
    observed: shareOf(covered, rows),
  });
  // As PPB has them.
  const bins = [
    bin('below 0.30', 47, 36),
    bin('0.30 to 0.40', 11, 7),
    bin('0.40 to 0.50', 16, 14),
    bin('0.50 to 0.60', 65, 63),
    bin('0.60 to 0.70', 30, 27),
    bin('0.80 and above', 27, 26),
  ];
  expect(pooledBins(bins, 50)).toMatchObject([
    { name: 'below 0.40', rows: 58, promised: expect.closeTo(0.9, 12), observed: { count: 43, rows: 58 } },
    { name: '0.50 to 0.60', rows: 65, observed: { count: 63 } },
    { name: '0.60 and above', rows: 57, observed: { count: 53 } },
  ]);
  expect(pooledBins(bins.slice(1, 3), 20)).toMatchObject([{ name: '0.30 to 0.50', rows: 27 }]);
  expect(pooledBins([], 50)).toEqual([]);
  const { MAE } = valueReport().distance[0].figures;
  const distance = bins.map((one) => ({ ...one, figures: { MAE } }));
  const { weakSpots } = findingsOf(validationOf(manifestOf('ppb'), [valueReport({ distance })]));
  expect(weakSpots.join('\n')).toContain(
    'too narrow at similarity below 0.40 (58 compounds): they hold 74.1 %',
  );
});

test('a calibration error is told with its interval, and that this lies too high', () => {
  const told = (value: number, high: number) => {
    const report = { ...reportSplit(classSplit()), origin: [] };
    const metrics = { ...report.metrics, debiasedECE: { value, low: 0, high } };
    return findingsOf(validationOf(manifestOf('ames'), [{ ...report, metrics }]));
  };
  expect(told(0.01, 0.04).strengths[1]).toBe(
    'Probabilities can be read as frequencies: debiased calibration error 0.010 (0.000 to 0.040).',
  );
  expect(told(0.01, 0.065).strengths[1]).toMatch(
    /as far as the test compounds tell: .* 0\.010 \(0\.000 to 0\.065\); the interval lies too high/,
  );
  expect(told(0.08, 0.1).weakSpots[0]).toMatch(/are off as frequencies: .* 0\.080/);
  const report = reportSplit(classSplit());
  const manifest = manifestOf('ames');
  const validation = validationOf(manifest, [report]);
  expect(modelCard(manifest, DATASET_RECIPES.ames, validation)).toContain('debiased ECE lie too high');
  expect(reportText(validation, [])).toContain('debiased ECE lie too high');
});

test('no species is no line of a card', () => {
  expect(modelCard(manifestOf('solubility'), DATASET_RECIPES.solubility)).not.toContain('Species:');
  expect(modelCard(manifestOf('herg'), DATASET_RECIPES.herg)).toContain('Species: human.');
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
