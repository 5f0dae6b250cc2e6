import {
  Bool,
  makeVector,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';

/** The training compounds a model is compared with; row i belongs to training fingerprint i of its model file. */
export interface Reference {
  readonly inchikeys: readonly string[];
  /** Measured, on the modelled scale, float32 [n]; NaN where only a bound was published. */
  readonly values: Float32Array;
  /** Predicted by a model that had not seen the row's scaffold, float32 [n]; the probability for classes. */
  readonly heldOut: Float32Array;
  /** Number of the rows that were held out together, int32 [n]. */
  readonly groups: Int32Array;
  /** Whether the record was the compound by itself, no salt or mixture. */
  readonly whole: readonly boolean[];
}

/** Bytes of reference.arrow, an Arrow IPC file. Equal references give equal bytes. */
export function encodeReference(reference: Reference): Uint8Array {
  const table = new Table({
    inchikey: vectorFromArray(reference.inchikeys as string[], new Utf8()),
    value: makeVector(reference.values),
    held_out: makeVector(reference.heldOut),
    group: makeVector(reference.groups),
    whole: vectorFromArray(reference.whole as boolean[], new Bool()),
  });
  return tableToIPC(table, 'file');
}

/**
 * Reads reference.arrow.
 * @throws Error that names the column which is missing or of another type
 */
export function decodeReference(bytes: Uint8Array): Reference {
  const table = tableFromIPC(bytes);
  const column = (name: string, type: string): Vector => {
    const vector = table.getChild(name);
    if (String(vector?.type) !== type) throw new Error(`column ${name} is not ${type} but ${vector?.type}`);
    return vector as Vector;
  };
  return {
    inchikeys: [...column('inchikey', 'Utf8')],
    values: Float32Array.from(column('value', 'Float32')),
    heldOut: Float32Array.from(column('held_out', 'Float32')),
    groups: Int32Array.from(column('group', 'Int32')),
    whole: [...column('whole', 'Bool')],
  };
}
