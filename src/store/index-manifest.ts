import { contractHash, type FeatureContract } from '../core/contract.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { canonicalJson, identity } from '../core/hash.ts';
import type { WrittenFile } from './hashed-file.ts';

/** Format version that this engine writes, and the newest that it reads. */
export const INDEX_VERSION = 1;
export const MANIFEST_NAME = 'manifest.json';
const SCHEMA = 'assayer.index';

/** What the fingerprints of an index are: two sets may be compared only where these agree. */
export interface IndexContent {
  /** Length of a fingerprint as its maker states it. */
  readonly bits: number;
  /** The contract they were made under; null for fingerprints made elsewhere. */
  readonly contract: FeatureContract | null;
  /** What the fingerprints are, as their file stated; null where it did not. For compounds, named by the contract. */
  readonly type: string | null;
}

/** Where rows came from. */
export interface IndexSource {
  readonly kind: 'compounds' | 'fingerprints' | 'index';
  /** SHA-256 of the input's bytes; of the manifest for an index. */
  readonly sha256: string;
  readonly rows: number;
  readonly rejected: number;
}

/** A file of the index, named `<sha256>.arrow`, and its rows. */
export interface IndexFile extends WrittenFile {
  readonly rows: number;
}

export interface SegmentEntry extends IndexFile {
  /** Rows of the segment that were deleted; null when none was. */
  readonly tombstones: IndexFile | null;
}

/** What an index is made of; written as manifest.json, which replaces the one before it as a whole. */
export interface IndexManifest {
  readonly schema: typeof SCHEMA;
  readonly version: number;
  /** Engine that wrote it. */
  readonly engine: string;
  readonly content: IndexContent;
  readonly segments: readonly SegmentEntry[];
  readonly sources: readonly IndexSource[];
}

/** What compounds' fingerprints are called in files of other tools. */
export function contractType(contract: FeatureContract): string {
  return `Assayer-Morgan/1 contract=${contractHash(contract)}`;
}

/** The manifest of an index. */
export function makeManifest(
  engine: string,
  content: IndexContent,
  segments: readonly SegmentEntry[],
  sources: readonly IndexSource[],
): IndexManifest {
  return { schema: SCHEMA, version: INDEX_VERSION, engine, content, segments, sources };
}

/** The manifest's identity, and so that of everything in the index: it names every file by hash. */
export function manifestHash(manifest: IndexManifest): string {
  return identity(manifest);
}

/** The manifest's bytes: canonical JSON with its own hash in `sha256`. This rule is the same in every version. */
export function encodeManifest(manifest: IndexManifest): Buffer {
  return Buffer.from(`${canonicalJson({ ...manifest, sha256: manifestHash(manifest) })}\n`);
}

/**
 * The manifest in these bytes, which must be, to the bit, what `encodeManifest` makes of it.
 * @throws ERR_INDEX_CORRUPT, ERR_INDEX_VERSION
 */
export function decodeManifest(path: string, bytes: Buffer): IndexManifest {
  const corrupt = (problem: string, cause?: unknown) =>
    new AssayerError('ERR_INDEX_CORRUPT', { path, problem: `${MANIFEST_NAME} ${problem}` }, { cause });
  let manifest: IndexManifest;
  try {
    const { sha256: _sha256, ...rest } = JSON.parse(bytes.toString('utf8')) as IndexManifest & {
      sha256?: unknown;
    };
    manifest = rest;
  } catch (cause) {
    throw corrupt(`cannot be read (${describeCause(cause)})`, cause);
  }
  if (!encodeManifest(manifest).equals(bytes)) throw corrupt('does not match the hash in it');
  if (manifest.schema !== SCHEMA) throw corrupt(`has schema ${manifest.schema}`);
  if (manifest.version > INDEX_VERSION) {
    const { version } = manifest;
    throw new AssayerError('ERR_INDEX_VERSION', { path, version, known: INDEX_VERSION });
  }
  return manifest;
}
