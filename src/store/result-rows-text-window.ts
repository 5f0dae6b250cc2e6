import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { inputError } from './file-error.ts';

const CHUNK_BYTES = 1 << 18;

/** As the writer of tables names gzipped ones. */
function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

/** The bytes of a text from its start, unpacked. @throws ERR_INPUT_CORRUPT (gzip), ERR_INPUT_UNREADABLE, ERR_CANCELLED */
export async function* textChunks(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES, ...(signal && { signal }) });
  try {
    // The error of either stream comes out of the loop below.
    if (isGzip(path)) yield* pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
    else yield* file;
  } catch (cause) {
    throw inputError(path, cause);
  } finally {
    file.destroy();
  }
}

/** Opens a text to read at places, which must ascend. @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE */
export async function openTextWindow(path: string, signal?: AbortSignal): Promise<TextWindow> {
  return isGzip(path) ? new UnpackedWindow(path, signal) : await PlainWindow.open(path);
}

/** Bytes of a text from a place on. */
export interface TextWindow extends AsyncDisposable {
  /** At least `sizeBytes` of them, fewer only where the text ends with them (`final`). */
  from(place: number, sizeBytes: number): Promise<{ readonly bytes: Buffer; readonly final: boolean }>;
}

class PlainWindow implements TextWindow {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  static async open(path: string): Promise<PlainWindow> {
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw inputError(path, cause);
    });
    return new PlainWindow(path, handle);
  }

  async from(place: number, sizeBytes: number) {
    const bytes = Buffer.allocUnsafe(sizeBytes);
    let done = 0;
    while (done < sizeBytes) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, sizeBytes - done, place + done)
        .catch((cause: unknown) => {
          throw inputError(this.#path, cause);
        });
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return { bytes: bytes.subarray(0, done), final: done < sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** Goes forward only. */
class UnpackedWindow implements TextWindow {
  readonly #chunks: AsyncGenerator<Buffer>;
  #bytes: Buffer = Buffer.alloc(0);
  /** Place of the first of the bytes. */
  #base = 0;
  #ended = false;

  constructor(path: string, signal?: AbortSignal) {
    this.#chunks = textChunks(path, signal);
  }

  async from(place: number, sizeBytes: number) {
    this.#drop(place);
    while (!this.#ended && this.#base + this.#bytes.length < place + sizeBytes) {
      const { done, value } = await this.#chunks.next();
      if (done) this.#ended = true;
      else this.#bytes = this.#bytes.length ? Buffer.concat([this.#bytes, value]) : value;
      this.#drop(place);
    }
    return { bytes: this.#bytes, final: this.#ended };
  }

  #drop(place: number): void {
    const passed = Math.min(place - this.#base, this.#bytes.length);
    this.#bytes = this.#bytes.subarray(passed);
    this.#base += passed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return(undefined);
  }
}
