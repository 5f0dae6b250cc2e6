import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import { inputError, systemCode, throwIfCancelled } from './file-error.ts';
import { paddedBytes } from './fingerprint-rows.ts';
import {
  decodeManifest,
  type IndexFile,
  type IndexManifest,
  MANIFEST_NAME,
  manifestHash,
} from './index-manifest.ts';
import { IndexRowReader } from './index-row-reader.ts';
import { SegmentFile } from './index-segment.ts';
import { decodeTombstones } from './index-tombstones.ts';

/** An index on disk, every byte of which was checked. Its files stay open, so a later change does not disturb it. */
export interface IndexFolder extends AsyncDisposable {
  readonly path: string;
  readonly manifest: IndexManifest;
  /** Hash of the manifest, and so of everything in the index. */
  readonly sha256: string;
  /** Deleted rows of each segment, ascending. */
  readonly tombstones: readonly Uint32Array[];
  readonly rows: IndexRowReader;
}

export interface OpenIndexFolderOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the share of the bytes that was checked, 0 to 1. */
  readonly onShare?: ((share: number) => void) | undefined;
}

const READ_BYTES = 1 << 22;
/** A compaction may remove files between the reading of the manifest and of the files: how often to look again. */
const ATTEMPTS = 5;

/**
 * Opens an index: `<path>/manifest.json` and the files it names.
 * @throws ERR_INDEX_NOT_FOUND, ERR_INDEX_CORRUPT, ERR_INDEX_VERSION, ERR_CANCELLED
 */
export async function openIndexFolder(
  path: string,
  options: OpenIndexFolderOptions = {},
): Promise<IndexFolder> {
  for (let attempt = 1; ; attempt++) {
    const manifest = await readManifest(path);
    try {
      return await openFiles(path, manifest, options);
    } catch (cause) {
      const isGone = cause instanceof AssayerError && systemCode(cause.cause) === 'ENOENT';
      const isReplaced = isGone && manifestHash(await readManifest(path)) !== manifestHash(manifest);
      if (!isReplaced || attempt === ATTEMPTS) throw cause;
    }
  }
}

/** @throws ERR_INDEX_NOT_FOUND, ERR_INDEX_CORRUPT, ERR_INDEX_VERSION */
export async function readManifest(path: string): Promise<IndexManifest> {
  const bytes = await readFile(join(path, MANIFEST_NAME)).catch((cause: unknown) => {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AssayerError('ERR_INDEX_NOT_FOUND', { path }, { cause });
    }
    throw inputError(path, cause);
  });
  return decodeManifest(path, bytes);
}

async function openFiles(
  path: string,
  manifest: IndexManifest,
  { signal, onShare }: OpenIndexFolderOptions,
): Promise<IndexFolder> {
  await using opened = new AsyncDisposableStack();
  const rowBytes = paddedBytes(manifest.content.bits);
  const total = manifest.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  let checked = 0;
  const onBytes = (bytes: number) => {
    checked += bytes;
    onShare?.(checked / total);
  };
  const segments: SegmentFile[] = [];
  const tombstones: Uint32Array[] = [];
  for (const entry of manifest.segments) {
    const handle = await openFile(path, entry);
    opened.defer(() => handle.close());
    await checkFile(path, handle, entry, onBytes, signal);
    const segment = await SegmentFile.open(handle, rowBytes);
    const dead = entry.tombstones ? await readTombstones(path, entry.tombstones) : new Uint32Array();
    segments.push(segment);
    tombstones.push(dead);
  }
  const rows = await IndexRowReader.create(segments, tombstones, rowBytes);
  const keep = opened.move();
  return {
    path,
    manifest,
    sha256: manifestHash(manifest),
    tombstones,
    rows,
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

async function openFile(path: string, { sha256 }: IndexFile): Promise<FileHandle> {
  const name = `${sha256}.arrow`;
  return await open(join(path, name), 'r').catch((cause: unknown) => {
    const isMissing = systemCode(cause) === 'ENOENT';
    const problem = isMissing ? `${name} is missing` : `${name} cannot be read (${describeCause(cause)})`;
    throw new AssayerError('ERR_INDEX_CORRUPT', { path, problem }, { cause });
  });
}

/** Reads the whole file to compare it with its entry. */
async function checkFile(
  path: string,
  handle: FileHandle,
  { sha256, sizeBytes }: IndexFile,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const refuse = (problem: string): never => {
    throw new AssayerError('ERR_INDEX_CORRUPT', { path, problem: `${sha256}.arrow ${problem}` });
  };
  const { size } = await handle.stat();
  if (size !== sizeBytes) refuse(`has ${size} bytes instead of ${sizeBytes}`);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, sizeBytes)));
  for (let position = 0; position < sizeBytes; ) {
    throwIfCancelled(signal);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) refuse('was cut short while it was read');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
    onBytes(bytesRead);
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) refuse(`does not match its name (its hash is ${actual})`);
}

async function readTombstones(path: string, entry: IndexFile): Promise<Uint32Array> {
  await using handle = await openFile(path, entry);
  await checkFile(path, handle, entry, () => undefined);
  const bytes = Buffer.alloc(entry.sizeBytes);
  await handle.read(bytes, 0, bytes.length, 0);
  return decodeTombstones(bytes);
}
