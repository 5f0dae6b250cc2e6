import { AssayerError } from '../core/errors.ts';
import { openArrowRows } from './arrow-rows.ts';
import { type ChosenColumns, chooseColumns, isKnownName, type NamedColumns } from './choose-columns.ts';
import { openDelimitedRows } from './delimited-rows.ts';
import type { InputBytes } from './input-bytes.ts';
import { openJsonRows } from './json-rows.ts';
import { openParquetRows } from './parquet-rows.ts';
import { type RowSource, sampleRows } from './row-source.ts';
import { chooseSdfColumns } from './sdf-columns.ts';
import { openSdfRows } from './sdf-rows.ts';
import { openSmiRows } from './smi-rows.ts';
import { looksLikeSmiles } from './smiles-text.ts';
import type { TableFormat } from './table-format.ts';

/** Rows looked at to find the columns. */
const SAMPLE_ROWS = 200;

/** An input's rows and which columns of them count. */
export interface FoundColumns {
  readonly source: RowSource;
  readonly chosen: ChosenColumns;
  readonly inputKind: 'smiles' | 'molblock';
}

/**
 * Opens the rows of an input and finds the SMILES and id columns from the first 200.
 * @throws ERR_INPUT_EMPTY, ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_NO_SMILES_COLUMN, and what the format's reader throws
 */
export async function findColumns(
  bytes: InputBytes,
  format: TableFormat,
  named: NamedColumns,
  signal?: AbortSignal,
): Promise<FoundColumns> {
  const source = await openRows(bytes, format, true, named, signal);
  try {
    const { path } = bytes;
    const sample = await sampleRows(source, SAMPLE_ROWS, signal);
    const isEmpty = (sample[0]?.length ?? 0) === 0;
    const canLackHeader = (format === 'csv' || format === 'tsv') && named.smilesColumn === undefined;
    // A header alone may hold the name of a column that could be a compound, such as "no".
    const isCompound = source.columns.some(looksLikeSmiles) && !source.columns.some(isKnownName);
    if (isEmpty && !(canLackHeader && isCompound)) {
      throw new AssayerError('ERR_INPUT_EMPTY', { path });
    }
    if (format === 'sdf') {
      const { inputKind, ...chosen } = chooseSdfColumns(path, source.columns, sample, named);
      return { source, chosen, inputKind };
    }
    const chosen = isEmpty ? null : chooseColumns(path, source.columns, sample, named, ifOnlyOne(format));
    const isHeaderless =
      canLackHeader &&
      (chosen === null || (chosen.byContent && looksLikeSmiles(source.columns[chosen.smiles])));
    if (chosen && !isHeaderless) return { source, chosen, inputKind: 'smiles' };
    return await withoutHeader(bytes, format, named, signal);
  } catch (cause) {
    await source[Symbol.asyncDispose]();
    throw cause;
  }
}

/** A table whose first line is a compound has no header, and that compound must not be lost. */
async function withoutHeader(
  bytes: InputBytes,
  format: TableFormat,
  named: NamedColumns,
  signal?: AbortSignal,
): Promise<FoundColumns> {
  const source = await openRows(bytes, format, false, named, signal);
  const sample = await sampleRows(source, SAMPLE_ROWS, signal);
  const chosen = chooseColumns(bytes.path, source.columns, sample, named, ifOnlyOne(format));
  return {
    source,
    chosen: { ...chosen, how: `${chosen.how}; the first line is a compound, so there is no header` },
    inputKind: 'smiles',
  };
}

/** What to say where a table of one column holds no SMILES: its cells may be delimited by something else. */
function ifOnlyOne(format: TableFormat): string {
  if (format !== 'csv' && format !== 'tsv') return '';
  return '; only one: cells are delimited by tab in TSV, by comma, semicolon, tab or | in CSV (--format csv)';
}

function openRows(
  bytes: InputBytes,
  format: TableFormat,
  header: boolean,
  named: NamedColumns,
  signal?: AbortSignal,
): Promise<RowSource> | RowSource {
  switch (format) {
    case 'csv':
    case 'tsv':
      return openDelimitedRows(bytes, { format, header, named }, signal);
    case 'smi':
      return openSmiRows(bytes);
    case 'sdf':
      return openSdfRows(bytes, signal);
    case 'jsonl':
      return openJsonRows(bytes, signal);
    case 'parquet':
      return openParquetRows(bytes, signal);
    case 'arrow':
      return openArrowRows(bytes, signal);
  }
}
