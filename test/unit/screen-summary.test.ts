import { expect, test } from 'vitest';
import { frozenWarning, summaryText } from '../../src/cli/screen.ts';
import { stateText } from '../../src/core/monitoring-state.ts';
import type { ScreenSummary } from '../../src/flows/screen.ts';
import { STATES } from './monitoring-fixtures.ts';

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

test('what is in force for a model is told, and warned of where it is a freeze', () => {
  const { refused, marked, outside, widened } = STATES;
  const told = (...models: object[]) => ({
    text: summaryText({
      ...summary,
      lineage: { ...summary.lineage, work: { ...summary.lineage.work, models } },
    } as unknown as ScreenSummary),
    warning: frozenWarning(models as unknown as Parameters<typeof frozenWarning>[0]),
  });
  expect(told(model('herg'))).toEqual({ text: expect.not.stringMatching(/^state/m), warning: null });
  const steady = told(model('herg', { states: [widened] }), model('ppb'));
  expect(steady.text).toContain(`\nstate      herg@1: ${stateText([widened])}\n`);
  expect(steady.warning).toBe(null);
  const frozen = told(
    model('herg', { states: [refused, outside] }),
    model('ppb', { states: [outside] }),
    model('ames', { states: [marked] }),
  );
  expect(frozen.text.match(/^state {6}/gm)).toHaveLength(3);
  expect(frozen.warning).toBe(
    'herg@1 is frozen and refuses to answer, so its columns are empty (herg_state says why); ppb@1 is frozen and gives no value outside its domain (ppb_state says why); ames@1 is frozen and answers with a mark (ames_state says why).',
  );
});
