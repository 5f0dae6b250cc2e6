import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { identity } from '../core/hash.ts';
import type { LineageRecord, WorkRecord } from '../core/lineage.ts';
import { outputError } from '../store/file-error.ts';
import { PROCESS_TAG } from '../store/process-tag.ts';
import type { Workspace } from '../store/workspace.ts';

export type { LineageRecord, OutputRecord, WorkRecord } from '../core/lineage.ts';

export function workHash(work: WorkRecord): string {
  return identity(work);
}

/**
 * Writes a record as readable JSON under a temporary name, then renames it.
 * @throws ERR_OUTPUT_UNWRITABLE
 */
export async function writeRecord(path: string, record: LineageRecord): Promise<void> {
  const temporary = `${path}.partial-${PROCESS_TAG}`;
  try {
    await using handle = await open(temporary, 'w');
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw outputError(path, cause);
  }
}

/** Leaves a record where the registry takes it in when it next opens. */
export async function leaveInOutbox(workspace: Workspace, record: LineageRecord): Promise<void> {
  await writeRecord(join(workspace.outbox, `${record.run}.json`), record);
}
