import { join } from 'node:path';
import { AssayerError } from '../../core/errors.ts';
import type { RegistryDraft } from '../../core/registry-records.ts';
import type { ReleaseRecord } from '../../core/release.ts';
import { appendUnknown, knownNames } from '../../registry/append-unknown.ts';
import type { Sql } from '../../registry/sql.ts';
import { readReleaseRecords, releasedEndpoints } from '../../store/release-records.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { IntakePlace, IntakeReport } from './intake.ts';
import { findManifests, modelDrafts, unknownArtifacts } from './model-drafts.ts';

/**
 * Records the releases of a workspace that the registry does not hold, each after the artifact that it names where that
 * is in the folder of models. A damaged chain of releases is told and keeps the other endpoints from nothing.
 */
export async function takeInReleases(
  place: IntakePlace,
  modelsFolder: string,
): Promise<Omit<IntakeReport, 'runs'>> {
  const { workspace, database, engine, team } = place;
  const { records, refused } = await readReleases(workspace);
  const unknown = await unknownReleases(database, records);
  if (unknown.length === 0) return { releases: 0, artifacts: 0, refused, notes: [] };
  const named = unknown.flatMap(({ artifact }) => artifact ?? []);
  const found = await findManifests(modelsFolder, await unknownArtifacts(database, named));
  const notes = new Set(found.notes);
  const conflicts = new Map<string, string>();
  const appended = await appendUnknown(database, engine.clock, async (sql) => {
    conflicts.clear();
    const drafts: RegistryDraft[] = [];
    const still = await unknownReleases(sql, unknown);
    const taken = await takenPlaces(sql, team);
    const fitting = still.filter((release) => {
      const other = taken.get(placeOf(release));
      if (other === undefined) return true;
      const reason = `the registry holds another record ${release.sequence} of ${release.endpoint} already (${other.slice(0, 12)}, not ${release.hash.slice(0, 12)}): it was rewritten, or comes from another workspace, which needs a team of its own`;
      conflicts.set(pathOf(workspace, release), reason);
      return false;
    });
    const variants = new Set(fitting.flatMap(({ policy }) => policy.content.definition.variants));
    const manifests = fitting.flatMap(({ artifact }) => found.manifests.get(artifact ?? '') ?? []);
    const models = await modelDrafts(sql, manifests, variants);
    for (const note of models.notes) notes.add(note);
    drafts.push(...models.drafts);
    for (const release of fitting) {
      drafts.push({ kind: 'release', subject: release.endpoint, team, body: { release } });
    }
    return drafts;
  });
  const count = (kind: RegistryDraft['kind']) => appended.filter((record) => record.kind === kind).length;
  const clashes = [...conflicts].map(([path, reason]) => ({ path, reason }));
  return {
    releases: count('release'),
    artifacts: count('artifact'),
    refused: [...refused, ...clashes],
    notes: [...notes],
  };
}

async function readReleases(workspace: Workspace) {
  const records: ReleaseRecord[] = [];
  const refused: { path: string; reason: string }[] = [];
  for (const endpoint of await releasedEndpoints(workspace)) {
    try {
      records.push(...(await readReleaseRecords(workspace, endpoint)));
    } catch (cause) {
      if (!(cause instanceof AssayerError && cause.code === 'ERR_RELEASE_CORRUPT')) throw cause;
      refused.push({ path: join(workspace.path, 'releases', endpoint), reason: cause.message });
    }
  }
  return { records, refused };
}

async function unknownReleases(sql: Sql, records: readonly ReleaseRecord[]): Promise<ReleaseRecord[]> {
  const known = await knownNames(
    sql,
    'releases',
    'hash',
    records.map(({ hash }) => hash),
  );
  return records.filter(({ hash }) => !known.has(hash));
}

/** Hash of the release that stands at each place of a team's chains. */
async function takenPlaces(sql: Sql, team: string | null): Promise<Map<string, string>> {
  const rows = await sql.query<{ endpoint: string; sequence: number; hash: string }>(
    'select endpoint, sequence, hash from assayer.releases where team is not distinct from $1',
    [team],
  );
  return new Map(rows.map((row) => [placeOf(row), row.hash]));
}

function placeOf({ endpoint, sequence }: { endpoint: string; sequence: number }): string {
  return `${endpoint}#${sequence}`;
}

function pathOf(workspace: Workspace, { endpoint, sequence }: ReleaseRecord): string {
  return join(workspace.path, 'releases', endpoint, `${sequence}.json`);
}
