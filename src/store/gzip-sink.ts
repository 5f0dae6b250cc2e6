import { createGzip, type Gzip } from 'node:zlib';
import type { ByteSink } from './hashed-file.ts';

/** Byte of the gzip header that names the operating system; 255 is "unknown", so the bytes are equal on all. */
const OS_BYTE = 9;

/** Compresses what is written into another sink. Equal input gives equal bytes: no time, name or system in the header. */
export class GzipSink implements ByteSink, Disposable {
  readonly #target: ByteSink;
  readonly #gzip: Gzip = createGzip({ chunkSize: 1 << 16 });
  readonly #chunks: Buffer[] = [];
  #isStart = true;

  constructor(target: ByteSink) {
    this.#target = target;
    this.#gzip.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((done, fail) =>
      this.#gzip.write(bytes, (cause) => (cause ? fail(cause) : done())),
    );
    await this.#drain();
  }

  /** Writes what is still inside. */
  async end(): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#gzip.once('end', done).once('error', fail);
      this.#gzip.end();
    });
    await this.#drain();
  }

  async #drain(): Promise<void> {
    for (const chunk of this.#chunks.splice(0)) {
      if (this.#isStart) chunk[OS_BYTE] = 255;
      this.#isStart = false;
      await this.#target.write(chunk);
    }
  }

  [Symbol.dispose](): void {
    this.#gzip.destroy();
  }
}
