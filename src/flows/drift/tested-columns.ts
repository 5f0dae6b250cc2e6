import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../core/descriptors.ts';
import { type EndpointDefinition, toUnit } from '../../core/endpoint.ts';
import { quantile } from '../../statistics/quantile.ts';
import type { DescriptorEncoding } from '../../trainers/descriptor-encoding.ts';
import { decodeDescriptor } from './decode-descriptor.ts';
import type { DriftCheck } from './drift-check.ts';

/** A column of both sides, the reference's rows first. */
export interface TestedColumn {
  readonly name: string;
  readonly kind: 'descriptor' | 'covariate' | 'output';
  /** '' where it is a count or has none */
  readonly unit: string;
  /** Numbers; for categories the number of each row's category, in the order of first appearance. */
  readonly values: Float64Array;
  /** Names of the categories; null for numbers. */
  readonly categories: readonly string[] | null;
  /** How the median of a side is told to people, where `values` are on another scale than theirs. */
  readonly shown?: Shown;
}

export interface Shown {
  /** '' for a pure number */
  readonly unit: string;
  /** @param side  0 for the reference, 1 for the batch */
  readonly medianOf: (values: Float64Array, side: number) => number;
}

/** The descriptors of both sides; none where a model keeps none. */
export function descriptorColumns({ reference, batch, ofModel }: DriftCheck): TestedColumn[] {
  const [own, other] = [reference.descriptors, batch.descriptors];
  if (!own || !other) return [];
  return DESCRIPTOR_NAMES.map((name, d) => ({
    name,
    kind: 'descriptor',
    unit: ofModel ? 'deviations of the training compounds, log scale' : '',
    values: joined(column(own, d), column(other, d)),
    categories: null,
    ...(reference.encoding && { shown: decoded(reference.encoding, batch.rawDescriptors, d) }),
  }));
}

/** Medians of descriptors as they are: of the reference decoded, of the batch as they were computed. */
function decoded(encoding: DescriptorEncoding, raw: Float64Array | undefined, d: number): Shown {
  return {
    unit: '',
    medianOf: (values, side) =>
      side === 1 && raw ? medianOf(column(raw, d)) : decodeDescriptor(encoding, d, medianOf(values)),
  };
}

/** Medians in the endpoint's unit, of values on its modelled scale. */
export function shownInUnit({ transform, unit }: Pick<EndpointDefinition, 'transform' | 'unit'>): Shown {
  return { unit, medianOf: (values) => toUnit(transform, medianOf(values)) };
}

/** @param values  sorted in place */
export function medianOf(values: Float64Array): number {
  return quantile(values.sort(), 0.5);
}

/** One side's values after the other's. */
export function joined(reference: ArrayLike<number>, batch: ArrayLike<number>): Float64Array {
  const out = new Float64Array(reference.length + batch.length);
  out.set(reference);
  out.set(batch, reference.length);
  return out;
}

function column(descriptors: Float64Array, d: number): Float64Array {
  const rows = descriptors.length / DESCRIPTOR_COUNT;
  return Float64Array.from({ length: rows }, (_, i) => descriptors[i * DESCRIPTOR_COUNT + d]);
}

/** A column of which fewer of the cells that are not empty are numbers is one of categories. */
const LEAST_NUMBERS = 0.9;

/** A covariate's cells, the reference's first. */
interface Covariate {
  readonly name: string;
  readonly texts: readonly string[];
  /** NaN where a cell is empty or no number. */
  readonly numbers: Float64Array;
  readonly isNumeric: boolean;
}

function covariatesOf({ reference, batch }: Sides): Covariate[] {
  return [...batch.covariates].flatMap(([name, cells]) => {
    const own = reference.covariates.get(name);
    if (!own) return [];
    const texts = [...own, ...cells].map((text) => text.trim());
    const numbers = Float64Array.from(texts, (text) => (text === '' ? Number.NaN : finiteOf(Number(text))));
    const [known, readable] = [texts.filter((text) => text !== ''), numbers.filter(isNumber)];
    const isNumeric = known.length > 0 && readable.length >= LEAST_NUMBERS * known.length;
    return [{ name, texts, numbers, isNumeric }];
  });
}

type Sides = Pick<DriftCheck, 'reference' | 'batch'>;

/**
 * The covariates that both sides have. A column is one of numbers where nine in ten cells that are not empty are; an empty
 * cell, and one that is no number, counts as the median of both sides, which no labelling changes, and how many there are on
 * either side is a column of its own.
 */
export function covariateColumns(sides: Sides): TestedColumn[] {
  return covariatesOf(sides).flatMap(({ name, texts, numbers, isNumeric }) => {
    const base = { kind: 'covariate', unit: '' } as const;
    if (!isNumeric) return [{ ...base, name, ...categoriesOf(texts) }];
    const median = medianOf(numbers.filter(isNumber));
    const values = numbers.map((value) => (isNumber(value) ? value : median));
    const column = { ...base, name, values, categories: null };
    if (numbers.every(isNumber)) return [column];
    const given = Array.from(numbers, (value) => (isNumber(value) ? 'given' : 'empty'));
    return [column, { ...base, name: `${name} (empty cells)`, ...categoriesOf(given) }];
  });
}

/** What a reader must know of the covariates' cells: which were empty, and which could not be read. */
export function covariateNotes(sides: Sides): string[] {
  const { reference, batch } = sides;
  const split = reference.inchikeys.length;
  return covariatesOf(sides).flatMap(({ name, texts, numbers, isNumeric }) => {
    const rows = [...texts.keys()];
    const empty = rows.filter((row) => texts[row] === '');
    const unread = rows.filter((row) => texts[row] !== '' && !isNumber(numbers[row]));
    const notes: string[] = [];
    if (empty.length > 0) {
      const before = empty.filter((row) => row < split).length;
      notes.push(
        `${name} is empty in ${before} of ${split} rows of the reference and ${empty.length - before} of ${batch.inchikeys.length} of the batch`,
      );
    }
    const readable = texts.length - empty.length - unread.length;
    if (unread.length > 0 && isNumeric) {
      const [row] = unread;
      const whose =
        row < split ? `${reference.ids[row]} in the reference` : `${batch.ids[row - split]} in the batch`;
      const cells =
        unread.length === 1
          ? '1 cell is no number and counts'
          : `${unread.length} cells are no numbers and count`;
      notes.push(`in ${name} ${cells} as empty (the first is "${texts[row].slice(0, 40)}" of ${whose})`);
    } else if (unread.length > 0 && readable > 0) {
      notes.push(
        `${name} is taken for categories, since only ${readable} of its ${texts.length - empty.length} cells are numbers`,
      );
    }
    return notes;
  });
}

const isNumber = (value: number): boolean => !Number.isNaN(value);
const finiteOf = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

function categoriesOf(texts: readonly string[]): Pick<TestedColumn, 'values' | 'categories'> {
  const categories = [...new Set(texts)];
  const numbers = new Map(categories.map((name, number) => [name, number]));
  return { values: Float64Array.from(texts, (text) => numbers.get(text) as number), categories };
}

/** Whether a column is the same in every row: there is nothing to test. */
export function isConstant({ values }: TestedColumn): boolean {
  return values.every((value) => value === values[0]);
}
