import {
  Bool,
  type Data,
  type DataType,
  Field,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Utf8,
} from 'apache-arrow';
import type { Cell, TableColumn } from './table-columns.ts';

/** The Arrow field of an output column; its unit stands in the field's metadata. */
export function arrowField({ name, type, nullable, unit }: TableColumn): Field {
  const metadata = unit === undefined ? null : new Map([['unit', unit]]);
  return new Field(name, ARROW_TYPES[type](), nullable, metadata);
}

const ARROW_TYPES: Readonly<Record<TableColumn['type'], () => DataType>> = {
  int: () => new Int32(),
  float: () => new Float32(),
  string: () => new Utf8(),
  boolean: () => new Bool(),
};

/** The cells of a column as Arrow data. */
export function arrowData(type: TableColumn['type'], cells: readonly Cell[]): Data {
  if (type === 'string') return textData(cells as readonly (string | null)[]);
  const length = cells.length;
  const validity = validityOf(cells);
  const numbers = cells as readonly (number | null)[];
  switch (type) {
    case 'int':
      return makeData({
        type: new Int32(),
        length,
        ...validity,
        data: Int32Array.from(numbers, (cell) => cell ?? 0),
      });
    case 'float':
      return makeData({
        type: new Float32(),
        length,
        ...validity,
        data: Float32Array.from(numbers, (cell) => cell ?? 0),
      });
    case 'boolean':
      return makeData({
        type: new Bool(),
        length,
        ...validity,
        data: bitsOf(cells, (cell) => cell === true),
      });
  }
}

/** Texts as Arrow UTF-8; null where there is none. */
export function textData(texts: readonly (string | null)[]): Data<Utf8> {
  const length = texts.length;
  const valueOffsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) valueOffsets[i + 1] = valueOffsets[i] + Buffer.byteLength(texts[i] ?? '');
  const data = Buffer.alloc(valueOffsets[length]);
  for (let i = 0; i < length; i++) data.write(texts[i] ?? '', valueOffsets[i]);
  return makeData({ type: new Utf8(), length, ...validityOf(texts), valueOffsets, data });
}

/** One record batch of columns in the order of the schema's fields. */
export function recordBatch(schema: Schema, length: number, children: Data[]): RecordBatch {
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }),
  );
}

function validityOf(cells: readonly Cell[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = cells.reduce((count: number, cell) => (cell === null ? count + 1 : count), 0);
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitsOf(cells, (cell) => cell !== null) };
}

/** One bit a cell, the least significant first; whole 8-byte words, as Arrow pads. */
function bitsOf(cells: readonly Cell[], isSet: (cell: Cell) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(cells.length / 64) * 8);
  cells.forEach((cell, i) => {
    if (isSet(cell)) bits[i >> 3] |= 1 << (i & 7);
  });
  return bits;
}
