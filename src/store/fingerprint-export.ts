import { AssayerError } from '../core/errors.ts';
import { outputError, throwIfCancelled } from './file-error.ts';
import { writeParquetFingerprints } from './fingerprint-parquet.ts';
import type { IndexRows } from './fingerprint-rows.ts';
import { writeFps } from './fps-writer.ts';
import { GzipSink } from './gzip-sink.ts';
import type { WrittenFile } from './hashed-file.ts';
import { writeNpy } from './npy-writer.ts';
import { openOutput } from './output-file.ts';

/** Fingerprints to write, and what they are. */
export interface ExportedRows {
  readonly bits: number;
  readonly type: string | null;
  readonly rows: number;
  /** Software and its version, for formats that name it. */
  readonly software: string;
  batches(): AsyncIterable<IndexRows>;
}

/** What an export wrote; `ids` is the file of ids beside a `.npy`. */
export interface ExportedFiles {
  readonly output: WrittenFile;
  readonly ids: string | null;
}

/**
 * Writes fingerprints for other tools, by the name's ending: `.fps`, `.fps.gz`, `.npy` (with the ids, one a line, in
 * `<path>.ids.txt`) or `.parquet`. The file takes its name when it is whole.
 * @throws ERR_USAGE, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function exportFingerprints(
  path: string,
  rows: ExportedRows,
  signal?: AbortSignal,
): Promise<ExportedFiles> {
  const ending = /\.(fps|fps\.gz|npy|parquet)$/i.exec(path)?.[1].toLowerCase();
  if (ending === undefined) {
    const problem = `Export to ${path}: end the name in .fps, .fps.gz, .npy or .parquet.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const watched = { ...rows, batches: () => watch(rows.batches(), signal) };
  const idsPath = ending === 'npy' ? `${path}.ids.txt` : null;
  try {
    await using output = await openOutput(path, signal);
    await using ids = idsPath === null ? null : await openOutput(idsPath, signal);
    if (ids !== null) await writeNpy(output, ids, watched);
    else if (ending === 'parquet') {
      const metadata = { bits: String(rows.bits), ...(rows.type !== null && { type: rows.type }) };
      await writeParquetFingerprints(output.partial ?? path, rows.bits, watched.batches(), metadata);
    } else {
      using packed = ending === 'fps.gz' ? new GzipSink(output) : null;
      await writeFps(packed ?? output, watched);
      await packed?.end();
    }
    await ids?.commit();
    return { output: await output.commit(ending === 'parquet'), ids: idsPath };
  } catch (cause) {
    throw outputError(path, cause);
  }
}

async function* watch(batches: AsyncIterable<IndexRows>, signal?: AbortSignal): AsyncGenerator<IndexRows> {
  for await (const batch of batches) {
    throwIfCancelled(signal);
    yield batch;
  }
}
