import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { RecordBatchReader } from 'apache-arrow';
import type { FeatureContract } from '../core/contract.ts';
import { verifyBlob } from './blob.ts';
import { type FeatureSetInput, featureSetKey, findFeatureSet } from './feature-index.ts';
import { decodeFeatures, FEATURE_SET_SCHEMA, type FeaturizedBatch } from './feature-schema.ts';
import { throwIfCancelled, workspaceError } from './file-error.ts';
import type { Workspace } from './workspace.ts';

/** A stored feature set whose bytes were checked against its name. */
export interface FeatureSet {
  readonly sha256: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly contract: FeatureContract;
  /**
   * All rows from the start in batches of 4,096, one in memory at a time. Fingerprints and descriptors are views into
   * the batch's own memory, which nothing else uses.
   * @throws ERR_WORKSPACE, ERR_CANCELLED
   */
  batches(signal?: AbortSignal): AsyncGenerator<FeaturizedBatch>;
}

/**
 * Opens the feature set of an input, reading the whole file once to check it against its hash.
 * @returns null where there is none. A file that says it was made from another input counts as none, whatever the entry
 *   says that led to it: the features are made anew and the entry is written again.
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function openFeatureSet(
  workspace: Workspace,
  input: FeatureSetInput,
  signal?: AbortSignal,
): Promise<FeatureSet | null> {
  const stored = await findFeatureSet(workspace, input);
  if (stored === null) return null;
  const { path, sha256, rowCount } = stored;
  const sizeBytes = await verifyBlob(path, sha256, signal);
  const metadata = await readMetadata(path);
  if (metadata.get('assayer.input') !== featureSetKey(input)) return null;
  return {
    sha256,
    path,
    sizeBytes,
    rowCount,
    contract: JSON.parse(metadata.get('assayer.contract') ?? 'null'),
    batches: (readSignal) => readBatches(path, readSignal),
  };
}

/** A feature set that was named by its file, whatever workspace it lies in. */
export interface FeatureSetFile extends Pick<FeatureSet, 'sha256' | 'contract' | 'batches'> {
  /** Whether its ids are row numbers. */
  readonly numbered: boolean;
}

/**
 * Opens `<sha256>.arrow` as a feature set, checking its bytes against its name.
 * @returns null for a file of another name, or one that does not say it is a feature set
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function openFeatureSetFile(path: string, signal?: AbortSignal): Promise<FeatureSetFile | null> {
  const sha256 = /^([0-9a-f]{64})\.arrow$/.exec(basename(path))?.[1];
  if (sha256 === undefined) return null;
  await verifyBlob(path, sha256, signal);
  const metadata = await readMetadata(path);
  if (metadata.get('assayer.schema') !== FEATURE_SET_SCHEMA) return null;
  const input = JSON.parse(metadata.get('assayer.input') ?? 'null') as FeatureSetInput;
  return {
    sha256,
    contract: JSON.parse(metadata.get('assayer.contract') ?? 'null'),
    numbered: input.idIndex === null,
    batches: (readSignal) => readBatches(path, readSignal),
  };
}

async function* readBatches(path: string, signal?: AbortSignal): AsyncGenerator<FeaturizedBatch> {
  try {
    await using handle = await open(path, 'r');
    const reader = await RecordBatchReader.from(handle);
    for await (const batch of reader) {
      throwIfCancelled(signal);
      if (batch.numRows > 0) yield decodeFeatures(batch);
    }
  } catch (cause) {
    throw workspaceError(path, cause);
  }
}

async function readMetadata(path: string): Promise<Map<string, string>> {
  try {
    await using handle = await open(path, 'r');
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    const { metadata } = reader.schema;
    await reader.cancel();
    return metadata;
  } catch (cause) {
    throw workspaceError(path, cause);
  }
}
