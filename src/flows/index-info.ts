import { contractHash } from '../core/contract.ts';
import { openIndexFolder } from '../store/index-folder.ts';
import type { IndexManifest } from '../store/index-manifest.ts';
import type { FlowOptions } from './index-build.ts';

/** What an index holds. */
export interface IndexInfo {
  readonly path: string;
  /** Identity of the index. */
  readonly sha256: string;
  /** Rows that can be found, and rows that were deleted but still take room. */
  readonly rows: number;
  readonly deleted: number;
  readonly sizeBytes: number;
  /** Hash of the feature contract; null for fingerprints made elsewhere. */
  readonly contract: string | null;
  readonly manifest: IndexManifest;
}

/** Reads an index whole, checks it, and tells what it holds. @throws ERR_INDEX_*, ERR_CANCELLED */
export async function readIndexInfo(path: string, { signal }: FlowOptions = {}): Promise<IndexInfo> {
  await using index = await openIndexFolder(path, { signal });
  const { manifest, rows, sha256 } = index;
  const files = manifest.segments.flatMap((segment) => [
    segment,
    ...(segment.tombstones ? [segment.tombstones] : []),
  ]);
  return {
    path,
    sha256,
    rows: rows.liveSize,
    deleted: rows.size - rows.liveSize,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    contract: manifest.content.contract && contractHash(manifest.content.contract),
    manifest,
  };
}
