import { AssayerError } from '../core/errors.ts';
import type { CurrentRelease, ReleaseState } from '../core/release.ts';
import { readReleaseState, repairReleaseState } from '../store/release-records.ts';
import type { Workspace } from '../store/workspace.ts';
import { listModels, type ModelEntry, readManifest } from './models.ts';

/**
 * What a workspace releases, by endpoint; brought up to the records first, since those decide.
 * @returns empty where nothing was released
 * @throws ERR_RELEASE_CORRUPT, ERR_OUTPUT_BUSY, ERR_WORKSPACE
 */
export async function currentReleases(workspace: Workspace): Promise<ReleaseState['endpoints']> {
  await repairReleaseState(workspace);
  return (await readReleaseState(workspace))?.endpoints ?? {};
}

/**
 * Puts the version that a workspace releases behind each name without one; other names stay as they are.
 * @param names `endpoint` or `endpoint@version`; empty for every endpoint of the folder
 * @throws ERR_MODEL_NOT_FOUND where a released artifact is not in the folder, ERR_MODEL_CORRUPT
 */
export async function releasedVersions(
  modelsFolder: string,
  names: readonly string[],
  releases: ReleaseState['endpoints'],
): Promise<string[]> {
  const entries = await listModels(modelsFolder);
  const wanted = names.length > 0 ? names : [...new Set(entries.map(({ endpoint }) => endpoint))];
  const versions: string[] = [];
  for (const name of wanted) {
    if (!Object.hasOwn(releases, name)) {
      versions.push(name);
      continue;
    }
    const ofEndpoint = entries.filter(({ endpoint }) => endpoint === name);
    const { version } = await releasedEntry(modelsFolder, ofEndpoint, name, releases[name]);
    versions.push(`${name}@${version}`);
  }
  return versions;
}

/** The artifact of a release by its identity, looked for under its version first: that may be another one by now. */
async function releasedEntry(
  folder: string,
  entries: readonly ModelEntry[],
  endpoint: string,
  release: CurrentRelease,
): Promise<ModelEntry> {
  const isNamed = ({ version }: ModelEntry) => version === release.version;
  const inOrder = [...entries.filter(isNamed), ...entries.filter((entry) => !isNamed(entry))];
  for (const entry of inOrder) if ((await readManifest(entry)).hash === release.artifact) return entry;
  throw new AssayerError('ERR_MODEL_NOT_FOUND', {
    model: `${endpoint}@${release.version} (artifact ${release.artifact.slice(0, 12)}), which this workspace releases,`,
    folder,
    known: entries.map(({ version }) => `${endpoint}@${version} of another artifact`).join(', ') || 'none',
  });
}
