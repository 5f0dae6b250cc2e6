import { expect, test } from 'vitest';
import { summaryText } from '../../src/cli/screen.ts';
import type { ScreenSummary } from '../../src/flows/screen.ts';

const model = (endpoint: string, change: object = {}) => ({
  endpoint,
  version: '1',
  unit: 'u',
  lowEvidence: false,
  calibrated: true,
  released: null,
  ...change,
});
const summary = {
  columnsChosen: 'smiles',
  releasedInstead: [],
  lineage: {
    counts: { rows: 2, accepted: 1, rejected: 1 },
    work: { models: [model('herg'), model('ppb', { lowEvidence: true })] },
    featureSet: { reused: false, sha256: null },
    devices: { herg: 'cpu' },
    refusals: [
      { device: 'cuda', reason: 'there is no driver' },
      { device: 'webgpu', reason: 'there is no adapter' },
    ],
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:01Z',
    workHash: 'abc',
  },
} as unknown as ScreenSummary;

test('a device that was asked for and not used is told with its reason; others are no news', () => {
  expect(summaryText(summary, ['webgpu', 'cpu'])).toContain('not used   webgpu: there is no adapter');
  expect(summaryText(summary, ['webgpu', 'cpu'])).not.toContain('cuda');
  expect(summaryText(summary)).not.toContain('not used');
});

test('models of low evidence are named', () => {
  expect(summaryText(summary)).toMatch(/^weak +ppb: low evidence/m);
});

test('models without a calibration and models that are not released are named, others are no news', () => {
  expect(summaryText(summary)).not.toMatch(/uncalibrated|not released/);
  const models = [
    model('herg', { released: true }),
    model('ppb', { version: '2', calibrated: false, released: false }),
  ];
  const told = summaryText({
    ...summary,
    lineage: { ...summary.lineage, work: { ...summary.lineage.work, models } },
    releasedInstead: ['ppb@1'],
  } as unknown as ScreenSummary);
  expect(told).toMatch(/^uncalibrated {2}ppb: no intervals/m);
  expect(told).toMatch(/^not released {2}ppb@2; this workspace releases ppb@1$/m);
});
