import type { FeatureContract } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BYTES, MORGAN_BITS, MORGAN_BYTES } from '../core/fingerprint.ts';
import { openTable } from '../store/compound-table.ts';
import type { FeaturizedBatch } from '../store/feature-schema.ts';
import {
  FINGERPRINT_FORMATS,
  type FingerprintFormat,
  fingerprintFormatOfName,
  openFingerprints,
} from '../store/fingerprint-file.ts';
import type { FingerprintBatch, IndexRows } from '../store/fingerprint-rows.ts';
import { openIndexFolder, readManifest } from '../store/index-folder.ts';
import { contractType, type IndexContent, type IndexSource } from '../store/index-manifest.ts';
import type { TableFormat } from '../store/table-format.ts';
import { openWorkspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import { openFeatures } from './features.ts';

/** Where rows of fingerprints come from: a table of compounds, a file of fingerprints, or an index. */
export interface IndexInput {
  /** Path of a file or of an index; `-` for standard input. */
  readonly path: string;
  readonly format?: TableFormat | FingerprintFormat;
  readonly smilesColumn?: string;
  readonly idColumn?: string;
  /** Binary column of a Parquet file: makes it a file of fingerprints. */
  readonly fingerprintColumn?: string;
  /** File with one id a line, for `.npy`. */
  readonly idsFile?: string;
  /** What fingerprints made elsewhere are, whatever their file says. */
  readonly fingerprintType?: string;
  /** Folder that keeps feature sets. */
  readonly workspace: string;
}

/** Rows of a source that were refused, each with its reason. */
export interface RejectedRows {
  readonly row: readonly number[];
  readonly id: readonly string[];
  readonly input: readonly string[];
  readonly reason: readonly string[];
}

/** Some consecutive rows of a source: those that have a fingerprint, with their row numbers, and the others. */
export interface SourceBatch {
  readonly rows: IndexRows;
  readonly numbers: readonly number[];
  readonly rejected: RejectedRows;
}

/** Rows of fingerprints, whatever they come from. */
export interface FingerprintSource extends AsyncDisposable {
  readonly kind: IndexSource['kind'];
  readonly path: string;
  readonly content: IndexContent;
  readonly sha256: string;
  /** How the columns were chosen, in words; null where there was nothing to choose. */
  readonly how: string | null;
  readonly batches: AsyncIterable<SourceBatch>;
  /** Share of the work done when so many rows have come out of `batches`. */
  share(rows: number): number;
}

const BATCH_ROWS = 4096;
const NONE: RejectedRows = { row: [], id: [], input: [], reason: [] };

/** What the fingerprints of compounds are: the 2,048 Morgan bits; the level bits are left out. */
export function compoundContent(contract: FeatureContract): IndexContent {
  return { bits: MORGAN_BITS, contract, type: contractType(contract) };
}

/**
 * Opens a source of fingerprints.
 * @throws ERR_INPUT_*, ERR_INDEX_*, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function openSource(
  engine: Engine,
  input: IndexInput,
  signal?: AbortSignal,
): Promise<FingerprintSource> {
  const format = fingerprintFormatOf(input);
  requireFittingOptions(input, format);
  if (format !== null) return await openFingerprintSource(input, format, signal);
  if (await isIndex(input.path)) return await openIndexSource(input.path, signal);
  return await openCompoundSource(engine, input, signal);
}

/** An option that an input cannot heed would be a wish silently ignored. */
function requireFittingOptions(input: IndexInput, format: FingerprintFormat | null): void {
  const { path } = input;
  const refuse = (option: string, why: string) =>
    new AssayerError('ERR_USAGE', { problem: `${option} does not go with ${path}: ${why}.` });
  if (input.idsFile !== undefined && format !== 'npy')
    throw refuse('--ids', 'it names the rows of a .npy file');
  if (input.fingerprintColumn !== undefined && fingerprintFormatOfName(path) !== null) {
    throw refuse('--fingerprint-column', 'it names a column of a Parquet file');
  }
  if (input.smilesColumn !== undefined && format !== null) {
    throw refuse('--smiles-column', 'it holds fingerprints, no compounds');
  }
  if (input.idColumn !== undefined && (format === 'npy' || format === 'fps')) {
    throw refuse('--id-column', 'it has no columns');
  }
}

function fingerprintFormatOf({ path, format, fingerprintColumn }: IndexInput): FingerprintFormat | null {
  if (fingerprintColumn !== undefined) return 'parquet';
  if (format === undefined) return fingerprintFormatOfName(path);
  return FINGERPRINT_FORMATS.find((known) => known === format && known !== 'parquet') ?? null;
}

async function isIndex(path: string): Promise<boolean> {
  if (path === '-') return false;
  try {
    await readManifest(path);
    return true;
  } catch (cause) {
    if (cause instanceof AssayerError && cause.code === 'ERR_INDEX_NOT_FOUND') return false;
    throw cause;
  }
}

async function openCompoundSource(
  engine: Engine,
  { path, format, smilesColumn, idColumn, workspace: folder }: IndexInput,
  signal?: AbortSignal,
): Promise<FingerprintSource> {
  const workspace = await openWorkspace(folder);
  const options = { smilesColumn, idColumn, signal, spoolFolder: workspace.tmp };
  await using opened = new AsyncDisposableStack();
  const table = opened.use(await openTable(path, { ...options, format: format as TableFormat | undefined }));
  const features = await openFeatures(engine, table, workspace, signal);
  const keep = opened.move();
  return {
    kind: 'compounds',
    path,
    content: compoundContent(engine.contract),
    sha256: table.sha256,
    how: table.how,
    batches: map(features.batches, compoundRows),
    share: (rows) => features.share(rows),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

/** The accepted compounds' Morgan bits, and the rejected rows. */
export function compoundRows({ compounds, features }: FeaturizedBatch): SourceBatch {
  const all = Array.from({ length: features.count }, (_, i) => i);
  const accepted = all.filter((i) => features.reasons[i] === null);
  const rejected = all.filter((i) => features.reasons[i] !== null);
  const fingerprints = new Uint8Array(accepted.length * MORGAN_BYTES);
  for (const [k, i] of accepted.entries()) {
    const at = i * FINGERPRINT_BYTES;
    fingerprints.set(features.fingerprints.subarray(at, at + MORGAN_BYTES), k * MORGAN_BYTES);
  }
  return {
    numbers: accepted.map((i) => compounds.rows[i]),
    rows: {
      count: accepted.length,
      ids: accepted.map((i) => compounds.ids[i]),
      inchikeys: accepted.map((i) => features.inchikeys[i]),
      smiles: accepted.map((i) => features.smiles[i]),
      fingerprints,
    },
    rejected: {
      row: rejected.map((i) => compounds.rows[i]),
      id: rejected.map((i) => compounds.ids[i]),
      input: rejected.map((i) => compounds.inputs[i]),
      reason: rejected.map((i) => features.reasons[i] ?? ''),
    },
  };
}

async function openFingerprintSource(
  { path, fingerprintColumn, idColumn, idsFile, fingerprintType, workspace: folder }: IndexInput,
  format: FingerprintFormat,
  signal?: AbortSignal,
): Promise<FingerprintSource> {
  const workspace = await openWorkspace(folder);
  const file = await openFingerprints(path, {
    format,
    fingerprintColumn,
    idColumn,
    idsFile,
    type: fingerprintType,
    signal,
    spoolFolder: workspace.tmp,
  });
  return {
    kind: 'fingerprints',
    path,
    content: { bits: file.bits, contract: null, type: file.type },
    sha256: file.sha256,
    how: null,
    batches: map(file.batches(BATCH_ROWS, signal), fingerprintRows),
    share: () => file.progress(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

function fingerprintRows({ count, firstRow, ids, fingerprints }: FingerprintBatch): SourceBatch {
  const unknown = ids.map(() => '');
  const numbers = ids.map((_, i) => firstRow + i);
  return { rows: { count, ids, inchikeys: unknown, smiles: unknown, fingerprints }, numbers, rejected: NONE };
}

async function openIndexSource(path: string, signal?: AbortSignal): Promise<FingerprintSource> {
  const index = await openIndexFolder(path, { signal });
  const { content } = index.manifest;
  return {
    kind: 'index',
    path,
    content,
    sha256: index.sha256,
    how: null,
    batches: map(index.rows.live(BATCH_ROWS, signal), (rows) => ({
      rows,
      numbers: rows.rows,
      rejected: NONE,
    })),
    share: (rows) => rows / index.rows.liveSize,
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
}

async function* map<From, To>(items: AsyncIterable<From>, change: (item: From) => To): AsyncGenerator<To> {
  for await (const item of items) yield change(item);
}
