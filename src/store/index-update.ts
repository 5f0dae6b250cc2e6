import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { outputError } from './file-error.ts';
import { syncFolder } from './hashed-file.ts';
import {
  type IndexFolder,
  type OpenIndexFolderOptions,
  openIndexFolder,
  readManifest,
} from './index-folder.ts';
import { encodeManifest, type IndexManifest, MANIFEST_NAME } from './index-manifest.ts';
import { release, removeAtExit } from './leftovers.ts';
import { lockOutput } from './output-lock.ts';
import { PROCESS_TAG } from './process-tag.ts';
import { temporaryPath } from './workspace.ts';

/** An index being made or changed by its one writer. Disposal without `commit` leaves the index as it was. */
export interface IndexUpdate extends AsyncDisposable {
  /** Where new files are written. */
  readonly folder: string;
  /** Puts the manifest in force; after it, files that it does not name are gone. @throws ERR_OUTPUT_UNWRITABLE */
  commit(manifest: IndexManifest): Promise<void>;
}

/**
 * Starts a new index. It is made beside its place, and takes its name when it is whole.
 * @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE
 */
export async function createIndex(path: string): Promise<IndexUpdate> {
  return await guard(path, async () => {
    const target = resolve(path);
    await using taken = new AsyncDisposableStack();
    taken.use(await lockOutput(target));
    if (await stat(target).catch(() => null)) {
      const problem = 'something of this name exists; append to it, or remove it first';
      throw new AssayerError('ERR_OUTPUT_UNWRITABLE', { path, problem });
    }
    const prefix = `.${basename(target)}.partial-`;
    for (const name of await readdir(dirname(target))) {
      // Their writers are dead, for the lock is ours.
      if (name.startsWith(prefix)) await rm(join(dirname(target), name), { recursive: true, force: true });
    }
    const folder = join(dirname(target), prefix + PROCESS_TAG);
    await mkdir(folder);
    taken.defer(() => rm(folder, { recursive: true, force: true }));
    const keep = taken.move();
    return {
      folder,
      commit: (manifest) =>
        guard(path, async () => {
          await replaceManifest(folder, manifest);
          await rename(folder, target);
          await syncFolder(dirname(target));
        }),
      [Symbol.asyncDispose]: () => keep.disposeAsync(),
    };
  });
}

/**
 * Opens an index to change it; nobody else can while this is not disposed.
 * @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, and what openIndexFolder throws
 */
export async function updateIndex(
  path: string,
  options: OpenIndexFolderOptions = {},
): Promise<IndexUpdate & { readonly index: IndexFolder }> {
  return await guard(path, async () => {
    const folder = resolve(path);
    await using taken = new AsyncDisposableStack();
    // Before the lock, so that nothing is left beside a path that is no index.
    await readManifest(path);
    taken.use(await lockOutput(folder));
    const index = taken.use(await openIndexFolder(path, options));
    await removeOthers(folder, index.manifest);
    taken.defer(async () => removeOthers(folder, await readManifest(path)));
    const keep = taken.move();
    return {
      folder,
      index,
      commit: (manifest) => guard(path, () => replaceManifest(folder, manifest)),
      [Symbol.asyncDispose]: () => keep.disposeAsync(),
    };
  });
}

/** Writes the manifest beside its place, and takes that over as the last step: before it, the old manifest holds. */
async function replaceManifest(folder: string, manifest: IndexManifest): Promise<void> {
  const temporary = temporaryPath(folder, 'partial');
  removeAtExit(temporary);
  {
    await using handle = await open(temporary, 'w');
    await handle.writeFile(encodeManifest(manifest));
    await handle.sync();
  }
  await syncFolder(folder);
  await rename(temporary, join(folder, MANIFEST_NAME));
  release(temporary);
  await syncFolder(folder);
}

/** Removes the files of an index that its manifest does not name: replaced ones, and those of a writer that was killed. */
async function removeOthers(folder: string, { segments }: IndexManifest): Promise<void> {
  const named = segments.flatMap(({ sha256, tombstones }) => [sha256, tombstones?.sha256]);
  const kept = new Set(named.map((hash) => `${hash}.arrow`));
  for (const name of await readdir(folder)) {
    const isOurs = /^([0-9a-f]{64}\.arrow|partial\..*)$/.test(name);
    if (isOurs && !kept.has(name)) await rm(join(folder, name), { force: true });
  }
}

async function guard<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw outputError(path, cause);
  }
}
