import type { FileHandle } from 'node:fs/promises';
import { Message } from 'apache-arrow';
import { BUFFERS, type TextColumnName } from './index-segment-layout.ts';

/** Magic and padding before the first message of an IPC file. */
const FILE_PROLOGUE_BYTES = 8;

/** Where one record batch lies: its rows, and the position in the file of each buffer of its body. */
interface BatchPlace {
  readonly firstRow: number;
  readonly rows: number;
  readonly buffers: readonly number[];
}

/** Texts of consecutive rows: row i is bytes[offsets[i] - offsets[0] .. offsets[i + 1] - offsets[0]]. */
export interface TextSlice {
  readonly bytes: Buffer;
  readonly offsets: Int32Array;
}

/**
 * A segment whose bytes were checked; any rows of any column are read straight from their place in the file.
 * Layout: index-segment-layout.ts. Rows asked for at once must lie in one record batch (`cut`).
 */
export class SegmentFile {
  readonly rows: number;
  readonly #handle: FileHandle;
  readonly #rowBytes: number;
  readonly #batches: readonly BatchPlace[];

  private constructor(handle: FileHandle, rowBytes: number, batches: readonly BatchPlace[]) {
    this.#handle = handle;
    this.#rowBytes = rowBytes;
    this.#batches = batches;
    this.rows = batches.reduce((rows, batch) => rows + batch.rows, 0);
  }

  /** @param handle  of the file, which must have been checked against its hash; it stays the caller's to close */
  static async open(handle: FileHandle, rowBytes: number): Promise<SegmentFile> {
    return new SegmentFile(handle, rowBytes, await findBatches(handle));
  }

  /** Rows from `first` on that lie in one record batch, at most `count`. */
  cut(first: number, count: number): number {
    const batch = this.#batchOf(first);
    return Math.min(count, batch.firstRow + batch.rows - first);
  }

  /** Set bits of every row, ascending. */
  async popcounts(): Promise<Uint16Array> {
    const popcounts = new Uint16Array(this.rows);
    for (const { firstRow, rows, buffers } of this.#batches) {
      await this.#read(popcounts.subarray(firstRow, firstRow + rows), buffers[BUFFERS.popcount]);
    }
    return popcounts;
  }

  /** Reads fingerprints into `target` from byte `at` on. */
  async fingerprints(first: number, count: number, target: Uint8Array, at: number): Promise<void> {
    const { firstRow, buffers } = this.#batchOf(first);
    const position = buffers[BUFFERS.fingerprint] + (first - firstRow) * this.#rowBytes;
    await this.#read(target.subarray(at, at + count * this.#rowBytes), position);
  }

  async texts(column: TextColumnName, first: number, count: number): Promise<TextSlice> {
    const { firstRow, buffers } = this.#batchOf(first);
    const offsets = new Int32Array(count + 1);
    await this.#read(offsets, buffers[BUFFERS[column].offsets] + (first - firstRow) * 4);
    const bytes = Buffer.allocUnsafe(offsets[count] - offsets[0]);
    await this.#read(bytes, buffers[BUFFERS[column].data] + offsets[0]);
    return { bytes, offsets };
  }

  /** Bytes of all texts of a column. */
  async textBytes(column: TextColumnName): Promise<number> {
    let total = 0;
    for (const { rows, buffers } of this.#batches) {
      const last = new Int32Array(1);
      await this.#read(last, buffers[BUFFERS[column].offsets] + rows * 4);
      total += last[0];
    }
    return total;
  }

  #batchOf(row: number): BatchPlace {
    const batch = this.#batches.findLast(({ firstRow }) => firstRow <= row);
    if (batch === undefined || row >= this.rows) throw new RangeError(`no row ${row} among ${this.rows}`);
    return batch;
  }

  async #read(target: Uint8Array | Uint16Array | Int32Array, position: number): Promise<void> {
    await readFully(
      this.#handle,
      new Uint8Array(target.buffer, target.byteOffset, target.byteLength),
      position,
    );
  }
}

/** Fills `target` from the file. @throws Error where the file is too short */
async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error('the file ends too early');
    done += bytesRead;
  }
}

/** @source Arrow columnar format 1.5, "Encapsulated message format" */
async function findBatches(handle: FileHandle): Promise<BatchPlace[]> {
  const batches: BatchPlace[] = [];
  const prefix = Buffer.alloc(8);
  let firstRow = 0;
  for (let position = FILE_PROLOGUE_BYTES; ; ) {
    await readFully(handle, prefix, position);
    const length = prefix.readInt32LE(4);
    if (length === 0) return batches;
    const metadata = Buffer.alloc(length);
    await readFully(handle, metadata, position + 8);
    const message = Message.decode(metadata);
    const body = position + 8 + length;
    if (message.isRecordBatch()) {
      const header = message.header();
      const buffers = header.buffers.map(({ offset }) => body + offset);
      batches.push({ firstRow, rows: header.length, buffers });
      firstRow += header.length;
    }
    position = body + message.bodyLength;
  }
}
