import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import { inputError } from './file-error.ts';
import { removeAtExit, removeNow } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { LINE_LIMIT_BYTES } from './row-source.ts';
import { temporaryPath } from './workspace.ts';

const CHUNK_BYTES = 1 << 18;
/** How much of an input's start is looked at to tell its format. */
const HEAD_BYTES = 1 << 16;

/**
 * The bytes of one input. A file is read in place; standard input and pipes are first copied to a temporary file, since
 * an input is read more than once (format, hash, rows).
 */
export class InputBytes implements AsyncDisposable {
  /** The input as the user named it, for messages. */
  readonly path: string;
  readonly #file: string;
  readonly #spoolFolder: string;
  readonly #temporaries: string[] = [];
  readonly #stamp: string;
  #sha256: string | null;
  /** Size as given, before gunzip. */
  readonly sizeBytes: number;
  /** True when the bytes as given are gzip, whatever the name says. */
  readonly gzip: boolean;
  #reading: ReadStream | null = null;

  private constructor(
    path: string,
    file: string,
    spoolFolder: string,
    stats: Stamp,
    gzip: boolean,
    hash?: string,
  ) {
    this.path = path;
    this.#file = file;
    this.#spoolFolder = spoolFolder;
    this.#stamp = stampOf(stats);
    this.sizeBytes = Number(stats.size);
    this.gzip = gzip;
    this.#sha256 = hash ?? null;
    if (file !== path) this.#temporaries.push(file);
  }

  /**
   * @param path  a file, or '-' for `stdin`
   * @param spoolFolder  where temporary copies may lie; made when needed
   * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_CANCELLED
   */
  static async open(
    path: string,
    spoolFolder: string,
    stdin: Readable,
    signal?: AbortSignal,
  ): Promise<InputBytes> {
    try {
      const isFile = path !== '-' && (await stat(path)).isFile();
      if (!isFile && path !== '-' && (await stat(path)).isDirectory()) {
        throw new AssayerError('ERR_INPUT_UNREADABLE', { path, problem: 'it is a directory' });
      }
      if (isFile) return await InputBytes.#ofFile(path, path, spoolFolder, signal);
      const source = path === '-' ? stdin : createReadStream(path);
      const spooled = await spool(source, spoolFolder, 'stdin', signal, new FirstLine(path));
      return await InputBytes.#ofFile(path, spooled.path, spoolFolder, signal, spooled.sha256);
    } catch (cause) {
      throw inputError(path, cause);
    }
  }

