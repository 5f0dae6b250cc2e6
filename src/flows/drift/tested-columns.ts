import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../core/descriptors.ts';
import { quantile } from '../../statistics/quantile.ts';
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
  }));
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

/**
 * The covariates that both sides have. A column whose cells are numbers, or empty, is one of numbers; an empty cell counts as
 * the median of both sides, which no labelling changes, and how many there are on either side is a column of its own.
 */
export function covariateColumns({ reference, batch }: DriftCheck): TestedColumn[] {
  return [...batch.covariates].flatMap(([name, cells]) => {
    const own = reference.covariates.get(name);
    if (!own) return [];
    const texts = [...own, ...cells].map((text) => text.trim());
    const base = { kind: 'covariate', unit: '' } as const;
    const known = texts.filter((text) => text !== '');
    const isNumeric = known.length > 0 && known.every((text) => Number.isFinite(Number(text)));
    if (!isNumeric) return [{ ...base, name, ...categoriesOf(texts) }];
    const median = quantile(Float64Array.from(known, Number).sort(), 0.5);
    const values = Float64Array.from(texts, (text) => (text === '' ? median : Number(text)));
    const numbers = { ...base, name, values, categories: null };
    if (known.length === texts.length) return [numbers];
    const given = texts.map((text) => (text === '' ? 'empty' : 'given'));
    return [numbers, { ...base, name: `${name} (empty cells)`, ...categoriesOf(given) }];
  });
}

function categoriesOf(texts: readonly string[]): Pick<TestedColumn, 'values' | 'categories'> {
  const categories = [...new Set(texts)];
  const numbers = new Map(categories.map((name, number) => [name, number]));
  return { values: Float64Array.from(texts, (text) => numbers.get(text) as number), categories };
}

/** Whether a column is the same in every row: there is nothing to test. */
export function isConstant({ values }: TestedColumn): boolean {
  return values.every((value) => value === values[0]);
}
