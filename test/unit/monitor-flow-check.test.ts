import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identity } from '../../src/core/hash.ts';
import { readManifest, selectModels } from '../../src/flows/models.ts';
import { act } from '../../src/flows/monitor/act.ts';
import { checkMonitor } from '../../src/flows/monitor/monitor-check.ts';
import { addMonitor, recordedMonitor } from '../../src/flows/monitor/monitors.ts';
import { openRegistry } from '../../src/flows/registry/open-registry.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { TestClock } from '../registry/fixtures.ts';
import { EFFECTIVE, policyDraft, quickPolicy } from './monitor-flow-fixtures.ts';
import { leaveRelease, modelsFolder, workspaceWithRegistry } from './registry-workspace.ts';
import { engine } from './trace-compound-fixtures.ts';

const compounds = new URL('../../examples/compounds.csv', import.meta.url).pathname;

test('a check is evidence, then a decision; a crash in between, an edit and a new release are noticed', async () => {
  const path = await workspaceWithRegistry();
  const clock = new TestClock();
  const [entry] = await selectModels(modelsFolder, ['ppb@1']);
  const { hash: artifact, contractHash: contract } = await readManifest(entry);
  const change = { endpoint: 'ppb', version: '1', artifact, contract } as const;
  await using registry = await openRegistry({ ...engine, clock }, path, { modelsFolder });
  const add = () =>
    addMonitor(registry, {
      endpoint: 'ppb',
      policy: 'quick',
      everyDays: 7,
      cluster: 'scaffold',
      modelsFolder,
    });
  await registry.append([policyDraft(quickPolicy({ checks: { permutations: 99 }, tell: [] }))]);
  await expect(add()).rejects.toMatchObject({ code: 'ERR_MONITOR', message: /assayer release ppb/ });
  leaveRelease(path, change);
  await using opened = await openRegistry({ ...engine, clock }, path, { modelsFolder });
  expect(opened.intake.releases).toBe(1);
  expect([(await add()).isNew, (await add()).isNew]).toEqual([true, false]);

  const [head, ...rows] = readFileSync(compounds, 'utf8').trim().split('\n');
  const batch = join(path, 'batch.csv');
  writeFileSync(batch, [head, ...rows.slice(0, 40)].join('\n'));
  const labels = join(path, 'labels.csv');
  const values = rows.slice(0, 30).map((row) => `${row.split(',')[0]},0.5,2026-11-10,2026-11-12`);
  writeFileSync(labels, ['id,value,submitted,measured', ...values].join('\n'));
  const request = { monitor: 'ppb', batch, modelsFolder };
  await expect(checkMonitor(registry, request)).rejects.toMatchObject({
    code: 'ERR_MONITOR',
    message: expect.stringContaining(`takes effect at ${EFFECTIVE}`),
  });
  clock.advance(120_000);

  const dies = (step: string) => {
    if (step === 'evidence-recorded') throw new Error('killed');
  };
  await expect(checkMonitor(registry, { ...request, labels }, { onStep: dies })).rejects.toThrow('killed');
  expect(await recordsOf(registry.database, 'decision')).toEqual([]);
  clock.advance();
  expect((await act(registry, null)).decisions.map(({ judged }) => judged.kind)).toEqual(['evidence']);

  const { history, runs } = await recordedMonitor(registry.database, 'ppb');
  const [first] = history.evidence;
  const [run] = await recordsOf(registry.database, 'run', runs.get(first.id));
  expect(run.body.inputs.map(({ role }) => role)).toEqual([
    'input',
    'reference',
    'contract',
    'artifact',
    'labels',
  ]);
  const report = JSON.parse(readFileSync(join(path, 'reports', `${first.report}.json`), 'utf8'));
  expect(identity(report)).toBe(first.report);
  expect(report.figures.performance.risk.arrived).not.toHaveLength(0);

  // The same compounds and labels once more are no news to the sequential tests.
  clock.advance();
  const again = await checkMonitor(registry, { ...request, labels });
  expect(again.labels).toMatchObject({ labels: 0, submissions: 0 });
  // Diclofenac is there twice, once as its salt.
  expect(again.known).toEqual({ labelled: 29, waiting: 0 });
  expect(again.evidence.sequential).toEqual(first.sequential);
  expect(again.evidence.loss?.logWealth).toBe(first.loss?.logWealth);
  expect(again.evidence.report).toBe(first.report);

  leaveRelease(path, { ...change, sequence: 2, previous: first.release });
  await using later = await openRegistry({ ...engine, clock }, path, { modelsFolder });
  clock.advance();
  const followed = await checkMonitor(later, request);
  expect(followed.evidence.release).not.toBe(first.release);
  expect(followed.watched.monitor.versions).toHaveLength(2);

  const [name] = readdirSync(join(path, 'observations'));
  writeFileSync(join(path, 'observations', name), '{}');
  clock.advance();
  const edited = checkMonitor(registry, request);
  await expect(edited).rejects.toMatchObject({ code: 'ERR_BLOB_CORRUPT' });
}, 240_000);
