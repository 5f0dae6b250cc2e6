import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_RELEASE_POLICY } from '../../src/core/release-policy.ts';
import { release } from '../../src/flows/release.ts';
import { evaluationOfTable } from '../../src/flows/release-table.ts';
import { temporaryFolder } from '../assayer.ts';
import { engine, exampleTables, goodModel, importIn, writeTable } from './import-fixtures.ts';
import { failedChecks, wordsOf } from './release-fixtures.ts';

/** Takes the imported model of a folder through the gate, judged on a table. */
function releaseOn(folder: string, path: string, waivers: readonly string[] = []) {
  const workspace = join(folder, 'ws');
  const request = {
    model: 'solubility@7',
    modelsFolder: join(folder, 'models'),
    workspace,
    policy: DEFAULT_RELEASE_POLICY,
    approver: 'Ada Example <ada@example.org>',
    waivers,
    dryRun: false,
  };
  return release(engine, request, (entry) => evaluationOfTable(engine, entry, { path, workspace }));
}

test('an imported model is judged on the table of its import, less the rows it was trained on', async () => {
  const folder = temporaryFolder();
  const tables = exampleTables(false);
  const calibration = writeTable(folder, 'calibration.csv', tables.calibration);
  const { manifest } = await importIn(folder, goodModel, { calibration });
  const path = join(folder, 'evaluation.csv');
  const judged = await releaseOn(folder, path);
  // The three rows of training compounds at the end are no part of it, and the hash is that of the import.
  expect(judged.decision.evaluation).toMatchObject({
    hash: manifest.evaluation.hash,
    rows: manifest.evaluation.rows,
    source: expect.stringMatching(/without [1-9]\d* rows of training compounds$/),
  });
  const { checks } = judged.decision;
  const passed = checks.filter(({ outcome }) => outcome === 'passed').map(({ check }) => check);
  expect(passed).toEqual(expect.arrayContaining(['integrity', 'contract', 'definition', 'leakage', 'card']));
  // Only who trained it could predict its training compounds unseen: somebody has to answer for its labels.
  expect(failedChecks(judged)).toContain('labels');
  expect(wordsOf(judged, 'labels')).toMatch(/^Nothing tells whether the training labels/);

  const waivers = failedChecks(judged).map((check) => `${check}=a made-up model that serves as an example`);
  const waived = await releaseOn(folder, path, waivers);
  expect(waived.record).toMatchObject({ outcome: 'released', sequence: 2, version: '7' });

  const other = writeTable(folder, 'other.csv', tables.evaluation.slice(0, 60));
  expect(wordsOf(await releaseOn(folder, other), 'integrity')).toMatch(/are of other rows/);
});
