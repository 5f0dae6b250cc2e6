import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentRelease } from '../../src/core/release.ts';
import { listReleases } from '../../src/flows/release-list.ts';
import {
  appendRelease,
  readReleaseRecords,
  readReleaseState,
  repairReleaseState,
} from '../../src/store/release-records.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { decisionOf } from './release-fixtures.ts';

/** A workspace in which herg was released once. */
async function released(): Promise<Workspace> {
  const workspace = await openWorkspace(temporaryFolder());
  await appendRelease(workspace, decisionOf('released', '1'), null);
  return workspace;
}

const GONE = {
  code: 'ERR_RELEASE_CORRUPT',
  message: expect.stringContaining('releases.json names record 1, which is missing'),
};

test('with the whole folder of records gone nothing reads, repairs, lists, or begins a new chain', async () => {
  const workspace = await released();
  const state = readFileSync(join(workspace.path, 'releases.json'), 'utf8');
  rmSync(join(workspace.path, 'releases'), { recursive: true });
  await expect(readReleaseRecords(workspace, 'herg')).rejects.toMatchObject(GONE);
  await expect(repairReleaseState(workspace)).rejects.toMatchObject(GONE);
  await expect(listReleases(workspace.path)).rejects.toMatchObject(GONE);
  for (const outcome of ['released', 'refused'] as const) {
    await expect(appendRelease(workspace, decisionOf(outcome, '2'), null)).rejects.toMatchObject(GONE);
  }
  expect(existsSync(join(workspace.path, 'releases', 'herg', '1.json'))).toBe(false);
  expect(readFileSync(join(workspace.path, 'releases.json'), 'utf8')).toBe(state);
});

test('a decision compared with a release that has vanished is not recorded, though no state tells of it', async () => {
  const workspace = await released();
  const current = currentRelease(await readReleaseRecords(workspace, 'herg'));
  rmSync(join(workspace.path, 'releases'), { recursive: true });
  rmSync(join(workspace.path, 'releases.json'));
  await expect(appendRelease(workspace, decisionOf('released', '2'), current)).rejects.toMatchObject({
    code: 'ERR_RELEASE_CORRUPT',
    message: expect.stringContaining('has no record any more'),
  });
  expect(await readReleaseRecords(workspace, 'herg')).toEqual([]);
});

test('a decision made before the first release came in is told of it', async () => {
  const workspace = await released();
  await expect(appendRelease(workspace, decisionOf('released', '2'), null)).rejects.toMatchObject({
    code: 'ERR_RELEASE_CONFLICT',
  });
});

test('a state without endpoints is damaged, not empty', async () => {
  const workspace = await released();
  writeFileSync(join(workspace.path, 'releases.json'), '{"schema":"assayer.releases/1"}');
  await expect(readReleaseState(workspace)).rejects.toMatchObject({ code: 'ERR_RELEASE_CORRUPT' });
});
