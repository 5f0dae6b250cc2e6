import { rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import { workspaceError } from './file-error.ts';
import { type ByteSink, HashedFile, syncFolder, type WrittenFile } from './hashed-file.ts';
import { release } from './leftovers.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/** An immutable file named by its own SHA-256. */
export interface Blob extends WrittenFile {
  readonly path: string;
}

/** A blob being written. Disposal without `commit` leaves nothing. */
export interface BlobWriter extends ByteSink, AsyncDisposable {
  /** Puts the file at `<folder>/<sha256>.<extension>`; where that exists, the bytes are the same and it stays. */
  commit(): Promise<Blob>;
}

/**
 * Starts a blob. The bytes lie in the workspace's `tmp` until `commit`.
 * @param folder folder of the workspace that it ends in
 * @throws ERR_WORKSPACE
 */
export async function createBlobWriter(
  workspace: Workspace,
  folder: string,
  extension: string,
): Promise<BlobWriter> {
  const temporary = temporaryPath(workspace.tmp, 'blob');
  const fail = (cause: unknown) => workspaceError(workspace.path, cause);
  const file = await HashedFile.create(temporary).catch((cause: unknown) => {
    throw fail(cause);
  });
  return {
    write: (bytes) =>
      file.write(bytes).catch((cause: unknown) => {
        throw fail(cause);
      }),
    async commit() {
      try {
        const written = await file.close();
        const path = join(folder, `${written.sha256}.${extension}`);
        await rename(temporary, path);
        file.keep();
        release(temporary);
        await syncFolder(dirname(path));
        return { ...written, path };
      } catch (cause) {
        throw fail(cause);
      } finally {
        await file[Symbol.asyncDispose]();
      }
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Reads the whole file once to check it against its hash. @returns its size @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE */
export async function verifyBlob(path: string, expected: string, signal?: AbortSignal): Promise<number> {
  try {
    const actual = await sha256File(path, signal);
    if (actual !== expected) throw new AssayerError('ERR_BLOB_CORRUPT', { path, expected, actual });
    return (await stat(path)).size;
  } catch (cause) {
    throw workspaceError(path, cause);
  }
}
