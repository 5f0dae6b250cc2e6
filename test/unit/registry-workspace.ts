import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseRecord } from '../../src/core/release.ts';
import { releaseHash } from '../../src/core/release.ts';
import { type LineageRecord, leaveInOutbox } from '../../src/flows/lineage.ts';
import { openRegistry, type Registry, type RegistryOptions } from '../../src/flows/registry/open-registry.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { newFolder } from '../registry/databases.ts';
import { release } from '../registry/fixtures.ts';
import { engine, freshPath, inchikeyOf, runOf, writeResult } from './trace-compound-fixtures.ts';

export const modelsFolder: string = new URL('../../models', import.meta.url).pathname;

/** A workspace with an empty registry, copied since making one takes seconds. @returns its path */
export async function workspaceWithRegistry(): Promise<string> {
  const path = freshPath('workspace');
  await openWorkspace(path);
  cpSync(await newFolder(), join(path, 'registry'), { recursive: true });
  return path;
}

/** Opens it as commands do, with the shipped models. */
export function open(path: string, options: RegistryOptions = {}): Promise<Registry> {
  return openRegistry(engine, path, { caller: 'ada', modelsFolder, ...options });
}

const ROWS = [
  { id: 'aspirin', inchikey: inchikeyOf(1), value: 5 },
  { id: 'broken', inchikey: null, value: null },
];

/** A screen's result and record, left in the outbox as a screen leaves it. */
export async function leaveRun(
  path: string,
  change: Partial<LineageRecord> = {},
  rows: Parameters<typeof writeResult>[1] = ROWS,
): Promise<LineageRecord> {
  const output = await writeResult(freshPath('out.csv'), rows);
  const lineage = runOf(output, change);
  await leaveInOutbox(await openWorkspace(path), lineage);
  return lineage;
}

/** A release record as a gate would have written it, in the workspace's folder. */
export function leaveRelease(path: string, change: Partial<ReleaseRecord>): ReleaseRecord {
  const unsigned = { ...release, ...change };
  const record = { ...unsigned, hash: releaseHash(unsigned) };
  const folder = join(path, 'releases', record.endpoint);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${record.sequence}.json`), JSON.stringify(record));
  return record;
}
