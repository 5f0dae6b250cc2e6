import { expect, test } from 'vitest';
import { driftText } from '../../src/cli/drift-text.ts';
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
  const row = (stream: string) => told.find((line) => line.startsWith(`${stream} `));
  expect(row('chemistry')).toMatch(/^chemistry +drift +0\.001 +MMD2 \(Tanimoto\) 0\.0311 +0\.0214 +183 +43$/);
  expect(row('performance')).toMatch(/ steady +0\.21 /);
  expect(row('estimate')).toMatch(/^estimate +forecast +expected mean absolute error 0\.498 +2609 +37$/);
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
});

test('every model is named with its hash', () => {
  const report = manyModelsReport();
  const told = lines(driftText(report)).filter((line) => line.startsWith('model '));
  expect(told).toHaveLength(16);
  expect(told[8]).toBe(`model      ames@2 (${report.models[8].hash.slice(0, 12)}), ${report.models[8].unit}`);
});
