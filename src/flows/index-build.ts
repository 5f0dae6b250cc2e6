import { ENGINE_VERSION } from '../core/version.ts';
import { paddedBytes } from '../store/fingerprint-rows.ts';
import { IndexBuilder } from '../store/index-builder.ts';
import {
  type IndexManifest,
  makeManifest,
  manifestHash,
  type SegmentEntry,
} from '../store/index-manifest.ts';
import { createIndex, updateIndex } from '../store/index-update.ts';
import type { TableColumn } from '../store/table-columns.ts';
import { createTableWriter } from '../store/table-writer.ts';
import { requireDistinctFiles } from './distinct-files.ts';
import type { Engine, Progress } from './engine.ts';
import { requireSame } from './index-fit.ts';
import { IndexIds } from './index-ids.ts';
import { type FingerprintSource, type IndexInput, openSource } from './index-source.ts';

export interface IndexRequest {
  /** Folder of the index. */
  readonly index: string;
  readonly input: IndexInput;
  /** File for the rows that were refused. */
  readonly rejects?: string;
}

/** What a change of an index did, and what it is now. */
export interface IndexChange {
  readonly index: string;
  /** Identity of the index: the hash of its manifest, which names every file by hash. */
  readonly sha256: string;
  readonly manifest: IndexManifest;
  readonly added: number;
  readonly rejected: number;
  /** How the columns of the input were chosen, in words. */
  readonly columnsChosen: string | null;
}

export interface FlowOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: Progress;
}

const REJECT_COLUMNS: readonly TableColumn[] = [
  { name: 'row', type: 'int', nullable: false },
  { name: 'id', type: 'string', nullable: false },
  { name: 'input', type: 'string', nullable: false },
  { name: 'reason', type: 'string', nullable: false },
];

/**
 * Builds an index from a table of compounds, a file of fingerprints or another index. It appears under its name only
 * when it is whole; equal input gives equal bytes.
 * @throws ERR_INPUT_*, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_INDEX_ID_REPEATED, ERR_CANCELLED
 */
export async function buildIndex(
  engine: Engine,
  { index, input, rejects }: IndexRequest,
  options: FlowOptions = {},
): Promise<IndexChange> {
  requireDistinctFiles([input.path, input.idsFile, rejects]);
  requireDistinctFiles([index, rejects]);
  await using update = await createIndex(index);
  await using source = await openSource(engine, input, options.signal);
  const { segments, ...done } = await addRows(source, update.folder, new IndexIds(), rejects, options);
  const manifest = makeManifest(ENGINE_VERSION, source.content, segments, [sourceRecord(source, done)]);
  await update.commit(manifest);
  return { index, sha256: manifestHash(manifest), manifest, ...done, columnsChosen: source.how };
}

/**
 * Adds rows to an index as new segments; nothing of the old ones is written again.
 * @throws what buildIndex throws, ERR_INDEX_*, ERR_FINGERPRINT_MISMATCH
 */
export async function appendToIndex(
  engine: Engine,
  { index: path, input, rejects }: IndexRequest,
  options: FlowOptions = {},
): Promise<IndexChange> {
  requireDistinctFiles([input.path, input.idsFile, rejects]);
  requireDistinctFiles([path, rejects]);
  const { signal } = options;
  await using update = await updateIndex(path, { signal });
  const { index } = update;
  await using source = await openSource(engine, input, signal);
  requireSame(source, { path, content: index.manifest.content });
  const ids = new IndexIds();
  for await (const { id } of index.rows.liveIds(signal)) ids.known(id, path);
  const { segments, ...done } = await addRows(source, update.folder, ids, rejects, options);
  const manifest = makeManifest(
    ENGINE_VERSION,
    index.manifest.content,
    [...index.manifest.segments, ...segments],
    [...index.manifest.sources, sourceRecord(source, done)],
  );
  await update.commit(manifest);
  return { index: path, sha256: manifestHash(manifest), manifest, ...done, columnsChosen: source.how };
}

/** Writes the rows of a source as segments, and the rejected ones where asked. */
async function addRows(
  source: FingerprintSource,
  folder: string,
  ids: IndexIds,
  rejectsPath: string | undefined,
  { signal, onProgress }: FlowOptions,
): Promise<{ segments: readonly SegmentEntry[]; added: number; rejected: number }> {
  const builder = new IndexBuilder(folder, paddedBytes(source.content.bits), signal);
  await using rejects =
    rejectsPath === undefined
      ? null
      : await createTableWriter(rejectsPath, REJECT_COLUMNS, { metadata: {}, signal });
  let added = 0;
  let rejected = 0;
  for await (const batch of source.batches) {
    await builder.add(ids.add(source.path, batch.rows, batch.numbers));
    await rejects?.write({ ...batch.rejected }, batch.rejected.row.length);
    added += batch.rows.count;
    rejected += batch.rejected.row.length;
    onProgress?.(added + rejected, source.share(added + rejected));
  }
  const segments = await builder.finish();
  await rejects?.finish();
  return { segments, added, rejected };
}

function sourceRecord({ kind, sha256 }: FingerprintSource, done: { added: number; rejected: number }) {
  return { kind, sha256, rows: done.added, rejected: done.rejected };
}
