import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { FEATURE_BATCH_ROWS, type FeaturizedBatch } from './feature-schema.ts';

/** Texts of a batch, one list for each, in one order for both sides of a copy. */
function textLists({ compounds, features }: FeaturizedBatch): (readonly (string | null)[])[] {
  const { reasons, smiles, inchikeys, scaffolds, notes } = features;
  return [compounds.ids, compounds.inputs, reasons, smiles, inchikeys, scaffolds, notes];
}

/** Cuts featurized rows into pieces of 4,096, so that the file's bytes do not depend on how the caller cut them. */
export class FeaturePieces {
  #piece = emptyPiece();
  #count = 0;

  /** @returns every full piece; the caller owns it */
  *push(batch: FeaturizedBatch): Generator<FeaturizedBatch> {
    const { compounds, features } = batch;
    for (let from = 0; from < features.count; ) {
      const to = Math.min(features.count, from + FEATURE_BATCH_ROWS - this.#count);
      const at = this.#count;
      const rows = this.#piece.compounds.rows as number[];
      for (let i = from; i < to; i++) rows.push(compounds.rows[i]);
      const targets = textLists(this.#piece) as (string | null)[][];
      textLists(batch).forEach((texts, k) => {
        for (let i = from; i < to; i++) targets[k].push(texts[i]);
      });
      const { fingerprints, descriptors } = this.#piece.features;
      fingerprints.set(
        features.fingerprints.subarray(from * FINGERPRINT_BYTES, to * FINGERPRINT_BYTES),
        at * FINGERPRINT_BYTES,
      );
      descriptors.set(
        features.descriptors.subarray(from * DESCRIPTOR_COUNT, to * DESCRIPTOR_COUNT),
        at * DESCRIPTOR_COUNT,
      );
      this.#count += to - from;
      from = to;
      if (this.#count === FEATURE_BATCH_ROWS) yield this.rest();
    }
  }

  /** What is left, which may be nothing. */
  rest(): FeaturizedBatch {
    const { compounds, features } = this.#piece;
    const count = this.#count;
    this.#piece = emptyPiece();
    this.#count = 0;
    return {
      compounds,
      features: {
        ...features,
        count,
        fingerprints: features.fingerprints.subarray(0, count * FINGERPRINT_BYTES),
        descriptors: features.descriptors.subarray(0, count * DESCRIPTOR_COUNT),
      },
    };
  }
}

function emptyPiece(): FeaturizedBatch {
  return {
    compounds: { rows: [], ids: [], inputs: [] },
    features: {
      count: 0,
      reasons: [],
      smiles: [],
      inchikeys: [],
      scaffolds: [],
      notes: [],
      fingerprints: new Uint8Array(FEATURE_BATCH_ROWS * FINGERPRINT_BYTES),
      descriptors: new Float32Array(FEATURE_BATCH_ROWS * DESCRIPTOR_COUNT),
    },
  };
}
