import type { TableColumn } from '../store/table-columns.ts';
import type { TableWriter } from '../store/table-writer.ts';
import type { Neighbor } from './neighbors-answer.ts';

/** The columns of a table of neighbours; of a refused query there is one row, with its reason and no neighbour. */
export const NEIGHBOR_COLUMNS: readonly TableColumn[] = [
  { name: 'query_row', type: 'int', nullable: false },
  { name: 'query_id', type: 'string', nullable: false },
  { name: 'rank', type: 'int', nullable: true },
  { name: 'neighbor_id', type: 'string', nullable: true },
  { name: 'similarity', type: 'float', nullable: true },
  { name: 'intersection', type: 'int', nullable: true, unit: 'bits' },
  { name: 'union', type: 'int', nullable: true, unit: 'bits' },
  { name: 'reason', type: 'string', nullable: true },
];

/** A query and what it found; `reason` is set where it was refused. */
export interface AnsweredQuery {
  readonly row: number;
  readonly id: string;
  readonly reason: string | null;
  readonly neighbors: readonly Neighbor[];
}

/** Rows handed to the writer at once. */
const PIECE_ROWS = 8192;

/** Writes answers as rows: one for each neighbour, from rank 1. */
export async function writeNeighbors(writer: TableWriter, queries: readonly AnsweredQuery[]): Promise<void> {
  let rows: (readonly [AnsweredQuery, number, Neighbor | null])[] = [];
  const flush = async () => {
    const found = rows.map(([, , neighbor]) => neighbor);
    await writer.write(
      {
        query_row: rows.map(([query]) => query.row),
        query_id: rows.map(([query]) => query.id),
        rank: rows.map(([, rank, neighbor]) => (neighbor ? rank : null)),
        neighbor_id: found.map((neighbor) => neighbor?.id ?? null),
        similarity: found.map((neighbor) => neighbor?.similarity ?? null),
        intersection: found.map((neighbor) => neighbor?.intersection ?? null),
        union: found.map((neighbor) => neighbor?.union ?? null),
        reason: rows.map(([query]) => query.reason),
      },
      rows.length,
    );
    rows = [];
  };
  for (const query of queries) {
    if (query.reason !== null) rows.push([query, 0, null]);
    for (const [i, neighbor] of query.neighbors.entries()) {
      rows.push([query, i + 1, neighbor]);
      if (rows.length === PIECE_ROWS) await flush();
    }
  }
  if (rows.length > 0) await flush();
}
