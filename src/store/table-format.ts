import { AssayerError } from '../core/errors.ts';
import { looksLikeSmiles } from './smiles-text.ts';

export const INPUT_FORMATS = ['csv', 'tsv', 'smi', 'sdf', 'parquet', 'arrow', 'jsonl'] as const;

/** How an input's bytes hold a table. */
export type TableFormat = (typeof INPUT_FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, TableFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  smi: 'smi',
  ism: 'smi',
  smiles: 'smi',
  can: 'smi',
  sdf: 'sdf',
  sd: 'sdf',
  mol: 'sdf',
  parquet: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  arrows: 'arrow',
  feather: 'arrow',
  ipc: 'arrow',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
};

/** Format by the name's extension, `.gz` left aside; null where it says nothing. */
export function formatOfName(path: string): TableFormat | null {
  const extension = /\.([a-z0-9]+)(?:\.gz)?$/i.exec(path)?.[1].toLowerCase() ?? '';
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : null;
}

const MAGIC: readonly { readonly bytes: readonly number[]; readonly what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive or an Excel workbook' },
  { bytes: [0x42, 0x5a, 0x68], what: 'a bzip2 file' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz file' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'a Zstandard file' },
  { bytes: [0x1f, 0x8b], what: 'a gzip file inside a gzip file' },
];

/**
 * Format of an input: as named by the caller; else Parquet and Arrow by their magic bytes; else by the file's name;
 * else by the text at its start.
 * @param head the first bytes after gunzip, 64 KiB or the whole input
 * @throws ERR_INPUT_FORMAT
 */
export function detectFormat(path: string, head: Buffer, named: TableFormat | undefined): TableFormat {
  const refuse = (problem: string) =>
    new AssayerError('ERR_INPUT_FORMAT', { path, format: named ?? formatOfName(path) ?? 'text', problem });
  const binary = binaryFormat(head);
  const format = named ?? binary ?? formatOfName(path) ?? null;
  if (binary !== format && (format === 'parquet' || format === 'arrow')) {
    throw refuse(`it does not begin as ${format === 'parquet' ? 'Parquet (PAR1)' : 'Arrow IPC'} does`);
  }
  if (binary && binary !== format)
    throw refuse(`it is ${binary === 'arrow' ? 'an Arrow' : 'a Parquet'} file`);
  if (binary) return binary;
  for (const { bytes, what } of MAGIC) {
    if (bytes.every((byte, i) => head[i] === byte)) throw refuse(`it is ${what}; unpack it first`);
  }
  if (isUtf16(head)) throw refuse('it is UTF-16 text; save it as UTF-8');
  return format ?? textFormat(head.toString('utf8'));
}

function binaryFormat(head: Buffer): 'parquet' | 'arrow' | null {
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  if (head.toString('latin1', 0, 6) === 'ARROW1') return 'arrow';
  const isStream = head.length >= 8 && head.readInt32LE(0) === -1 && head.readInt32LE(4) > 0;
  return isStream ? 'arrow' : null;
}

/** By its byte order mark, or by every second byte being zero as in Western text. */
function isUtf16(head: Buffer): boolean {
  if (
    head.length >= 2 &&
    ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
  ) {
    return true;
  }
  const length = Math.min(head.length, 512);
  const zeros = [0, 0];
  for (let i = 0; i < length; i++) if (head[i] === 0) zeros[i & 1]++;
  return length >= 8 && Math.max(...zeros) > length * 0.4;
}

function textFormat(text: string): TableFormat {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  if (lines.some((line) => /^M {2}END|^\$\$\$\$|V[23]000\s*$/.test(line))) return 'sdf';
  const first = lines.find((line) => line !== '') ?? '';
  if (/^\s*\{/.test(first)) return 'jsonl';
  const token = first.trim().split(/\s+/)[0];
  const isHeader = /^smiles$/i.test(token) && !first.includes('\t') && /\s/.test(first.trim());
  if (!first.includes(',') && (isHeader || looksLikeSmiles(token))) return 'smi';
  return first.includes('\t') ? 'tsv' : 'csv';
}
