import { ENGINE_VERSION } from '../core/version.ts';
import { type ExportedFiles, exportFingerprints } from '../store/fingerprint-export.ts';
import { openIndexFolder } from '../store/index-folder.ts';
import type { FlowOptions } from './index-build.ts';

const BATCH_ROWS = 4096;

/**
 * Writes the rows of an index that are not deleted for other tools: `.fps`, `.fps.gz`, `.npy`, `.parquet`.
 * @throws ERR_USAGE, ERR_INDEX_*, ERR_OUTPUT_*, ERR_CANCELLED
 */
export async function exportIndex(
  path: string,
  output: string,
  { signal, onProgress }: FlowOptions = {},
): Promise<ExportedFiles & { readonly rows: number }> {
  await using index = await openIndexFolder(path, { signal });
  const { bits, type } = index.manifest.content;
  const rows = index.rows.liveSize;
  async function* batches() {
    let done = 0;
    for await (const batch of index.rows.live(BATCH_ROWS, signal)) {
      yield batch;
      done += batch.count;
      onProgress?.(done, done / rows);
    }
  }
  const software = `Assayer/${ENGINE_VERSION}`;
  return { ...(await exportFingerprints(output, { bits, type, rows, software, batches }, signal)), rows };
}
