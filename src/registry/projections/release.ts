import type { RegistryRecord } from '../../core/registry-records.ts';
import { releaseHash } from '../../core/release.ts';
import { requireHash } from '../require-hash.ts';
import { insertNew } from '../require-known.ts';
import type { Sql } from '../sql.ts';

/**
 * Releases come from the gate with every check of it, and stand whether or not the artifact's own record does: the gate had
 * its files, and a folder of models that has gone since must not hide what was released.
 * @throws ERR_REGISTRY_HASH, ERR_REGISTRY_DUPLICATE
 */
export async function projectReleases(
  sql: Sql,
  records: readonly RegistryRecord<'release'>[],
): Promise<void> {
  const releases = records.map(({ body }) => body.release);
  for (const release of releases) requireHash('release', release.hash, releaseHash(release));
  await insertNew(sql, 'release', 'releases', {
    hash: ['text', releases.map(({ hash }) => hash)],
    endpoint: ['text', releases.map(({ endpoint }) => endpoint)],
    sequence: ['bigint', releases.map(({ sequence }) => sequence)],
    version: ['text', releases.map(({ version }) => version)],
    outcome: ['text', releases.map(({ outcome }) => outcome)],
    artifact: ['text', releases.map(({ artifact }) => artifact)],
    team: ['text', records.map(({ team }) => team)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
