import { expect, test } from 'vitest';
import { driftText } from '../../src/cli/drift-text.ts';
import { type DriftStream, STREAM_NAMES } from '../../src/core/drift.ts';
import { exampleReport, fullReport, manyModelsReport } from './drift-report-fixtures.ts';

const lines = (text: string) => text.split('\n');

test('the verdict in words is the first line, the command that gives the report again the last', () => {
  const report = exampleReport();
  const told = lines(driftText(report));
  expect(told[0]).toBe(report.inWords);
  expect(told[told.length - 1]).toBe(`again      ${report.command}`);
});

test('each stream has a line with its state: a forecast is none of the steady, and a refusal has its reason', () => {
  const told = lines(driftText(fullReport()));
  const row = (stream: DriftStream) => told.find((line) => line.startsWith(`${STREAM_NAMES[stream]} `));
  expect(row('chemistry')).toMatch(
    /^Chemistry +drift +0\.001 \(of 0\.00833\) +MMD2 \(Tanimoto\) 0\.0311 +0\.0214 +183 +43$/,
  );
  expect(row('performance')).toMatch(/ steady +0\.21 \(of /);
  expect(row('estimate')).toMatch(
    /^Expected performance +forecast +expected mean absolute error 0\.498 +2609 +37$/,
  );
  expect(row('labels')).toMatch(/ not evaluable \(not-measured\) /);
});

test('what moved is told with its measure on both sides, of streams that drift', () => {
  const report = fullReport();
  const told = driftText(report);
  expect(told).toContain(
    ': part of MMD2 0.00476, 3 compounds in the batch, 0 in the reference, like C[C@]12',
  );
  expect(told).toContain(
    '    NumAromaticRings: Kolmogorov-Smirnov distance 0.485, median 1 in the batch, 2 in the reference',
  );
  expect(told).toContain(', mean in standard deviations -0.815 in the batch, 0.192 in the reference');
  expect(told).not.toContain('compounds beyond the domain');
  const [verdict] = report.verdicts;
  const alone = { ...verdict, moved: [{ ...verdict.moved[0], batch: 1 }] };
  expect(driftText({ ...report, verdicts: [alone] })).toContain(
    ', 1 compound in the batch, 0 in the reference',
  );
  const unknown = { ...verdict, moved: [{ ...verdict.moved[0], reference: null }] };
  expect(driftText({ ...report, verdicts: [unknown] })).toContain(
    ', 3 compounds in the batch, not known in the reference',
  );
  const output = { ...verdict.moved[0], measure: 'median', reference: 0.949, batch: 0.87 } as const;
  const scaled = { ...verdict, moved: [{ ...output, unit: 'fraction bound' }] };
  expect(driftText({ ...report, verdicts: [scaled] })).toContain(
    ', median 0.87 in the batch, 0.949 in the reference fraction bound',
  );
});

test('every model is named with its hash', () => {
  const report = manyModelsReport();
  const told = lines(driftText(report)).filter((line) => line.startsWith('model '));
  expect(told).toHaveLength(16);
  expect(told[8]).toBe(`model      ames@2 (${report.models[8].hash.slice(0, 12)}), ${report.models[8].unit}`);
});

test('further figures of a stream stand under its sentence, with interval and n where they have them', () => {
  const report = fullReport();
  const [verdict] = report.verdicts;
  const figures = [
    { name: 'AUROC', value: 0.81234, low: 0.7, high: 0.9, unit: '', n: 120 },
    { name: 'root mean square error', value: 0.5, unit: 'log units', n: 37 },
  ];
  const told = lines(driftText({ ...report, verdicts: [{ ...verdict, figures }] }));
  expect(told).toContain('    AUROC 0.812 (0.7 to 0.9), n = 120');
  expect(told).toContain('    root mean square error 0.5 log units, n = 37');
});
