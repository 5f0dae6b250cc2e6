import { type FileHandle, open } from 'node:fs/promises';
import { zstdDecompressSync } from 'node:zlib';
import {
  CompressionType,
  compressionRegistry,
  type RecordBatch,
  RecordBatchReader,
  type Vector,
} from 'apache-arrow';
import { AssayerError, describeCause } from '../core/errors.ts';
import { outlineArrow, UNPACKED_LIMIT_BYTES } from './arrow-walk.ts';
import { inputError, throwIfCancelled } from './file-error.ts';
import type { InputBytes } from './input-bytes.ts';
import { decodeLz4Frame } from './lz4-frame.ts';
import { boundedCell, type RowSource, requireFewColumns } from './row-source.ts';

compressionRegistry.set(CompressionType.ZSTD, {
  decode(data) {
    const length = unpackedLength(data);
    const unpacked = zstdDecompressSync(data, { maxOutputLength: Math.max(length, 1) });
    if (unpacked.length !== length)
      throw new Error(`a buffer of ${length} bytes unpacks to ${unpacked.length}`);
    return unpacked;
  },
});
compressionRegistry.set(CompressionType.LZ4_FRAME, {
  decode: (data) => decodeLz4Frame(data, unpackedLength(data)),
});

/**
 * What a compressed buffer says that it unpacks to. The library hands over a view that begins after this length:
 *
 *     length int64 | compressed bytes
 *
 * @throws RangeError over UNPACKED_LIMIT_BYTES
 * @source Arrow columnar format 1.5, "Compression"
 */
function unpackedLength(data: Uint8Array): number {
  const length = Number(new DataView(data.buffer, data.byteOffset - 8, 8).getBigInt64(0, true));
  if (length >= 0 && length <= UNPACKED_LIMIT_BYTES) return length;
  throw new RangeError(`a buffer unpacks to ${length} bytes, and ${UNPACKED_LIMIT_BYTES} is the most`);
}

/**
 * An Arrow IPC file or stream as rows, batch by batch, so memory holds the largest record batch; null is ''.
 * Compressed buffers (ZSTD, LZ4) are read. Cells over CELL_LIMIT_BYTES are cut.
 * @throws ERR_INPUT_CORRUPT, ERR_INPUT_FORMAT (too many columns), ERR_INPUT_UNREADABLE (it changed), ERR_CANCELLED
 */
export async function openArrowRows(bytes: InputBytes, signal?: AbortSignal): Promise<RowSource> {
  const file = await bytes.plainFile(signal);
  const { path } = bytes;
  const guard = (cause: unknown) =>
    cause instanceof AssayerError
      ? cause
      : new AssayerError(
          'ERR_INPUT_CORRUPT',
          { path, problem: `as Arrow: ${describeCause(cause)}` },
          { cause },
        );
  let columns: string[];
  let rowCount: number;
  try {
    await using handle = await openHandle(file, path);
    await requireWhole(handle, path);
    const outline = await outlineArrow(handle);
    rowCount = outline.rowCount;
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    columns = reader.schema.fields.map((field) => field.name);
    await reader.cancel();
    requireFewColumns(path, 'Arrow', columns.length);
    const isWhole = outline.columns ? columns.join('\n') === outline.columns.join('\n') : columns.length > 0;
    if (!isWhole) throw new Error('its footer has lost its columns');
  } catch (cause) {
    throw guard(cause);
  }
  return {
    columns,
    rowCount,
    async *read(wanted, readSignal) {
      try {
        await using handle = await openHandle(file, path);
        const reader = await RecordBatchReader.from(handle);
        let rows = 0;
        for await (const batch of reader) {
          throwIfCancelled(readSignal);
          rows += batch.numRows;
          if (batch.numRows > 0) yield wanted.map((column) => columnText(batch, column));
        }
        if (rows !== rowCount) throw new Error(`its footer lists ${rows} of ${rowCount} rows`);
        await bytes.requireUnchanged();
      } catch (cause) {
        throw guard(cause);
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function openHandle(file: string, path: string): Promise<FileHandle> {
  return await open(file, 'r').catch((cause: unknown) => {
    throw inputError(path, cause);
  });
}

/** An IPC file that begins with the magic must end in it; a stream has no such mark. */
async function requireWhole(handle: FileHandle, path: string): Promise<void> {
  const { size } = await handle.stat();
  const magicAt = async (position: number) =>
    (await handle.read(Buffer.alloc(6), 0, 6, position)).buffer.toString('latin1') === 'ARROW1';
  if ((await magicAt(0)) && !(size >= 22 && (await magicAt(size - 6)))) {
    const problem = 'its Arrow footer is missing, so it was cut short';
    throw new AssayerError('ERR_INPUT_CORRUPT', { path, problem });
  }
}

function columnText(batch: RecordBatch, column: number): string[] {
  const vector: Vector | null = batch.getChildAt(column);
  return Array.from({ length: batch.numRows }, (_, i) => boundedCell(cellText(vector?.get(i))));
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return value instanceof Date ? value.toISOString() : String(value);
}
