import type { Writable } from 'node:stream';
import { AssayerError } from '../core/errors.ts';
import { outputError, throwIfCancelled } from './file-error.ts';
import type { WrittenFile } from './hashed-file.ts';
import { type Output, type OutputFile, openOutput, StreamOutput } from './output-file.ts';
import { startParquetTable } from './parquet-encoder.ts';
import type { ColumnValues, TableColumn } from './table-columns.ts';
import { startArrowTable, startTextTable, type TableEncoder, type TableSchema } from './table-encoder.ts';
import { delimitedEncoding, jsonLinesEncoding } from './text-encoder.ts';

const OUTPUT_FORMATS = ['csv', 'tsv', 'jsonl', 'parquet', 'arrow'] as const;

/** How an output table is written. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What goes with the rows of an output, and what the caller may decide. */
export interface TableWriterOptions {
  /** Texts for formats that have a place for them (Parquet, Arrow). Equal texts and rows give equal bytes. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** What '-' writes to; the process's standard output unless a test says otherwise. */
  readonly stdout?: Writable;
}

/** An output table being written. Until `finish` nothing stands under the final name; disposal without it leaves nothing. */
export interface TableWriter extends AsyncDisposable {
  readonly format: OutputFormat;
  /** Appends the first `count` values of every column. @throws ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED */
  write(values: ColumnValues, count: number): Promise<void>;
  /** Completes the file and puts it under its name; says what was written. @throws ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED */
  finish(): Promise<WrittenFile>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/**
 * Starts an output table. The format is the name's: .csv .tsv .jsonl (each also .gz), .parquet, .arrow; '-' is standard output, as CSV.
 * @throws ERR_OUTPUT_FORMAT, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function createTableWriter(
  path: string,
  columns: readonly TableColumn[],
  options: TableWriterOptions,
): Promise<TableWriter> {
  const { signal } = options;
  const { format, gzip } = outputFormat(path);
  const fail = (cause: unknown) => outputError(path, cause);
  const schema: TableSchema = { columns, metadata: options.metadata };
  const { output, encoder } =
    path === '-'
      ? await startStream(schema, options.stdout ?? process.stdout, signal)
      : await startFile(schema, path, format, gzip, signal);
  const abort = async () => {
    await encoder[Symbol.asyncDispose]();
    await output[Symbol.asyncDispose]();
  };
  return {
    format,
    async write(values, count) {
      throwIfCancelled(signal);
      try {
        await encoder.write(values, count);
      } catch (cause) {
        if (cause instanceof TypeError) throw cause; // the caller's defect, not the output's
        throw fail(cause);
      }
    },
    async finish() {
      throwIfCancelled(signal);
      try {
        await encoder.end();
        await encoder[Symbol.asyncDispose]();
        return await output.commit(format === 'parquet');
      } catch (cause) {
        throw fail(cause);
      } finally {
        await abort();
      }
    },
    abort,
    [Symbol.asyncDispose]: abort,
  };
}

interface StartedTable {
  readonly output: Output;
  readonly encoder: TableEncoder;
}

async function startStream(
  schema: TableSchema,
  stream: Writable,
  signal: AbortSignal | undefined,
): Promise<StartedTable> {
  const output = new StreamOutput(stream, signal);
  return { output, encoder: await startTextTable(schema, output, delimitedEncoding(','), false) };
}

async function startFile(
  schema: TableSchema,
  path: string,
  format: OutputFormat,
  gzip: boolean,
  signal: AbortSignal | undefined,
): Promise<StartedTable> {
  const output = await openOutput(path, signal);
  try {
    return { output, encoder: await startEncoder(schema, output, format, gzip) };
  } catch (cause) {
    await output[Symbol.asyncDispose]();
    throw outputError(path, cause);
  }
}

async function startEncoder(
  schema: TableSchema,
  output: OutputFile,
  format: OutputFormat,
  gzip: boolean,
): Promise<TableEncoder> {
  switch (format) {
    case 'csv':
      return await startTextTable(schema, output, delimitedEncoding(','), gzip);
    case 'tsv':
      return await startTextTable(schema, output, delimitedEncoding('\t'), gzip);
    case 'jsonl':
      return await startTextTable(schema, output, jsonLinesEncoding, gzip);
    case 'arrow':
      return await startArrowTable(schema, output);
    case 'parquet':
      return await startParquetTable(schema, output.partial, `${output.partial}.rows`);
  }
}

/** @throws ERR_OUTPUT_FORMAT */
function outputFormat(path: string): { readonly format: OutputFormat; readonly gzip: boolean } {
  const gzip = /\.gz$/i.test(path);
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(path)?.[1].toLowerCase();
  const format = path === '-' ? 'csv' : OUTPUT_FORMATS.find((known) => known === extension);
  if (format === undefined || (gzip && (format === 'parquet' || format === 'arrow'))) {
    throw new AssayerError('ERR_OUTPUT_FORMAT', { path });
  }
  return { format, gzip };
}
