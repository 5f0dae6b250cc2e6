import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { LabelledRows } from './dataset.ts';
import type { SplitRow } from './split.ts';

/** Gathers labelled compounds one by one and gives them back as arrays. */
export class RowCollector {
  readonly #inchikeys: string[] = [];
  readonly #scaffolds: string[] = [];
  readonly #whole: boolean[] = [];
  readonly #labels: SplitRow[] = [];
  readonly #fingerprints: Uint8Array[] = [];
  readonly #descriptors: Float32Array[] = [];

  /** Takes row `i` of a batch, copied. @param input the record as written */
  add(label: SplitRow, input: string, features: FeatureBatch, i: number): void {
    this.#labels.push(label);
    this.#inchikeys.push(features.inchikeys[i]);
    this.#scaffolds.push(features.scaffolds[i]);
    this.#whole.push(!input.includes('.'));
    this.#fingerprints.push(features.fingerprints.slice(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES));
    this.#descriptors.push(features.descriptors.slice(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT));
  }

  /** All rows, in the order they came. */
  rows(): LabelledRows {
    const count = this.#labels.length;
    const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
    const descriptors = new Float32Array(count * DESCRIPTOR_COUNT);
    for (let i = 0; i < count; i++) {
      fingerprints.set(this.#fingerprints[i], i * FINGERPRINT_BYTES);
      descriptors.set(this.#descriptors[i], i * DESCRIPTOR_COUNT);
    }
    return {
      inchikeys: this.#inchikeys,
      scaffolds: this.#scaffolds,
      whole: this.#whole,
      fingerprints,
      descriptors,
      y: Float64Array.from(this.#labels, (label) => label.y),
      groups: Int32Array.from(this.#labels, (label) => label.group),
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
    groups: Int32Array.from(kept, (i) => rows.groups[i]),
  };
}
