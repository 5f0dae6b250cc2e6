import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { LabelledRows } from './dataset.ts';

/** Features of single rows, added one by one and copied. */
export class GrowingRows {
  /** Row of the file of each row here. */
  readonly at: number[] = [];
  readonly #inchikeys: string[] = [];
  readonly #scaffolds: string[] = [];
  readonly #whole: boolean[] = [];
  readonly #fingerprints: Uint8Array[] = [];
  readonly #descriptors: Float32Array[] = [];

  /** Takes row `i` of a batch. @param row data row of the file @param input the record as written */
  add(row: number, input: string, features: FeatureBatch, i: number): void {
    this.at.push(row);
    this.#inchikeys.push(features.inchikeys[i]);
    this.#scaffolds.push(features.scaffolds[i]);
    this.#whole.push(!input.includes('.'));
    this.#fingerprints.push(features.fingerprints.slice(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES));
    this.#descriptors.push(features.descriptors.slice(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT));
  }

  /** All rows so far, with a label each; every row is a group of its own. */
  rows(labels: readonly number[]): LabelledRows {
    const n = this.at.length;
    const fingerprints = new Uint8Array(n * FINGERPRINT_BYTES);
    const descriptors = new Float32Array(n * DESCRIPTOR_COUNT);
    for (let i = 0; i < n; i++) {
      fingerprints.set(this.#fingerprints[i], i * FINGERPRINT_BYTES);
      descriptors.set(this.#descriptors[i], i * DESCRIPTOR_COUNT);
    }
    return {
      inchikeys: this.#inchikeys,
      scaffolds: this.#scaffolds,
      whole: this.#whole,
      fingerprints,
      descriptors,
      y: Float64Array.from(labels),
      relation: new Int8Array(n),
      groups: Int32Array.from({ length: n }, (_, i) => i),
    };
  }
}
