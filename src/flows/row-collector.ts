import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { DatasetRow } from './apply-split.ts';
import type { LabelledRows } from './dataset.ts';

/** Features of one row of a raw file. */
interface RowFeatures {
  readonly inchikey: string;
  readonly scaffold: string;
  readonly whole: boolean;
  readonly fingerprint: Uint8Array;
  readonly descriptors: Float32Array;
}

/** Gathers the features of single rows and gives them back as arrays, with labels that become known later. */
export class RowCollector {
  readonly #features = new Map<number, RowFeatures>();

  /** Takes row `i` of a batch, copied. @param row data row of the raw file @param input the record as written */
  add(row: number, input: string, features: FeatureBatch, i: number): void {
    this.#features.set(row, {
      inchikey: features.inchikeys[i],
      scaffold: features.scaffolds[i],
      whole: !input.includes('.'),
      fingerprint: features.fingerprints.slice(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
      descriptors: features.descriptors.slice(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT),
    });
  }

  /** Those rows, in that order; each must have been added. */
  rows(labels: readonly DatasetRow[]): LabelledRows {
    const found = labels.map(({ record }) => this.#features.get(record.row)!);
    const fingerprints = new Uint8Array(found.length * FINGERPRINT_BYTES);
    const descriptors = new Float32Array(found.length * DESCRIPTOR_COUNT);
    found.forEach((features, i) => {
      fingerprints.set(features.fingerprint, i * FINGERPRINT_BYTES);
      descriptors.set(features.descriptors, i * DESCRIPTOR_COUNT);
    });
    return {
      inchikeys: found.map(({ inchikey }) => inchikey),
      scaffolds: found.map(({ scaffold }) => scaffold),
      whole: found.map(({ whole }) => whole),
      fingerprints,
      descriptors,
      y: Float64Array.from(labels, ({ y }) => y),
      relation: Int8Array.from(labels, ({ relation }) => relation),
      groups: Int32Array.from(labels, ({ group }) => group),
    };
  }
}

/** The rows whose flag is true. */
export function selectRows(rows: LabelledRows, flags: readonly boolean[]): LabelledRows {
  const kept = [...flags.keys()].filter((i) => flags[i]);
  const fingerprints = new Uint8Array(kept.length * FINGERPRINT_BYTES);
  const descriptors = new Float32Array(kept.length * DESCRIPTOR_COUNT);
  kept.forEach((i, k) => {
    fingerprints.set(
      rows.fingerprints.subarray(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
      k * FINGERPRINT_BYTES,
    );
    descriptors.set(
      rows.descriptors.subarray(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT),
      k * DESCRIPTOR_COUNT,
    );
  });
  return {
    inchikeys: kept.map((i) => rows.inchikeys[i]),
    scaffolds: kept.map((i) => rows.scaffolds[i]),
    whole: kept.map((i) => rows.whole[i]),
    fingerprints,
    descriptors,
    y: Float64Array.from(kept, (i) => rows.y[i]),
    relation: Int8Array.from(kept, (i) => rows.relation[i]),
    groups: Int32Array.from(kept, (i) => rows.groups[i]),
  };
}

/** The rows of one part behind those of another. */
export function joinRows(first: LabelledRows, second: LabelledRows): LabelledRows {
  return {
    inchikeys: [...first.inchikeys, ...second.inchikeys],
    scaffolds: [...first.scaffolds, ...second.scaffolds],
    whole: [...first.whole, ...second.whole],
    fingerprints: Uint8Array.from(Buffer.concat([first.fingerprints, second.fingerprints])),
    descriptors: joinDescriptors(first.descriptors, second.descriptors),
    y: Float64Array.of(...first.y, ...second.y),
    relation: Int8Array.of(...first.relation, ...second.relation),
    groups: Int32Array.of(...first.groups, ...second.groups),
  };
}

function joinDescriptors(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
