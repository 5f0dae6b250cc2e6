import { Field, makeData, RecordBatchReader, Schema, Uint32 } from 'apache-arrow';
import { recordBatch } from './arrow-columns.ts';
import { startArrowFile } from './arrow-file.ts';
import type { IndexFile } from './index-manifest.ts';
import { writeIndexFile } from './index-segment-writer.ts';

const schema = new Schema([new Field('row', new Uint32(), false)]);

/** Writes the deleted rows of a segment, ascending, as an Arrow file with one uint32 column. */
export function writeTombstones(folder: string, rows: Uint32Array): Promise<IndexFile> {
  return writeIndexFile(folder, async (sink) => {
    const file = await startArrowFile(schema, sink);
    const data = makeData({ type: new Uint32(), length: rows.length, nullCount: 0, data: rows });
    await file.write(recordBatch(schema, rows.length, [data]));
    await file.end();
    return rows.length;
  });
}

/** @param bytes  of the file, which must have been checked against its hash */
export function decodeTombstones(bytes: Uint8Array): Uint32Array {
  const [batch] = RecordBatchReader.from(bytes);
  return Uint32Array.from(batch.getChild('row')?.toArray() as Uint32Array);
}
