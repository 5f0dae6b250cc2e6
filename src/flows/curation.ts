import { reversesOrder, toModelled } from '../core/endpoint.ts';
import { AssayerError } from '../core/errors.ts';
import { type Measurement, mergeDuplicates, type Relation } from './curation-merge.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';

/** A data row of a raw file: texts as written, and what chemistry says of the compound. */
export interface RawRecord {
  /** From 0, the header not counted. */
  readonly row: number;
  readonly input: string;
  readonly value: string;
  /** '' where the file has no such column. */
  readonly relation: string;
  readonly unit: string;
  /** Standard InChIKey of the record as written; '' where InChI has none, null where the record was refused. */
  readonly inchikey: string | null;
  /** Why chemistry refused the record. */
  readonly refusal: string | null;
}

/** Why a row of the raw file is not a row of the dataset. */
export type DropReason =
  | 'no-value'
  | 'not-a-number'
  | 'unknown-relation'
  | 'unparsable'
  | 'no-inchikey'
  | 'implausible'
  | 'merged'
  | 'conflict'
  | 'not-in-split'
  | 'rejected'
  | 'same-parent-in-test';

/** A row that was dropped, with what a reader needs to judge that. */
export interface DroppedRow {
  readonly record: RawRecord;
  readonly reason: DropReason;
  readonly detail: string;
  /** The row it was merged into. */
  readonly keptRow: number | null;
}

/** A compound of the dataset: its first row that agrees with the label. */
export interface CuratedRow {
  readonly record: RawRecord;
  /** On the modelled scale. */
  readonly y: number;
  /** -1 the true value is at or below y, 0 it is y, 1 it is at or above y. */
  readonly relation: Relation;
  /** True where no exact value was published, only a bound. */
  readonly isBound: boolean;
  /** Raw rows behind it. */
  readonly n: number;
}

export interface Curation {
  /** In the order of their rows. */
  readonly kept: readonly CuratedRow[];
  readonly dropped: readonly DroppedRow[];
  /** Compounds whose rows contradict each other. */
  readonly conflictCompounds: number;
}

/** Relations as files write them: 1 the true value is above what is written, -1 below. */
const RELATIONS: Readonly<Record<string, Relation>> = {
  '': 0,
  '=': 0,
  '~': 0,
  '>': 1,
  '>=': 1,
  '<': -1,
  '<=': -1,
};
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NO_VALUE = /^(|nan|na|n\/a|null|none)$/i;
/** On the modelled scale; values at an assay limit differ from it by their rounding only. */
const LIMIT_TOLERANCE = 1e-6;

/**
 * Makes the kept compounds of a dataset from the rows of its raw file, and says of every other row why it is not
 * among them. Rules, in this order: no value, unreadable structure, no InChIKey, implausible value; then rows of one
 * InChIKey (of the whole record) are merged or, where they contradict each other, all dropped (curation-merge.ts).
 * A record that chemistry refused stands for itself: the split says whether it counts.
 * @param path the raw file, for messages
 * @throws ERR_DATA_LABELS, ERR_DATA_UNITS
 */
