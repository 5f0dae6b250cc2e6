import { toModelled } from '../core/endpoint.ts';
import { AssayerError } from '../core/errors.ts';
import { findColumn } from '../store/choose-columns.ts';
import { findColumns } from '../store/find-columns.ts';
import { InputBytes } from '../store/input-bytes.ts';
import { detectFormat, type TableFormat } from '../store/table-format.ts';
import type { Workspace } from '../store/workspace.ts';
import type { TableRequest } from './labelled-table.ts';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NO_VALUE = /^(|nan|na|n\/a|null|none)$/i;
const BOUND = /^[<>≤≥~]/;
const WITH_UNIT = /^[+-]?[\d.]+(e[+-]?\d+)?\s*[a-zµμ%]/i;
/** Names of columns that say in which unit a row's value is. */
const UNIT_COLUMN = /^(standard[ _]?)?(value[ _]?)?units?$/i;

/**
 * The labels of a table, on the modelled scale; null where a row has none.
 * @throws ERR_INPUT_COLUMN_NOT_FOUND and what a reader of inputs throws, ERR_DATA_LABELS for a value that is no plain
 *   number, cannot be true in the endpoint's unit, or is in another unit than others
 */
export async function readLabels(
  request: TableRequest,
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<{ readonly labels: readonly (number | null)[]; readonly valueColumn: string }> {
  const { path, smilesColumn } = request;
  await using bytes = await InputBytes.open(path, workspace.tmp, process.stdin, signal);
  const format = detectFormat(path, await bytes.head(signal), undefined);
  const { source } = await findColumns(bytes, format, { smilesColumn }, signal);
  await using _ = source;
  const value = findColumn(path, source.columns, request.valueColumn ?? 'value');
  const unit = source.columns.findIndex((name) => UNIT_COLUMN.test(name.trim()));
  const place = placesOf(format, source.columns);
  const labels: (number | null)[] = [];
  let first: { readonly row: number; readonly unit: string } | null = null;
  for await (const [cells, units] of source.read(unit < 0 ? [value] : [value, unit], signal)) {
    cells.forEach((cell, i) => {
      const row = labels.length;
      const label = labelOf(request, cell.trim(), place(row), source.columns[value]);
      labels.push(label);
      if (label === null || units === undefined) return;
      first ??= { row, unit: units[i].trim() };
      if (first.unit === units[i].trim()) {
        requireUnit(request, first.unit, place(row));
        return;
      }
      throw problem(
        request,
        `${place(row)} is in ${units[i].trim() || 'no unit'}, ${place(first.row)} in ${first.unit || 'no unit'} (column ${source.columns[unit]}). Convert all to ${request.endpoint.unit}`,
      );
    });
  }
  return { labels, valueColumn: source.columns[value] };
}

/** Concentrations can be told apart; other units are written in too many ways to compare. */
const CONCENTRATION = /^[pnuµμm]?M$/;

function requireUnit(request: TableRequest, unit: string, where: string): void {
  const { endpoint } = request;
  const plain = (text: string) => text.replace(/[µμ]/, 'u');
  const comparable = CONCENTRATION.test(unit) && CONCENTRATION.test(endpoint.unit);
  if (!comparable || plain(unit) === plain(endpoint.unit)) return;
  throw problem(
    request,
    `${where} is in ${unit}, the endpoint in ${endpoint.unit}. Convert all to ${endpoint.unit}`,
  );
}

/**
 * Names a row as an editor shows it. Of CSV and TSV its line, the header being line 1; blank lines are not counted, nor
 * is a first line that says by what cells are delimited. Of other formats its number from 1.
 */
function placesOf(format: TableFormat, columns: readonly string[]): (row: number) => string {
  if (format !== 'csv' && format !== 'tsv') return (row) => `row ${row + 1} (counted from 1)`;
  // A table without a header has its columns named by the reader.
  const isHeaderless = columns.every((name, i) => name === `column_${i + 1}`);
  return (row) => `line ${row + (isHeaderless ? 1 : 2)}`;
}

/** The label on the modelled scale. */
function labelOf(request: TableRequest, text: string, place: string, column: string): number | null {
  const { endpoint, plausible } = request;
  if (NO_VALUE.test(text)) return null;
  const reads = `${place}, column ${column}, reads "${text.slice(0, 40)}"`;
  if (!DECIMAL.test(text)) {
    const advice = BOUND.test(text)
      ? 'a bound. Figures need exact values: leave such rows out'
      : WITH_UNIT.test(text)
        ? `a number with a unit. Give plain numbers in ${endpoint.unit}`
        : 'no number. Leave the cell empty where nothing was measured';
    throw problem(request, `${reads}, ${advice}`);
  }
  const value = Number(text);
  if (endpoint.kind === 'classification' && value !== 0 && value !== 1) {
    throw problem(request, `${reads}, which is neither 0 nor 1`);
  }
  const y = toModelled(endpoint.transform, value);
  if (plausible && !(value >= plausible.from && value <= plausible.to)) {
    throw problem(
      request,
      `${reads}, outside ${plausible.from} to ${plausible.to} ${endpoint.unit}. Check the unit of the column`,
    );
  }
  if (!Number.isFinite(y)) throw problem(request, `${reads}, which has no ${endpoint.modelledScale}`);
  return y;
}

function problem({ endpoint, path }: TableRequest, text: string): AssayerError {
  return new AssayerError('ERR_DATA_LABELS', { endpoint: endpoint.id, problem: text, path });
}
