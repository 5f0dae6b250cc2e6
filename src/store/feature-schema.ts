import {
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Int32,
  makeData,
  type RecordBatch,
  Schema,
  Utf8,
} from 'apache-arrow';
import type { CompoundBatch, FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { recordBatch, textData } from './arrow-columns.ts';

/** Rows in one record batch of a feature set: about 2.8 MB. */
export const FEATURE_BATCH_ROWS = 4096;

/** What a feature set's metadata call it. */
export const FEATURE_SET_SCHEMA = 'assayer.feature-set/1';

const TEXT_COLUMNS = ['id', 'input', 'reason', 'smiles', 'inchikey', 'scaffold', 'notes'] as const;

/**
 * The columns of a feature set:
 * row int32 | id, input, reason, smiles, inchikey, scaffold, notes utf8 (reason null where accepted)
 * | fingerprint 384 bytes, layout in core/fingerprint.ts | descriptors 43 x float32.
 */
export function featureSchema(metadata: Map<string, string>): Schema {
  return new Schema(
    [
      new Field('row', new Int32(), false),
      ...TEXT_COLUMNS.map((name) => new Field(name, new Utf8(), name === 'reason')),
      new Field('fingerprint', new FixedSizeBinary(FINGERPRINT_BYTES), false),
      new Field('descriptors', descriptorsType(), false),
    ],
    metadata,
  );
}

function descriptorsType(): FixedSizeList<Float32> {
  return new FixedSizeList(DESCRIPTOR_COUNT, new Field('item', new Float32(), false));
}

/** Compounds and their features, row i of both being the same compound. */
export interface FeaturizedBatch {
  readonly compounds: CompoundBatch;
  readonly features: FeatureBatch;
}

/** As one record batch; the arrays are used, not copied. */
export function encodeFeatures(schema: Schema, { compounds, features }: FeaturizedBatch): RecordBatch {
  const length = features.count;
  const texts = [
    compounds.ids,
    compounds.inputs,
    features.reasons,
    features.smiles,
    features.inchikeys,
    features.scaffolds,
    features.notes,
  ];
  const descriptors = makeData({
    type: new Float32(),
    length: length * DESCRIPTOR_COUNT,
    nullCount: 0,
    data: features.descriptors,
  });
  return recordBatch(schema, length, [
    makeData({ type: new Int32(), length, nullCount: 0, data: Int32Array.from(compounds.rows) }),
    ...texts.map(textData),
    makeData({
      type: new FixedSizeBinary(FINGERPRINT_BYTES),
      length,
      nullCount: 0,
      data: features.fingerprints,
    }),
    makeData({ type: descriptorsType(), length, nullCount: 0, child: descriptors }),
  ]);
}

/**
 * From one record batch. Fingerprints and descriptors are views into the batch's memory; texts are copies. Arrow's
 * slices have moved the value buffers already, so a view starts at 0 whatever the batch's offset.
 */
export function decodeFeatures(batch: RecordBatch): FeaturizedBatch {
  const count = batch.numRows;
  const column = (name: string) => {
    const data = batch.getChild(name)?.data[0];
    if (data === undefined) throw new Error(`column ${name} is missing`);
    return data;
  };
  const texts = (name: string) => {
    const data = column(name);
    const bytes = Buffer.from(data.values.buffer, data.values.byteOffset, data.values.byteLength);
    const offsets: Int32Array = data.valueOffsets;
    const isNull = (i: number) => data.nullCount > 0 && !data.getValid(i);
    return Array.from({ length: count }, (_, i) =>
      isNull(i) ? null : bytes.toString('utf8', offsets[i], offsets[i + 1]),
    );
  };
  const present = (name: string) => texts(name) as string[];
  const descriptors: Float32Array = column('descriptors').children[0].values;
  return {
    compounds: {
      rows: Array.from(column('row').values.subarray(0, count) as Int32Array),
      ids: present('id'),
      inputs: present('input'),
    },
    features: {
      count,
      reasons: texts('reason'),
      smiles: present('smiles'),
      inchikeys: present('inchikey'),
      scaffolds: present('scaffold'),
      notes: present('notes'),
      fingerprints: column('fingerprint').values.subarray(0, count * FINGERPRINT_BYTES),
      descriptors: descriptors.subarray(0, count * DESCRIPTOR_COUNT),
    },
  };
}
