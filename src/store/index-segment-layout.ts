import { Field, FixedSizeBinary, Schema, Uint16, Utf8 } from 'apache-arrow';

/**
 * A segment is an Arrow IPC file, rows sorted by set bits (ascending; equal ones in the order they were added):
 *
 *     id utf8 | inchikey utf8 | smiles utf8 | popcount uint16 | fingerprint fixed-size binary [paddedBytes(bits)]
 *
 * Nothing is null; a key or SMILES that is not known is ''. The buffers of a record batch's body are then, in order
 * (each column begins with its validity bitmap, which is empty):
 */
export const BUFFERS = {
  id: { offsets: 1, data: 2 },
  inchikey: { offsets: 4, data: 5 },
  smiles: { offsets: 7, data: 8 },
  popcount: 10,
  fingerprint: 12,
} as const;

export const TEXT_COLUMNS = ['id', 'inchikey', 'smiles'] as const;
export type TextColumnName = (typeof TEXT_COLUMNS)[number];

/** Most rows of one record batch, and most bytes of text before a batch ends early: offsets in it have 31 bits. */
export const BATCH_ROWS = 65_536;
export const BATCH_TEXT_BYTES = 2 ** 26;

export function segmentSchema(rowBytes: number): Schema {
  return new Schema([
    ...TEXT_COLUMNS.map((name) => new Field(name, new Utf8(), false)),
    new Field('popcount', new Uint16(), false),
    new Field('fingerprint', new FixedSizeBinary(rowBytes), false),
  ]);
}
