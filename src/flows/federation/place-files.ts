import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleEntry } from '../../core/bundle.ts';
import { sha256File } from '../../core/hash.ts';
import { ARTIFACT_FILES, writeArtifactFolder } from '../../store/artifact-folder.ts';
import { systemCode, workspaceError } from '../../store/file-error.ts';
import { openOutput } from '../../store/output-file.ts';
import type { Workspace } from '../../store/workspace.ts';

/**
 * Puts what came with a bundle where people and commands find it:
 *
 *     <models>/<endpoint>/<version>/                         artifacts that came whole
 *     <workspace>/federation/artifacts/<endpoint>-<version>-<hash>/  manifest and card of the others
 *     <workspace>/federation/policies/<hash>.json            monitor policies whose time has come, to be adopted
 *     <workspace>/federation/release-policies/<hash>.json    for assayer release --policy
 *
 * @returns paths of what was not there yet
 * @throws ERR_OUTPUT_UNWRITABLE, ERR_OUTPUT_BUSY, ERR_CANCELLED, ERR_WORKSPACE
 */
export async function placeFiles(
  entries: readonly BundleEntry[],
  files: ReadonlyMap<string, Uint8Array>,
  { workspace, modelsFolder }: { readonly workspace: Workspace; readonly modelsFolder: string },
  signal?: AbortSignal,
): Promise<string[]> {
  const written: string[] = [];
  const federation = join(workspace.path, 'federation');
  const place = async (folder: string, name: string, content: Uint8Array, hash: string | null) => {
    const path = join(folder, name);
    if (hash !== null && (await hashOf(path)) === hash) return;
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw workspaceError(folder, cause);
    });
    await using output = await openOutput(path, signal);
    await output.write(content);
    await output.commit();
    written.push(path);
  };
  const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  const placeNew = async (folder: string, name: string, content: Uint8Array) => {
    if ((await hashOf(join(folder, name))) === null) await place(folder, name, content, null);
  };
  for (const entry of entries) {
    if (entry.kind === 'release-policy')
      await placeNew(join(federation, 'release-policies'), `${entry.hash}.json`, json(entry.body.policy));
    if (entry.kind === 'policy')
      await placeNew(join(federation, 'policies'), `${entry.hash}.json`, json(entry.body.policy));
    if (entry.kind !== 'artifact') continue;
    const { manifest, endpoint, version } = entry.body;
    const isWhole = entry.files.some(({ name }) => name === ARTIFACT_FILES.model);
    if (isWhole) {
      const folder = join(modelsFolder, endpoint, version);
      if ((await hashOf(join(folder, ARTIFACT_FILES.manifest))) !== null) continue;
      const contents = entry.files.map(({ name, sha256 }) => [name, files.get(sha256) as Uint8Array]);
      const all = { ...Object.fromEntries(contents), [ARTIFACT_FILES.manifest]: json(manifest) };
      await mkdir(join(modelsFolder, endpoint), { recursive: true }).catch((cause: unknown) => {
        throw workspaceError(folder, cause);
      });
      await writeArtifactFolder(folder, entry.hash, all, false);
      written.push(folder);
    } else {
      const folder = join(federation, 'artifacts', `${endpoint}-${version}-${entry.hash.slice(0, 12)}`);
      await placeNew(folder, ARTIFACT_FILES.manifest, json(manifest));
      for (const { name, sha256 } of entry.files)
        await place(folder, name, files.get(sha256) as Uint8Array, sha256);
    }
  }
  return written;
}

/** @returns null where there is no such file */
async function hashOf(path: string): Promise<string | null> {
  try {
    return await sha256File(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw workspaceError(path, cause);
  }
}
