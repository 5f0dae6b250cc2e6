import { expect, test } from 'vitest';
import { summaryText } from '../../src/cli/screen.ts';
import type { ScreenSummary } from '../../src/flows/screen.ts';

const model = (endpoint: string, lowEvidence: boolean) => ({
  endpoint,
  version: '1',
  unit: 'u',
  lowEvidence,
});
const summary = {
  columnsChosen: 'smiles',
  lineage: {
    counts: { rows: 2, accepted: 1, rejected: 1 },
    work: { models: [model('herg', false), model('ppb', true)] },
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
