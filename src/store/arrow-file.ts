import { type RecordBatch, RecordBatchFileWriter, type Schema } from 'apache-arrow';
import type { ByteSink } from './hashed-file.ts';

/**
 * Writes an Arrow IPC file batch by batch. The library's writer queues all its output in memory until somebody reads
 * it; this one hands the bytes of each batch on, and holds none.
 */
class BatchBytes extends RecordBatchFileWriter {
  #chunks: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    if (!this._started || chunk.byteLength === 0) return this;
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this._position += chunk.byteLength;
    return this;
  }

  /** The bytes since the last call. */
  take(): Uint8Array {
    const chunks = this.#chunks;
    this.#chunks = [];
    return Buffer.concat(chunks);
  }
}

/** An Arrow IPC file being written; memory holds one batch. */
export interface ArrowFileWriter {
  write(batch: RecordBatch): Promise<void>;
  /** Writes the footer. The sink stays open. */
  end(): Promise<void>;
}

/** Starts an IPC file in a sink. The batches' schema must be `schema`. */
export async function startArrowFile(schema: Schema, sink: ByteSink): Promise<ArrowFileWriter> {
  const writer = new BatchBytes();
  writer.reset(undefined, schema);
  await sink.write(writer.take());
  return {
    async write(batch) {
      writer.write(batch);
      await sink.write(writer.take());
    },
    async end() {
      writer.finish();
      await sink.write(writer.take());
    },
  };
}
