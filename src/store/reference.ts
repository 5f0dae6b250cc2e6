import {
  Bool,
  FixedSizeBinary,
  makeData,
  makeVector,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';

/** The training compounds a model is compared with; row i belongs to training fingerprint i. */
export interface Reference {
  readonly inchikeys: readonly string[];
  /** Measured, on the modelled scale, float32 [n]; NaN where only a bound was published. */
  readonly values: Float32Array;
  /** Predicted by a model that had not seen the row's scaffold, float32 [n]; the probability for classes. */
  readonly heldOut: Float32Array;
  /** Spread predicted without the row's own residual, float32 [n]; NaN where there is none; absent where none is predicted. */
  readonly heldOutSpreads?: Float32Array;
  /** Number of the rows that were held out together, int32 [n]. */
  readonly groups: Int32Array;
  /** Whether the record was the compound by itself, no salt or mixture. */
  readonly whole: readonly boolean[];
  /** uint8 [n, 384]; absent where the model file itself holds the training fingerprints, so that they are stored once. */
  readonly fingerprints?: Uint8Array;
}

/** Bytes of reference.arrow, an Arrow IPC file. Equal references give equal bytes. */
export function encodeReference(reference: Reference): Uint8Array {
  const { fingerprints, heldOutSpreads } = reference;
  const table = new Table({
    inchikey: vectorFromArray(reference.inchikeys as string[], new Utf8()),
    value: makeVector(reference.values),
    held_out: makeVector(reference.heldOut),
    ...(heldOutSpreads && { held_out_spread: makeVector(heldOutSpreads) }),
    group: makeVector(reference.groups),
    whole: vectorFromArray(reference.whole as boolean[], new Bool()),
    ...(fingerprints && { fingerprint: packedVector(fingerprints) }),
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
    ...(table.getChild('held_out_spread') && {
      heldOutSpreads: Float32Array.from(column('held_out_spread', 'Float32')),
    }),
    groups: Int32Array.from(column('group', 'Int32')),
    whole: [...column('whole', 'Bool')],
    ...(table.getChild('fingerprint') && { fingerprints: packedBytes(column('fingerprint', PACKED)) }),
  };
}

const PACKED = `FixedSizeBinary[${FINGERPRINT_BYTES}]`;

function packedVector(fingerprints: Uint8Array): Vector<FixedSizeBinary> {
  const type = new FixedSizeBinary(FINGERPRINT_BYTES);
  const length = fingerprints.length / FINGERPRINT_BYTES;
  return new Vector([makeData({ type, length, nullCount: 0, data: fingerprints })]);
}

/** Copied, so that the file's bytes need not be kept. */
function packedBytes(vector: Vector<FixedSizeBinary>): Uint8Array {
  const out = new Uint8Array(vector.length * FINGERPRINT_BYTES);
  for (let row = 0; row < vector.length; row++) out.set(vector.get(row)!, row * FINGERPRINT_BYTES);
  return out;
}
