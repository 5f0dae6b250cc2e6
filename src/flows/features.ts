import type { CompoundBatch } from '../core/compound.ts';
import { contractHash } from '../core/contract.ts';
import { isTransientReject } from '../core/rejects.ts';
import type { CompoundTable } from '../store/compound-table.ts';
import type { FeaturizedBatch } from '../store/feature-schema.ts';
import { openFeatureSet } from '../store/feature-set.ts';
import { createFeatureSetWriter } from '../store/feature-set-writer.ts';
import type { Workspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import { orderedAhead } from './ordered-ahead.ts';

/** The featurized rows of a table, and whether they were read from a feature set made before. */
export interface FeatureSource {
  readonly reused: boolean;
  readonly batches: AsyncIterable<FeaturizedBatch>;
  /** Share of the work done, 0 to 1, when so many rows have come out of `batches`. */
  share(rows: number): number;
  /** Hash of the feature set, known when `batches` has ended; null where it was not kept. */
  sha256(): string | null;
}

const BATCH_ROWS = 1024;
/** Batches under way at once, so that the workers have the next ones while this thread predicts. */
const BATCHES_AHEAD = 4;

/**
 * The features of a table under the engine's contract: read from the workspace where a feature set of the same
 * bytes, columns and contract exists, else computed and stored there on the way.
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function openFeatures(
  engine: Engine,
  table: CompoundTable,
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<FeatureSource> {
  const { sha256: inputSha256, format, columns, smilesIndex, idIndex } = table;
  const input = { inputSha256, format, columns, smilesIndex, idIndex };
  const key = { ...input, contractHash: contractHash(engine.contract) };
  const set = await openFeatureSet(workspace, key, signal);
  if (set) {
    return {
      reused: true,
      batches: set.batches(signal),
      share: (rows) => rows / set.rowCount,
      sha256: () => set.sha256,
    };
  }
  let sha256: string | null = null;
  let rowsRead = 0;
  async function* compute(): AsyncGenerator<FeaturizedBatch> {
    let transient = false;
    await using featurizer = await engine.createFeaturizer();
    await using writer = await createFeatureSetWriter(workspace, engine.contract, input, signal);
    const options = { kind: table.inputKind, ...(signal && { signal }) };
    const featurize = async (compounds: CompoundBatch): Promise<FeaturizedBatch> => {
      rowsRead += compounds.rows.length;
      return { compounds, features: await featurizer.featurize(compounds.inputs, options) };
    };
    for await (const batch of orderedAhead(table.batches(BATCH_ROWS, signal), BATCHES_AHEAD, featurize)) {
      await writer.write(batch);
      transient ||= batch.features.reasons.some((reason) => reason !== null && isTransientReject(reason));
      yield batch;
    }
    // What ran into a deadline may pass the next time: such features are used once and not kept.
    if (!transient) sha256 = (await writer.finish()).sha256;
  }
  return {
    reused: false,
    batches: compute(),
    // Rows are read ahead of the work: of the share that was read, this much is done.
    share: (rows) => (rowsRead ? (table.progress() * rows) / rowsRead : 0),
    sha256: () => sha256,
  };
}
