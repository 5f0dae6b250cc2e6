import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { AssayerError, describeCause } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { requireSource } from './raw-records.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/** One kept row of a dataset as its split file has it. */
export interface SplitRow {
  /** Data row of the raw file, from 0. */
  readonly row: number;
  readonly part: 'train' | 'test';
  /** On the modelled scale, rounded to six decimals. */
  readonly y: number;
  /** Raw rows merged into this one. */
  readonly n: number;
  /** `=`, or `<` / `>` where y is only a bound. */
  readonly relation: '=' | '<' | '>';
  /** Number of the row's scaffold. */
  readonly group: number;
}

/**
 * Reads a recipe's split file: gzipped CSV without quotes, columns row, split, y, n, rel, group and others.
 * @throws ERR_DATA_SOURCE, ERR_DATA_MISMATCH
 */
export async function readSplit(recipe: DatasetRecipe, path: string): Promise<SplitRow[]> {
  const endpoint = recipe.endpoint.id;
  const bytes = unpacked(recipe, path, await readFile(path));
  requireSource(endpoint, path, recipe.splitSha256, sha256(bytes));
  const [head, ...lines] = bytes.toString('utf8').trimEnd().split('\n');
  const names = head.split(',');
  const at = (name: string): number => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem: `there is no column ${name}`, path });
  };
  const [row, part, y, n, relation, group] = ['row', 'split', 'y', 'n', 'rel', 'group'].map(at);
  return lines.map((line, i): SplitRow => {
    const cells = line.split(',');
    const entry = {
      row: Number(cells[row]),
      part: cells[part] as SplitRow['part'],
      y: Number(cells[y]),
      n: Number(cells[n]),
      relation: cells[relation] as SplitRow['relation'],
      group: Number(cells[group]),
    };
    const valid =
      Number.isInteger(entry.row) &&
      ['train', 'test'].includes(entry.part) &&
      Number.isFinite(entry.y) &&
      Number.isInteger(entry.n) &&
      ['=', '<', '>'].includes(entry.relation) &&
      Number.isInteger(entry.group);
    if (valid) return entry;
    throw new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem: `line ${i + 2} reads ${line}`, path });
  });
}

/** The bytes inside the gzip; a file that is empty or cut off is another file than the recipe's. */
function unpacked(recipe: DatasetRecipe, path: string, packed: Buffer): Buffer {
  try {
    return gunzipSync(packed);
  } catch (cause) {
    const details = {
      endpoint: recipe.endpoint.id,
      path,
      expected: recipe.splitSha256,
      actual: `${sha256(packed)} as it lies and is no whole gzip stream (${describeCause(cause)})`,
    };
    throw new AssayerError('ERR_DATA_SOURCE', details, { cause });
  }
}
