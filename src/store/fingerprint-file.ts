import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AssayerError } from '../core/errors.ts';
import { MAX_BITS } from '../core/metric.ts';
import { inputError } from './file-error.ts';
import { readParquetFingerprints } from './fingerprint-parquet.ts';
import type { FingerprintFile } from './fingerprint-rows.ts';
import { readFps, readFpsHead } from './fps-reader.ts';
import { InputBytes } from './input-bytes.ts';
import { parseNpyHead, readNpy } from './npy-reader.ts';
import { withoutPattern } from './parquet-rows.ts';

export const FINGERPRINT_FORMATS = ['fps', 'npy', 'parquet'] as const;

/** How a file holds fingerprints. */
export type FingerprintFormat = (typeof FINGERPRINT_FORMATS)[number];

/** What the caller may say about a file of fingerprints. */
export interface OpenFingerprintsOptions {
  readonly format: FingerprintFormat;
  /** Binary column of a Parquet file. */
  readonly fingerprintColumn?: string | undefined;
  /** Id column of a Parquet file; row numbers when not said. */
  readonly idColumn?: string | undefined;
  /** Text file with one id a line, for `.npy`; row numbers when not said. */
  readonly idsFile?: string | undefined;
  /** What the fingerprints are, whatever the file says. */
  readonly type?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Folder for copies of standard input and of gunzipped files. */
  readonly spoolFolder: string;
  readonly stdin?: Readable;
}

/** Format of a fingerprint file by its name, `.gz` left aside; null for other names. Parquet may hold compounds too, so is never told by its name. */
export function fingerprintFormatOfName(path: string): 'fps' | 'npy' | null {
  const extension = /\.(fps|npy)(?:\.gz)?$/i.exec(path)?.[1].toLowerCase();
  return extension === 'fps' || extension === 'npy' ? extension : null;
}

type Batches = FingerprintFile['batches'];

/**
 * Opens a file of fingerprints made elsewhere; gzipped files too. Formats and limits: docs/indexes.md.
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_INPUT_EMPTY, ERR_INPUT_FORMAT, ERR_INPUT_CORRUPT,
 *   ERR_INPUT_COLUMN_NOT_FOUND, ERR_CANCELLED
 */
export async function openFingerprints(
  path: string,
  options: OpenFingerprintsOptions,
): Promise<FingerprintFile> {
  const { format, signal } = options;
  await using opened = new AsyncDisposableStack();
  const bytes = opened.use(
    await InputBytes.open(path, options.spoolFolder, options.stdin ?? process.stdin, signal),
  );
  const { bits, type, batches } = await openRows(bytes, options);
  if (bits < 1 || bits > MAX_BITS) {
    const problem = `its fingerprints have ${bits} bits; 1 to ${MAX_BITS} can be searched`;
    throw new AssayerError('ERR_INPUT_FORMAT', { path, format, problem });
  }
  const sha256 = await bytes.sha256(signal);
  const keep = opened.move();
  return {
    path,
    bits,
    type: options.type ?? type,
    sha256,
    progress: () => Math.min(1, bytes.consumedBytes / bytes.sizeBytes),
    batches,
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

async function openRows(
  bytes: InputBytes,
  options: OpenFingerprintsOptions,
): Promise<{ bits: number; type: string | null; batches: Batches }> {
  const { path } = bytes;
  const { format, signal } = options;
  switch (format) {
    case 'fps': {
      const head = await readFpsHead(bytes, signal);
      return {
        ...head,
        batches: (batchRows, readSignal) => readFps(bytes, head.bits, batchRows, readSignal),
      };
    }
    case 'npy': {
      const head = parseNpyHead(path, await bytes.head(signal));
      if (head.rows === 0) throw new AssayerError('ERR_INPUT_EMPTY', { path });
      const ids = options.idsFile === undefined ? null : await readIds(options.idsFile);
      if (ids && ids.length !== head.rows) {
        const problem = `it has ${head.rows} rows, but ${options.idsFile} has ${ids.length} ids`;
        throw new AssayerError('ERR_INPUT_FORMAT', { path, format, problem });
      }
      const blank = ids?.findIndex((id) => id.trim() === '') ?? -1;
      if (blank >= 0) {
        const problem = `${options.idsFile}, line ${blank + 1}: the id is blank`;
        throw new AssayerError('ERR_INPUT_FORMAT', { path, format, problem });
      }
      const idOf = (row: number) => ids?.[row] ?? String(row);
      return {
        bits: head.width * 8,
        type: null,
        batches: (batchRows, readSignal) => readNpy(bytes, head, batchRows, idOf, readSignal),
      };
    }
    case 'parquet': {
      const columns = {
        fingerprints: options.fingerprintColumn ?? 'fingerprint',
        ids: options.idColumn ?? null,
      };
      const file = await withoutPattern(await bytes.plainFile(signal), bytes);
      const read = (readSignal?: AbortSignal) => readParquetFingerprints(path, file, columns, readSignal);
      const rows = read(signal);
      try {
        const first = await rows.next();
        const bits = first.done ? 0 : first.value.width * 8;
        return { bits, type: null, batches: (_, readSignal) => read(readSignal) };
      } finally {
        // The reader holds a database until it ends.
        await rows.return(undefined);
      }
    }
  }
}

/** The ids in a file, one a line; the last line may lack its line feed. @throws ERR_INPUT_* */
export async function readIds(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw inputError(path, cause);
  });
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
