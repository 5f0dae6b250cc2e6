import { existsSync } from 'node:fs';
import { cp, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { outputError } from './file-error.ts';
import { makeFolder } from './make-folder.ts';
import { PROCESS_TAG } from './process-tag.ts';

/** What the files of an artifact are called. */
export const ARTIFACT_FILES = {
  manifest: 'manifest.json',
  model: 'model.onnx',
  reference: 'reference.arrow',
  card: 'card.md',
} as const;

/**
 * Puts an artifact's folder in place as a whole: what stood there before stays until the new one is complete, and a
 * crash leaves one of the two. Where the same artifact stands there, what else lies beside it stays.
 * @param hash     the artifact's identity
 * @param files    content by file name
 * @param replace  take the place of another artifact; without it only the same one may be written again
 * @throws ERR_OUTPUT_UNWRITABLE
 */
export async function writeArtifactFolder(
  folder: string,
  hash: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  replace: boolean,
): Promise<void> {
  const temporary = join(dirname(folder), `.partial-${PROCESS_TAG}`);
  const aside = join(dirname(folder), `.replaced-${PROCESS_TAG}`);
  try {
    const present = await presentHash(folder);
    if (present !== null && present !== hash && !replace) {
      const problem = `it holds another artifact (${present.slice(0, 12)}); ask for it to be replaced, or choose another version`;
      throw new AssayerError('ERR_OUTPUT_UNWRITABLE', { path: folder, problem });
    }
    await makeFolder(temporary);
    for (const [name, content] of Object.entries(files)) {
      await using handle = await open(join(temporary, name), 'w');
      await handle.writeFile(content);
      await handle.sync();
    }
    if (present === hash) await keepOthers(folder, temporary, files);
    if (present !== null) await rename(folder, aside);
    try {
      await rename(temporary, folder);
    } catch (cause) {
      if (present !== null) await rename(aside, folder);
      throw cause;
    }
  } catch (cause) {
    throw outputError(folder, cause);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(aside, { recursive: true, force: true });
  }
}

/** What stands beside the same artifact (its validation) stays. */
async function keepOthers(
  folder: string,
  temporary: string,
  files: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!Object.hasOwn(files, name)) await cp(join(folder, name), join(temporary, name), { recursive: true });
  }
}

/** The identity of the artifact in a folder; 'unknown' where something else stands there, null where nothing does. */
async function presentHash(folder: string): Promise<string | null> {
  if (!existsSync(folder)) return null;
  const text = await readFile(join(folder, ARTIFACT_FILES.manifest), 'utf8').catch(() => '');
  return /"hash": "([0-9a-f]{64})",?\n\s*"build"/.exec(text)?.[1] ?? 'unknown';
}
