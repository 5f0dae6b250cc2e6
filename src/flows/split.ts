import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';

/** One kept row of a dataset: its place in the raw file, its part, its label. */
export interface SplitRow {
  /** Data row of the raw file, from 0. */
  readonly row: number;
  readonly part: 'train' | 'test';
  /** On the modelled scale. */
  readonly y: number;
  /** `=`, or `<` / `>` where y is only a bound. */
  readonly relation: '=' | '<' | '>';
  /** Number of the row's scaffold. */
  readonly group: number;
}

export interface Split {
  readonly sha256: string;
  readonly rows: readonly SplitRow[];
}

/**
 * Reads a split file: gzipped CSV without quotes, columns row, split, y, rel, group and others.
 * @throws ERR_DATA_MISMATCH
 */
export async function readSplit(path: string, endpoint: string): Promise<Split> {
  const bytes = await readFile(path);
  const [head, ...lines] = gunzipSync(bytes).toString('utf8').trimEnd().split('\n');
  const names = head.split(',');
  const at = (name: string): number => {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    throw new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem: `there is no column ${name}`, path });
  };
  const [row, part, y, relation, group] = ['row', 'split', 'y', 'rel', 'group'].map(at);
  const rows = lines.map((line, i): SplitRow => {
    const cells = line.split(',');
    const entry = {
      row: Number(cells[row]),
      part: cells[part] as SplitRow['part'],
      y: Number(cells[y]),
      relation: cells[relation] as SplitRow['relation'],
      group: Number(cells[group]),
    };
    const valid =
      Number.isInteger(entry.row) &&
      ['train', 'test'].includes(entry.part) &&
      Number.isFinite(entry.y) &&
      ['=', '<', '>'].includes(entry.relation) &&
      Number.isInteger(entry.group);
    if (valid) return entry;
    throw new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem: `line ${i + 2} reads ${line}`, path });
  });
  return { sha256: sha256(bytes), rows };
}
