import type { FileHandle } from 'node:fs/promises';
import { Message } from 'apache-arrow';

/** Magic and padding before the first message of an IPC file. */
const FILE_PROLOGUE_BYTES = 8;
/** What a length field says of a message whose real length follows. */
const CONTINUATION = -1;
/** Most bytes that one record batch, or all dictionaries together, may unpack to: a batch is held in memory whole. */
export const UNPACKED_LIMIT_BYTES = 2 ** 30;

/** What is used of a record batch's header. */
interface BatchHeader {
  readonly compression: unknown;
  readonly buffers: readonly { readonly offset: number; readonly length: number }[];
}

/** What an Arrow file's or stream's messages say. */
export interface ArrowOutline {
  /** null in a file whose writer left its schema to the footer, as this library's does. */
  readonly columns: readonly string[] | null;
  readonly rowCount: number;
}

/**
 * Columns and rows of an Arrow IPC file or stream, from its messages' headers; the data is skipped. The walk does not use a file's
 * footer, so it tells when a damaged footer has lost columns or batches, which the library's reader would pass over in silence.
 * @throws Error where a message runs past the end, a file's messages break off, or compressed buffers say that they unpack
 *   to more than UNPACKED_LIMIT_BYTES
 * @source Arrow columnar format 1.5, "Encapsulated message format"
 */
export async function outlineArrow(handle: FileHandle): Promise<ArrowOutline> {
  const { size } = await handle.stat();
  const magic = await readAt(handle, 0, 6);
  const isFile = magic.toString('latin1') === 'ARROW1';
  let position = isFile ? FILE_PROLOGUE_BYTES : 0;
  let columns: string[] | null = null;
  let rowCount = 0;
  let dictionaryBytes = 0;
  for (;;) {
    const prefix = await readAt(handle, position, 8);
    if (prefix.length < 4) {
      if (isFile) throw new Error('its messages break off');
      return { columns, rowCount }; // a stream may end without a mark
    }
    const continued = prefix.readInt32LE(0) === CONTINUATION;
    if (continued && prefix.length < 8) throw new Error('a message breaks off');
    const length = continued ? prefix.readInt32LE(4) : prefix.readInt32LE(0);
    if (length === 0) return { columns, rowCount };
    position += continued ? 8 : 4;
    if (length < 0 || position + length > size) throw new Error('a message runs past the end');
    const message = Message.decode(await readAt(handle, position, length));
    position += length;
    if (position + message.bodyLength > size) throw new Error('a record batch runs past the end');
    if (message.isRecordBatch()) {
      rowCount += message.header().length;
      requireSmall(await unpackedBytes(handle, position, message.header()));
    }
    if (message.isDictionaryBatch()) {
      dictionaryBytes += await unpackedBytes(handle, position, message.header().data);
      requireSmall(dictionaryBytes);
    }
    position += message.bodyLength;
    if (message.isSchema()) columns = message.header().fields.map((field) => field.name);
  }
}

/** What the compressed buffers of a batch say that they unpack to; a length of -1 marks one that is left plain. */
async function unpackedBytes(handle: FileHandle, body: number, batch: BatchHeader): Promise<number> {
  if (batch.compression === null) return 0;
  let sum = 0;
  for (const { offset, length } of batch.buffers) {
    if (length < 8) continue;
    const unpacked = Number((await readAt(handle, body + offset, 8)).readBigInt64LE(0));
    sum += unpacked === -1 ? length : unpacked;
  }
  return sum;
}

function requireSmall(unpacked: number): void {
  if (unpacked <= UNPACKED_LIMIT_BYTES) return;
  throw new Error(
    `a record batch unpacks to ${unpacked} bytes, and ${UNPACKED_LIMIT_BYTES} is the most; write smaller batches`,
  );
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
