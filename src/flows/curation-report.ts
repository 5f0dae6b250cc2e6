import type { TableColumn } from '../store/table-columns.ts';
import { createTableWriter } from '../store/table-writer.ts';
import type { DroppedRow } from './curation.ts';
import type { Dataset } from './dataset.ts';

/** One row for each row of the raw file that is not a row of the dataset. */
const COLUMNS: readonly TableColumn[] = [
  { name: 'row', type: 'int', nullable: false },
  { name: 'input', type: 'string', nullable: false },
  { name: 'inchikey', type: 'string', nullable: true },
  { name: 'relation', type: 'string', nullable: true },
  { name: 'value', type: 'string', nullable: true },
  { name: 'unit', type: 'string', nullable: true },
  { name: 'reason', type: 'string', nullable: false },
  { name: 'kept_row', type: 'int', nullable: true },
  { name: 'detail', type: 'string', nullable: true },
];

/**
 * Writes why each raw row is not in the dataset, in the order of the file; a conflict names all rows and values of its
 * compound, on the modelled scale.
 * @param path .csv .tsv .jsonl (each also .gz), .parquet or .arrow
 * @throws ERR_OUTPUT_FORMAT, ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function writeCurationReport(
  path: string,
  { dropped, hash }: Pick<Dataset, 'dropped' | 'hash'>,
  signal?: AbortSignal,
): Promise<void> {
  await using writer = await createTableWriter(path, COLUMNS, { metadata: { dataset: hash }, signal });
  const textOrNone = (text: string | null) => text || null;
  const records = dropped.map(({ record }) => record);
  await writer.write(
    {
      row: records.map(({ row }) => row),
      input: records.map(({ input }) => input),
      inchikey: records.map(({ inchikey }) => textOrNone(inchikey)),
      relation: records.map(({ relation }) => textOrNone(relation)),
      value: records.map(({ value }) => textOrNone(value)),
      unit: records.map(({ unit }) => textOrNone(unit)),
      reason: dropped.map(({ reason }) => reason),
      kept_row: dropped.map(({ keptRow }) => keptRow),
      detail: dropped.map(({ detail }) => textOrNone(detail)),
    },
    dropped.length,
  );
  await writer.finish();
}

/** How many rows were dropped for each reason, by name. */
export function countReasons(dropped: readonly DroppedRow[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of dropped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
