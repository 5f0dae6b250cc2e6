import { contractHash, type FeatureContract } from '../core/contract.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { canonicalJson } from '../core/hash.ts';
import { startArrowFile } from './arrow-file.ts';
import { createBlobWriter } from './blob.ts';
import {
  type FeatureSetInput,
  featureSetKey,
  recordFeatureSet,
  type StoredFeatureSet,
} from './feature-index.ts';
import { FeaturePieces } from './feature-pieces.ts';
import { encodeFeatures, FEATURE_SET_SCHEMA, type FeaturizedBatch, featureSchema } from './feature-schema.ts';
import { throwIfCancelled } from './file-error.ts';
import type { Workspace } from './workspace.ts';

/** A feature set being written. Disposal without `finish` leaves nothing. */
export interface FeatureSetWriter extends AsyncDisposable {
  /** Appends rows, in the order of the input; the arrays are copied. @throws ERR_WORKSPACE, ERR_CANCELLED */
  write(batch: FeaturizedBatch): Promise<void>;
  /** Names the file by its hash and records it for its input. @throws ERR_WORKSPACE, ERR_CANCELLED */
  finish(): Promise<StoredFeatureSet>;
}

/**
 * Starts the feature set of an input: `<workspace>/features/<sha256>.arrow`, an Arrow IPC file in batches of 4,096 rows,
 * so memory is bounded. The same rows, contract and input give the same bytes, however the caller cuts them.
 * @throws ERR_WORKSPACE
 */
export async function createFeatureSetWriter(
  workspace: Workspace,
  contract: FeatureContract,
  input: Omit<FeatureSetInput, 'contractHash'>,
  signal?: AbortSignal,
): Promise<FeatureSetWriter> {
  const key: FeatureSetInput = { ...input, contractHash: contractHash(contract) };
  const schema = featureSchema(
    new Map([
      ['assayer.contract', canonicalJson(contract)],
      ['assayer.input', featureSetKey(key)],
      ['assayer.schema', FEATURE_SET_SCHEMA],
    ]),
  );
  const blob = await createBlobWriter(workspace, workspace.features, 'arrow');
  const pieces = new FeaturePieces();
  const file = await startArrowFile(schema, blob);
  let rowCount = 0;
  return {
    async write(batch) {
      throwIfCancelled(signal);
      checkShape(batch);
      for (const piece of pieces.push(batch)) await file.write(encodeFeatures(schema, piece));
      rowCount += batch.features.count;
    },
    async finish() {
      throwIfCancelled(signal);
      const rest = pieces.rest();
      if (rest.features.count > 0) await file.write(encodeFeatures(schema, rest));
      await file.end();
      const { path, sha256 } = await blob.commit();
      const stored = { path, sha256, rowCount };
      await recordFeatureSet(workspace, key, stored);
      return stored;
    },
    [Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
  };
}

/** A batch of unequal columns would shift rows against each other. */
function checkShape({ compounds, features }: FeaturizedBatch): void {
  const { count } = features;
  const lists = [
    compounds.rows,
    compounds.ids,
    compounds.inputs,
    features.reasons,
    features.smiles,
    features.inchikeys,
    features.scaffolds,
    features.notes,
  ];
  const fits =
    lists.every((list) => list.length === count) &&
    features.fingerprints.length === count * FINGERPRINT_BYTES &&
    features.descriptors.length === count * DESCRIPTOR_COUNT;
  if (!fits) throw new TypeError(`a batch of ${count} compounds has columns of other lengths`);
}
