import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { removeAtExit, removeNow } from './leftovers.ts';

/** What a written file turned out to be. */
export interface WrittenFile {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Where bytes go, in order. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** A new file that is hashed while it is written, and removed again unless it is kept. */
export class HashedFile implements ByteSink, AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #open = true;
  #kept = false;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /**
   * Creates the file; one that exists is refused, since in a shared folder it may be somebody's link to another file.
   * @throws a file system error as it came
   */
  static async create(path: string): Promise<HashedFile> {
    const handle = await open(path, 'wx');
    removeAtExit(path);
    return new HashedFile(path, handle);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.byteLength;
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done);
      done += bytesWritten;
    }
  }

  /** Puts everything on the disk and closes the file. It stays until `keep` or disposal. */
  async close(): Promise<WrittenFile> {
    await this.#handle.sync();
    this.#open = false;
    await this.#handle.close();
    return { sha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes };
  }

  /** The file has been renamed: there is nothing to remove. */
  keep(): void {
    this.#kept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) {
      this.#open = false;
      await this.#handle.close();
    }
    if (!this.#kept) await removeNow(this.path);
  }
}

/** Makes a rename in this folder survive a power cut. Not every file system lets a folder be synced; those are left. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync().catch((cause: unknown) => {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EINVAL')) throw cause;
    });
  } finally {
    await handle.close();
  }
}
