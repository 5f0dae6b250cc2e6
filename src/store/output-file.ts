import { createHash, randomBytes } from 'node:crypto';
import { readdir, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import { outputError, systemCode, throwIfCancelled } from './file-error.ts';
import { type ByteSink, HashedFile, syncFolder, type WrittenFile } from './hashed-file.ts';
import { release, removeNow } from './leftovers.ts';
import { lockOutput } from './output-lock.ts';
import { PROCESS_TAG } from './process-tag.ts';

/** Where an output's bytes go until they are whole. */
export interface Output extends ByteSink, AsyncDisposable {
  /** Completes the output. `external` when another writer wrote a file's `partial`, so that it is hashed here. */
  commit(external?: boolean): Promise<WrittenFile>;
}

/** One output that appears under its final name as a whole or not at all. */
export interface OutputFile extends Output {
  /** Where the bytes lie until `commit`, for a writer that needs a path. */
  readonly partial: string;
}

/**
 * Opens an output for writing: lock `<path>.lock`, bytes in `.<name>.partial-<tag>-<random>` in the same folder, then fsync and
 * rename. Disposal without `commit` removes both.
 * @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function openOutput(path: string, signal?: AbortSignal): Promise<OutputFile> {
  throwIfCancelled(signal);
  try {
    const target = await targetOf(path);
    const lock = await lockOutput(target);
    try {
      const prefix = `.${basename(target)}.partial-`;
      await removeAbandoned(dirname(target), prefix);
      const partial = join(dirname(target), `${prefix}${PROCESS_TAG}-${randomBytes(4).toString('hex')}`);
      const file = await HashedFile.create(partial);
      return new AtomicOutput(path, target, file, lock, signal);
    } catch (cause) {
      await lock[Symbol.asyncDispose]();
      throw cause;
    }
  } catch (cause) {
    throw outputError(path, cause);
  }
}

/** Partial files of this output whose writers were killed; the lock is ours, so no living writer has one. */
async function removeAbandoned(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(prefix)) await removeNow(join(folder, name));
}

/** The file that a rename would replace: a link's target, never a folder or a device. */
async function targetOf(path: string): Promise<string> {
  const problem = (text: string) => new AssayerError('ERR_OUTPUT_UNWRITABLE', { path, problem: text });
  try {
    const target = await realpath(path);
    const stats = await stat(target);
    if (stats.isDirectory()) throw problem('it is a directory');
    if (!stats.isFile()) throw problem('it is not a plain file; use - for standard output');
    return target;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return resolve(path);
    throw cause;
  }
}

class AtomicOutput implements OutputFile {
  readonly #path: string;
  readonly #target: string;
  readonly #file: HashedFile;
  readonly #lock: AsyncDisposable;
  readonly #signal: AbortSignal | undefined;

  constructor(path: string, target: string, file: HashedFile, lock: AsyncDisposable, signal?: AbortSignal) {
    this.#path = path;
    this.#target = target;
    this.#file = file;
    this.#lock = lock;
    this.#signal = signal;
  }

  get partial(): string {
    return this.#file.path;
  }

  async write(bytes: Uint8Array): Promise<void> {
    throwIfCancelled(this.#signal);
    try {
      await this.#file.write(bytes);
    } catch (cause) {
      throw outputError(this.#path, cause);
    }
  }

  async commit(external = false): Promise<WrittenFile> {
    throwIfCancelled(this.#signal);
    try {
      const streamed = await this.#file.close();
      const written = external ? await this.#measure() : streamed;
      throwIfCancelled(this.#signal);
      await rename(this.partial, this.#target);
      this.#file.keep();
      release(this.partial);
      await syncFolder(dirname(this.#target));
      return written;
    } catch (cause) {
      throw outputError(this.#path, cause);
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  async #measure(): Promise<WrittenFile> {
    const { size } = await stat(this.partial);
    return { sha256: await sha256File(this.partial, this.#signal), sizeBytes: size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** Standard output as an output: nothing to rename, so what was written stays written. @throws ERR_OUTPUT_UNWRITABLE */
export class StreamOutput implements Output {
  readonly #stream: Writable;
  readonly #signal: AbortSignal | undefined;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #failure: Error | null = null;

  constructor(stream: Writable, signal?: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on('error', this.#onError);
  }

  readonly #onError = (cause: Error) => {
    this.#failure ??= cause;
  };

  async write(bytes: Uint8Array): Promise<void> {
    throwIfCancelled(this.#signal);
    await new Promise<void>((done, fail) => {
      if (this.#failure) fail(outputError('-', this.#failure));
      else this.#stream.write(bytes, (cause) => (cause ? fail(outputError('-', cause)) : done()));
    });
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.byteLength;
  }

  async commit(): Promise<WrittenFile> {
    throwIfCancelled(this.#signal);
    await this[Symbol.asyncDispose]();
    return { sha256: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.off('error', this.#onError);
  }
}