  static async #ofFile(path: string, file: string, folder: string, signal?: AbortSignal, hash?: string) {
    const stats = await stat(file, { bigint: true });
    let start = Buffer.alloc(0);
    for await (const chunk of createReadStream(file, { end: 1, ...(signal && { signal }) })) {
      start = Buffer.concat([start, chunk as Buffer]);
    }
    return new InputBytes(path, file, folder, stats, start[0] === 0x1f && start[1] === 0x8b, hash);
  }

  /** Bytes as given that the latest reading has taken in. */
  get consumedBytes(): number {
    return this.#reading?.bytesRead ?? 0;
  }

  /** SHA-256 of the bytes as given, before gunzip. */
  async sha256(signal?: AbortSignal): Promise<string> {
    try {
      this.#sha256 ??= await sha256File(this.#file, signal);
      return this.#sha256;
    } catch (cause) {
      throw inputError(this.path, cause);
    }
  }

  /** Up to 64 KiB from the start, after gunzip. */
  async head(signal?: AbortSignal): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.chunks(signal)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= HEAD_BYTES) break;
    }
    return Buffer.concat(chunks).subarray(0, HEAD_BYTES);
  }

  /**
   * The bytes from the start, after gunzip; each chunk belongs to the caller.
   * @throws ERR_INPUT_CORRUPT (gzip), ERR_INPUT_UNREADABLE (also when the file has changed since it was opened), ERR_CANCELLED
   */
  async *chunks(signal?: AbortSignal): AsyncGenerator<Buffer> {
    const options = { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) };
    const file = createReadStream(this.#file, options);
    this.#reading = file;
    const gunzip = this.gzip ? createGunzip({ chunkSize: CHUNK_BYTES }) : null;
    const copied = gunzip && pipeline(file, gunzip).catch((cause: Error) => gunzip.destroy(cause));
    try {
      for await (const chunk of gunzip ?? file) yield chunk as Buffer;
      await copied;
      await this.requireUnchanged();
    } catch (cause) {
      throw inputError(this.path, cause);
    } finally {
      file.destroy();
      gunzip?.destroy();
    }
  }

  /**
   * For the end of a reading, by whatever way: rows of two states of a file belong to no input.
   * @throws ERR_INPUT_UNREADABLE when the file has changed since it was opened
   */
  async requireUnchanged(): Promise<void> {
    try {
      if (stampOf(await stat(this.#file, { bigint: true })) === this.#stamp) return;
    } catch (cause) {
      throw inputError(this.path, cause);
    }
    const problem = 'it changed while it was read';
    throw new AssayerError('ERR_INPUT_UNREADABLE', { path: this.path, problem });
  }

  /** A plain file with the bytes after gunzip, for readers that need to seek. It goes when this object is disposed. */
  async plainFile(signal?: AbortSignal): Promise<string> {
    if (!this.gzip) return this.#file;
    const { path } = await spool(
      Readable.from(this.chunks(signal)),
      this.#spoolFolder,
      'gunzip',
      signal,
    ).catch((cause: unknown) => {
      throw inputError(this.path, cause);
    });
    this.#temporaries.push(path);
    return path;
  }

  /** A fresh name for a temporary file that goes when this object is disposed. */
  async temporary(what: string): Promise<string> {
    await makeFolder(this.#spoolFolder);
    const path = temporaryPath(this.#spoolFolder, what);
    removeAtExit(path);
    this.#temporaries.push(path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#temporaries.splice(0)) await removeNow(path);
  }
}

interface Stamp {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}

function stampOf({ size, mtimeNs, ino }: Stamp): string {
  return `${size} ${mtimeNs} ${ino}`;
}

/** Stops a stream of one endless line before it fills the disk. Binary formats have no lines and are let through. */
class FirstLine {
  readonly #path: string;
  #start = Buffer.alloc(0);
  #isBounded = false;
  #length = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns ERR_INPUT_LINE_TOO_LONG once the first line is too long */
  check(chunk: Buffer): AssayerError | null {
    if (this.#isBounded) return null;
    if (this.#start.length < 8) this.#start = Buffer.concat([this.#start, chunk.subarray(0, 8)]);
    this.#length += chunk.length;
    const isBinary =
      this.#start.some((byte) => byte === 0x1f || byte === 0xff) ||
      /^(PAR1|ARROW1)/.test(this.#start.toString('latin1'));
    this.#isBounded = isBinary || chunk.includes(10);
    if (this.#isBounded || this.#length <= LINE_LIMIT_BYTES) return null;
    return new AssayerError('ERR_INPUT_LINE_TOO_LONG', {
      path: this.#path,
      line: 1,
      limitBytes: LINE_LIMIT_BYTES,
    });
  }
}

/** Copies a stream to a temporary file, hashing it; removes the file when that fails. */
async function spool(
  source: Readable,
  folder: string,
  what: string,
  signal?: AbortSignal,
  firstLine?: FirstLine,
) {
  await makeFolder(folder);
  const path = temporaryPath(folder, what);
  removeAtExit(path);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(firstLine?.check(chunk), chunk);
    },
  });
  try {
    await pipeline(source, hashing, createWriteStream(path, { flags: 'wx' }), { ...(signal && { signal }) });
  } catch (cause) {
    await removeNow(path);
    throw cause;
  }
  return { path, sha256: hash.digest('hex') };
}
