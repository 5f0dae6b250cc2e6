import { AssayerError } from '../core/errors.ts';
import { ENGINE_VERSION } from '../core/version.ts';
import { paddedBytes } from '../store/fingerprint-rows.ts';
import type { IndexFolder } from '../store/index-folder.ts';
import { makeManifest, manifestHash, type SegmentEntry } from '../store/index-manifest.ts';
import { writeSegment } from '../store/index-segment-writer.ts';
import { writeTombstones } from '../store/index-tombstones.ts';
import { updateIndex } from '../store/index-update.ts';
import type { FlowOptions, IndexChange } from './index-build.ts';

const BATCH_ROWS = 8192;
/** Unknown ids named in a message. */
const NAMED_IDS = 5;

/**
 * Deletes rows by id: writes which rows are deleted, and leaves the segments as they are.
 * @throws ERR_INDEX_ID_UNKNOWN where the index holds not all of them (nothing is deleted then), ERR_INDEX_*,
 *   ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function deleteFromIndex(
  path: string,
  ids: readonly string[],
  { signal }: FlowOptions = {},
): Promise<IndexChange & { readonly deleted: number }> {
  await using update = await updateIndex(path, { signal });
  const { index } = update;
  const dead = await findRows(index, new Set(ids), signal);
  const segments: SegmentEntry[] = [];
  for (const [s, segment] of index.manifest.segments.entries()) {
    if (dead[s].length === 0) {
      segments.push(segment);
      continue;
    }
    const rows = Uint32Array.from([...index.tombstones[s], ...dead[s]]).sort();
    segments.push({ ...segment, tombstones: await writeTombstones(update.folder, rows) });
  }
  const { content, sources } = index.manifest;
  const manifest = makeManifest(ENGINE_VERSION, content, segments, sources);
  await update.commit(manifest);
  const deleted = dead.reduce((sum, rows) => sum + rows.length, 0);
  return { ...unchanged(path), sha256: manifestHash(manifest), manifest, deleted };
}

/**
 * Merges all segments into one without the deleted rows. The order of the rows stays, so no answer changes.
 * @throws ERR_INDEX_*, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function compactIndex(
  path: string,
  { signal, onProgress }: FlowOptions = {},
): Promise<IndexChange> {
  await using update = await updateIndex(path, { signal });
  const { index } = update;
  const { content, sources } = index.manifest;
  let written = 0;
  async function* rows() {
    for await (const batch of index.rows.live(BATCH_ROWS, signal)) {
      yield batch;
      written += batch.count;
      onProgress?.(written, written / index.rows.liveSize);
    }
  }
  const file =
    index.rows.liveSize === 0
      ? null
      : await writeSegment(update.folder, paddedBytes(content.bits), rows(), signal);
  const segments = file ? [{ ...file, tombstones: null }] : [];
  const manifest = makeManifest(ENGINE_VERSION, content, segments, sources);
  await update.commit(manifest);
  return { ...unchanged(path), sha256: manifestHash(manifest), manifest };
}

function unchanged(index: string) {
  return { index, added: 0, rejected: 0, columnsChosen: null };
}

/** Rows of each segment that have these ids. @throws ERR_INDEX_ID_UNKNOWN */
async function findRows(index: IndexFolder, ids: Set<string>, signal?: AbortSignal): Promise<number[][]> {
  const found: number[][] = index.manifest.segments.map(() => []);
  const missing = new Set(ids);
  for await (const { row, id } of index.rows.liveIds(signal)) {
    if (!missing.delete(id)) continue;
    const place = index.rows.locate(row);
    found[place.segment].push(place.row);
  }
  if (missing.size > 0) {
    const named = [...missing]
      .slice(0, NAMED_IDS)
      .map((id) => JSON.stringify(id))
      .join(', ');
    const more = missing.size > NAMED_IDS ? ` and ${missing.size - NAMED_IDS} more` : '';
    throw new AssayerError('ERR_INDEX_ID_UNKNOWN', { path: index.path, ids: named + more });
  }
  return found;
}