export function curate(recipe: DatasetRecipe, records: readonly RawRecord[], path: string): Curation {
  const dropped: DroppedRow[] = [];
  const measurements: Measurement[] = [];
  for (const record of records) {
    const drop = (reason: DropReason, detail: string) =>
      dropped.push({ record, reason, detail, keptRow: null });
    const relation = relationOf(recipe, record);
    if (NO_VALUE.test(record.value)) drop('no-value', '');
    else if (!DECIMAL.test(record.value)) drop('not-a-number', record.value);
    else if (relation === undefined) drop('unknown-relation', record.relation);
    else if (record.inchikey === '') drop('no-inchikey', '');
    else {
      const y = labelOf(recipe, record, path);
      if (y === null) drop('implausible', [record.value, record.unit].join(' ').trim());
      else measurements.push({ record, y, relation });
    }
  }
  requireLabels(recipe, dropped, measurements, path);

  const compounds = Map.groupBy(measurements, ({ record }) => record.inchikey ?? `row ${record.row}`);
  const kept: CuratedRow[] = [];
  let conflictCompounds = 0;
  for (const rows of compounds.values()) {
    const merged = mergeDuplicates(recipe.endpoint.kind, rows);
    const values = rows.map(valueText).join('; ');
    if (merged === null) {
      conflictCompounds++;
      const all = `rows ${rows.map(({ record }) => record.row).join(', ')}: ${values}`;
      for (const { record } of rows) dropped.push({ record, reason: 'conflict', detail: all, keptRow: null });
      continue;
    }
    const { record } = merged;
    kept.push({
      record,
      y: merged.y,
      relation: merged.relation || sideOfLimit(recipe, merged.y),
      isBound: merged.relation !== 0,
      n: rows.length,
    });
    const detail = `values ${values}; kept ${valueText(merged)}`;
    for (const other of rows) {
      if (other.record !== record) {
        dropped.push({ record: other.record, reason: 'merged', detail, keptRow: record.row });
      }
    }
  }
  kept.sort((a, b) => a.record.row - b.record.row);
  return { kept, dropped, conflictCompounds };
}

/** The relation on the modelled scale; undefined where the text is none. */
function relationOf({ endpoint }: DatasetRecipe, { relation }: RawRecord): Relation | undefined {
  if (!Object.hasOwn(RELATIONS, relation)) return undefined;
  const side = RELATIONS[relation];
  return reversesOrder(endpoint.transform) && side !== 0 ? (side === 1 ? -1 : 1) : side;
}

/** The label on the modelled scale; null where the value cannot be true. */
function labelOf(recipe: DatasetRecipe, record: RawRecord, path: string): number | null {
  const { endpoint, units, plausible } = recipe;
  if (units && !Object.hasOwn(units.factors, record.unit)) {
    throw new AssayerError('ERR_DATA_UNITS', {
      endpoint: endpoint.id,
      row: record.row,
      unit: record.unit || 'no unit',
      known: Object.keys(units.factors).join(', '),
      path,
    });
  }
  const value = Number(record.value) * (units?.factors[record.unit] ?? 1);
  if (endpoint.kind === 'classification' && value !== 0 && value !== 1) {
    const problem = `row ${record.row} reads ${record.value}, which is neither 0 nor 1`;
    throw new AssayerError('ERR_DATA_LABELS', { endpoint: endpoint.id, problem, path });
  }
  const y = toModelled(endpoint.transform, value);
  const isPlausible = !plausible || (value >= plausible.from && value <= plausible.to);
  return isPlausible && Number.isFinite(y) ? y : null;
}

/** @throws ERR_DATA_LABELS where not one label is a number */
function requireLabels(
  { endpoint, valueColumn }: DatasetRecipe,
  dropped: readonly DroppedRow[],
  measurements: readonly Measurement[],
  path: string,
): void {
  const text = dropped.find(({ reason }) => reason === 'not-a-number');
  if (measurements.length > 0 || !text) return;
  const problem = `column ${valueColumn} holds no numbers (row ${text.record.row} reads ${text.detail})`;
  throw new AssayerError('ERR_DATA_LABELS', { endpoint: endpoint.id, problem, path });
}

function sideOfLimit({ assayLimits }: DatasetRecipe, y: number): Relation {
  if (assayLimits?.lower !== undefined && y <= assayLimits.lower + LIMIT_TOLERANCE) return -1;
  if (assayLimits?.upper !== undefined && y >= assayLimits.upper - LIMIT_TOLERANCE) return 1;
  return 0;
}

/** A value on the modelled scale as a reader wants it: `5.25`, `<4.5`. */
function valueText({ y, relation }: { readonly y: number; readonly relation: Relation }): string {
  return `${['<', '', '>'][relation + 1]}${Number(y.toFixed(4))}`;
}
