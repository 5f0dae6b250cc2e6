import type { EndpointDefinition } from '../core/endpoint.ts';
import { AssayerError } from '../core/errors.ts';
import { identity } from '../core/hash.ts';
import { type CompoundTable, openTable } from '../store/compound-table.ts';
import type { Workspace } from '../store/workspace.ts';
import type { LabelledRows } from './dataset.ts';
import type { Engine, Progress } from './engine.ts';
import { openFeatures } from './features.ts';
import { GrowingRows } from './growing-rows.ts';
import { readLabels } from './labelled-cells.ts';
import { linkedGroups } from './linked-groups.ts';

/** A table of compounds with a measured value each. */
export interface TableRequest {
  /** A file in any format that screen reads. */
  readonly path: string;
  readonly smilesColumn?: string;
  /** Values in the endpoint's unit, 0 or 1 for classes; `value` when not said. */
  readonly valueColumn?: string;
  readonly endpoint: EndpointDefinition;
  /** Values in the endpoint's unit that can be true, ends included. */
  readonly plausible?: { readonly from: number; readonly to: number };
}

/** What a table of labelled compounds holds. */
export interface LabelledTable {
  readonly path: string;
  /** SHA-256 of the file's bytes as given. */
  readonly sha256: string;
  readonly smilesColumn: string;
  readonly valueColumn: string;
  /** How format and columns were found, in words. */
  readonly how: string;
  /** Compounds that chemistry accepted, on the modelled scale; groups by scaffold and equal fingerprint. */
  readonly rows: LabelledRows;
  /** Rows of the file behind `rows`, from 0. */
  readonly at: readonly number[];
  /** Labels of rows whose compound was rejected; each is a group of its own. */
  readonly rejectedY: Float64Array;
  readonly rejectedAt: readonly number[];
  /** Rows of the file, and how many of them have no value. */
  readonly fileRows: number;
  readonly withoutValue: number;
}

/**
 * Reads a table of labelled compounds with their features under the engine's contract. Rows without a value are left
 * out and counted; duplicates stay as they are, in one group.
 * @throws ERR_INPUT_*, ERR_DATA_LABELS, ERR_CANCELLED
 */
export async function readLabelledTable(
  engine: Engine,
  request: TableRequest,
  workspace: Workspace,
  options: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<LabelledTable> {
  const { path, smilesColumn, endpoint } = request;
  const { signal } = options;
  if (path === '-') {
    const problem = 'Labelled compounds are read from files, not from standard input. Name a file.';
    throw new AssayerError('ERR_USAGE', { problem });
  }
  await using table = await openTable(path, { smilesColumn, spoolFolder: workspace.tmp, signal });
  const { labels, valueColumn } = await readLabels(request, workspace, signal);
  const found = await collect(engine, table, labels, workspace, options);
  if (found.fileRows !== labels.length) {
    const problem = `it changed while it was read: ${labels.length} values, ${found.fileRows} compounds`;
    throw new AssayerError('ERR_DATA_LABELS', { endpoint: endpoint.id, problem, path });
  }
  const { accepted, rejectedAt } = found;
  const rows = accepted.rows(accepted.at.map((row) => labels[row] as number));
  return {
    path,
    sha256: table.sha256,
    smilesColumn: table.smilesColumn,
    valueColumn,
    how: table.how,
    rows: { ...rows, groups: linkedGroups(rows) },
    at: accepted.at,
    rejectedY: Float64Array.from(rejectedAt, (row) => labels[row] as number),
    rejectedAt,
    fileRows: labels.length,
    withoutValue: labels.filter((label) => label === null).length,
  };
}

async function collect(
  engine: Engine,
  table: CompoundTable,
  labels: readonly (number | null)[],
  workspace: Workspace,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: Progress },
) {
  const accepted = new GrowingRows();
  const rejectedAt: number[] = [];
  let fileRows = 0;
  const source = await openFeatures(engine, table, workspace, signal);
  for await (const { compounds, features } of source.batches) {
    for (let i = 0; i < features.count; i++) {
      const row = compounds.rows[i];
      if (labels[row] === null || labels[row] === undefined) continue;
      if (features.reasons[i] === null) accepted.add(row, compounds.inputs[i], features, i);
      else rejectedAt.push(row);
    }
    fileRows += features.count;
    onProgress?.(fileRows, source.share(fileRows));
  }
  return { accepted, rejectedAt, fileRows };
}

/** Identity of labelled rows: of the file, its compounds' column, which of its rows, and their labels. */
export function labelsHash(table: LabelledTable): string {
  const { sha256, smilesColumn, at, rows, rejectedAt, rejectedY } = table;
  const pairs = [
    ...at.map((row, i): [number, number] => [row, rows.y[i]]),
    ...rejectedAt.map((row, i): [number, number] => [row, rejectedY[i]]),
  ];
  return identity({ source: sha256, smilesColumn, rows: pairs.sort(([a], [b]) => a - b) });
}
