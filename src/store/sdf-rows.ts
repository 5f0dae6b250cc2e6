import { AssayerError } from '../core/errors.ts';
import type { InputBytes } from './input-bytes.ts';
import { readLines } from './read-lines.ts';
import { RECORD_LIMIT_BYTES, type RowSource, requireFewColumns } from './row-source.ts';

/** Pseudo-columns of an SD file, before its data fields. */
export const MOLBLOCK_COLUMN = '_Molblock';
export const NAME_COLUMN = '_Name';

/** Records looked at to learn the data fields. */
const FIELDS_FROM_RECORDS = 1000;

interface SdfRecord {
  /** From the header line to "M  END", lines joined by LF; the whole record where there is no data field either. */
  readonly molblock: string;
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * An SD file as rows: the molblock, the name in its first line, and the data fields of the first 1,000 records. The last
 * record need not end in `$$$$`. A record without a molblock stays a row.
 * @throws ERR_INPUT_LINE_TOO_LONG for a record over 4 MiB, and what readLines throws
 * @source CTfile formats (BIOVIA, 2020), chapter SDfiles
 */
export async function openSdfRows(bytes: InputBytes, signal?: AbortSignal): Promise<RowSource> {
  const fields = new Set<string>();
  let count = 0;
  for await (const records of readRecords(bytes, signal)) {
    for (const record of records) for (const field of record.fields.keys()) fields.add(field);
    requireFewColumns(bytes.path, 'SD file', fields.size);
    count += records.length;
    if (count >= FIELDS_FROM_RECORDS) break;
  }
  const columns = [MOLBLOCK_COLUMN, NAME_COLUMN, ...fields];
  return {
    columns,
    rowCount: null,
    async *read(wanted, readSignal) {
      for await (const records of readRecords(bytes, readSignal)) {
        if (records.length === 0) continue;
        yield wanted.map((column) => records.map((record) => cellText(record, column, columns)));
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function cellText(record: SdfRecord, column: number, columns: readonly string[]): string {
  if (column === 0) return record.molblock;
  return column === 1 ? record.name : (record.fields.get(columns[column]) ?? '');
}

async function* readRecords(bytes: InputBytes, signal?: AbortSignal): AsyncGenerator<SdfRecord[]> {
  let lines: string[] = [];
  let sizeBytes = 0;
  let lineNumber = 0;
  for await (const piece of readLines(bytes, signal)) {
    const records: SdfRecord[] = [];
    for (const line of piece) {
      lineNumber++;
      if (line.startsWith('$$$$')) {
        records.push(parseRecord(lines));
        lines = [];
        sizeBytes = 0;
        continue;
      }
      lines.push(line);
      sizeBytes += line.length + 1;
      if (sizeBytes > RECORD_LIMIT_BYTES) {
        const details = { path: bytes.path, line: lineNumber, limitBytes: RECORD_LIMIT_BYTES };
        throw new AssayerError('ERR_INPUT_LINE_TOO_LONG', details);
      }
    }
    yield records;
  }
  if (lines.some((line) => line.trim() !== '')) yield [parseRecord(lines)];
}

function parseRecord(lines: readonly string[]): SdfRecord {
  const isField = (line: string) => line.startsWith('>');
  const ended = lines.findIndex((line) => /^M {2}END/.test(line));
  const firstField = lines.findIndex((line, i) => i > ended && isField(line));
  const molEnd = ended >= 0 ? ended + 1 : firstField >= 0 ? firstField : lines.length;
  const fields = new Map<string, string>();
  for (let i = molEnd; i < lines.length; i++) {
    const name = isField(lines[i]) ? (/<([^>]*)>/.exec(lines[i])?.[1] ?? '') : '';
    if (name === '') continue;
    const values: string[] = [];
    while (i + 1 < lines.length && lines[i + 1].trim() !== '' && !/^> +.*<.*>/.test(lines[i + 1]))
      values.push(lines[++i]);
    if (!fields.has(name)) fields.set(name, values.join('\n'));
  }
  const molblock = lines.slice(0, molEnd).join('\n');
  return { molblock: molblock.trim() === '' ? '' : `${molblock}\n`, name: (lines[0] ?? '').trim(), fields };
}
