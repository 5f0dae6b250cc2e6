import { createHash } from 'node:crypto';
import { AssayerError } from '../core/errors.ts';
import { listOf } from '../store/choose-columns.ts';
import { openDelimitedRows } from '../store/delimited-rows.ts';
import { InputBytes } from '../store/input-bytes.ts';
import { formatOfName } from '../store/table-format.ts';
import type { Workspace } from '../store/workspace.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/** What a raw file says of each compound, as written and trimmed; entry i is data row i. */
export interface RawCells {
  readonly smiles: readonly string[];
  readonly values: readonly string[];
  /** '' throughout where the recipe names no such column. */
  readonly relations: readonly string[];
  readonly units: readonly string[];
}

/**
 * Reads the columns of a recipe from its raw file (CSV or TSV, gzipped or not), once the file is known to be the one
 * that the recipe was made for.
 * @throws ERR_DATA_SOURCE, ERR_DATA_COLUMN, ERR_CANCELLED, and what a reader of inputs throws
 */
export async function readRawCells(
  recipe: DatasetRecipe,
  path: string,
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<RawCells> {
  await using bytes = await InputBytes.open(path, workspace.tmp, process.stdin, signal);
  const hash = createHash('sha256');
  for await (const chunk of bytes.chunks(signal)) hash.update(chunk);
  requireSource(recipe.endpoint.id, path, recipe.rawSha256, hash.digest('hex'));

  const { smilesColumn, valueColumn, relationColumn, units } = recipe;
  const format = formatOfName(path) === 'tsv' ? 'tsv' : 'csv';
  await using source = await openDelimitedRows(
    bytes,
    { format, header: true, named: { smilesColumn } },
    signal,
  );
  const indexOf = (column: string): number => {
    const index = source.columns.indexOf(column);
    if (index >= 0) return index;
    const columns = listOf(source.columns);
    throw new AssayerError('ERR_DATA_COLUMN', { endpoint: recipe.endpoint.id, column, path, columns });
  };
  const names = [smilesColumn, valueColumn, relationColumn, units?.column];
  const wanted = names.filter((name) => name !== undefined).map(indexOf);
  const cells: string[][] = wanted.map(() => []);
  for await (const piece of source.read(wanted, signal)) {
    piece.forEach((texts, k) => {
      for (const text of texts) cells[k].push(text.trim());
    });
  }
  const none = cells[0].map(() => '');
  const optional = (name: string | undefined) =>
    name === undefined ? none : cells[wanted.indexOf(indexOf(name))];
  return {
    smiles: cells[0],
    values: cells[1],
    relations: optional(relationColumn),
    units: optional(units?.column),
  };
}

/**
 * Refuses a file whose bytes (inside the gzip) are not those that a recipe names.
 * @throws ERR_DATA_SOURCE
 */
export function requireSource(endpoint: string, path: string, expected: string, actual: string): void {
  if (actual !== expected) throw new AssayerError('ERR_DATA_SOURCE', { endpoint, path, expected, actual });
}
