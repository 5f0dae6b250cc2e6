import { AssayerError } from '../core/errors.ts';
import type { ReleaseRecord } from '../core/release.ts';
import { readReleaseRecords, releasedEndpoints } from '../store/release-records.ts';
import { openWorkspace } from '../store/workspace.ts';

/**
 * Every release record of a workspace, by endpoint in their order, after checking each chain.
 * @throws ERR_RELEASE_CORRUPT, ERR_WORKSPACE
 */
export async function listReleases(workspacePath: string): Promise<ReleaseRecord[]> {
  const workspace = await openWorkspace(workspacePath);
  const endpoints = await releasedEndpoints(workspace);
  const chains = await Promise.all(endpoints.map((endpoint) => readReleaseRecords(workspace, endpoint)));
  return chains.flat();
}

/**
 * One record.
 * @param name `endpoint` (its last record) or `endpoint#sequence`
 * @throws ERR_RELEASE_NOT_FOUND, ERR_RELEASE_CORRUPT, ERR_WORKSPACE
 */
export async function findRelease(workspacePath: string, name: string): Promise<ReleaseRecord> {
  const [endpoint, sequence] = name.split('#');
  const records = await listReleases(workspacePath);
  const found = records.findLast(
    (record) =>
      record.endpoint === endpoint && (sequence === undefined || String(record.sequence) === sequence),
  );
  if (found) return found;
  const known = records.map((record) => `${record.endpoint}#${record.sequence}`).join(', ') || 'none';
  throw new AssayerError('ERR_RELEASE_NOT_FOUND', { record: name, workspace: workspacePath, known });
}
