import { AssayerError } from './errors.ts';

/** Longest fingerprint that a search takes; with it every comparison below stays in exact integers. */
export const MAX_BITS = 8192;
/** Tversky's weights are given to three decimals. */
const TVERSKY_STEPS = 1000;
/** Largest weight of a metric and largest denominator of a threshold, for the same reason. */
const MAX_WEIGHT = 4 * TVERSKY_STEPS;
export const MAX_THRESHOLD_DENOMINATOR = 10_000;

/**
 * How alike two fingerprints are, from their set bits a (query) and b (target) and the shared bits c:
 *
 *     weighted  S c / (S c + Q (a - c) + T (b - c))     Tanimoto 1,1,1; Dice 2,1,1; Tversky 1,alpha,beta
 *     cosine    c / sqrt(a b), compared by its square
 *
 * Two empty fingerprints have similarity 1; any other 0 / 0 is 0.
 */
export type Metric =
  | { readonly kind: 'weighted'; readonly shared: number; readonly query: number; readonly target: number }
  | { readonly kind: 'cosine' };

export const TANIMOTO: Metric = { kind: 'weighted', shared: 1, query: 1, target: 1 };
export const DICE: Metric = { kind: 'weighted', shared: 2, query: 1, target: 1 };
export const COSINE: Metric = { kind: 'cosine' };

/**
 * Tversky's index, c / (c + alpha (a - c) + beta (b - c)).
 * @param alpha  weight of the query's own bits, 0..4 in steps of 0.001
 * @param beta   weight of the target's own bits, likewise
 * @throws ERR_USAGE
 * @source Tversky 1977, doi:10.1037/0033-295X.84.4.327
 */
export function tversky(alpha: number, beta: number): Metric {
  const query = Math.round(alpha * TVERSKY_STEPS);
  const target = Math.round(beta * TVERSKY_STEPS);
  for (const [name, given, steps] of [
    ['alpha', alpha, query],
    ['beta', beta, target],
  ] as const) {
    if (!(given >= 0 && steps <= MAX_WEIGHT && Math.abs(given * TVERSKY_STEPS - steps) < 1e-6)) {
      const problem = `Tversky's ${name} is ${given}. Give a number from 0 to 4 with at most three decimals.`;
      throw new AssayerError('ERR_USAGE', { problem });
    }
  }
  return { kind: 'weighted', shared: TVERSKY_STEPS, query, target };
}

/** An exact ratio of two integers, denominator at least 1. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** Similarity as an exact fraction (the cosine's square); numerator and denominator at most 2^26. */
export function similarityFraction(
  metric: Metric,
  shared: number,
  queryBits: number,
  targetBits: number,
): Fraction {
  const cosine = metric.kind === 'cosine';
  const numerator = cosine ? shared * shared : metric.shared * shared;
  const denominator = cosine
    ? queryBits * targetBits
    : numerator + metric.query * (queryBits - shared) + metric.target * (targetBits - shared);
  if (denominator > 0) return { numerator, denominator };
  return { numerator: queryBits + targetBits === 0 ? 1 : 0, denominator: 1 };
}

/** Positive when x is larger, 0 when both are the same ratio. Exact: each product is below 2^53. */
export function compareFractions(x: Fraction, y: Fraction): number {
  return x.numerator * y.denominator - y.numerator * x.denominator;
}

/**
 * A similarity in float64 that orders as the fractions do: two different fractions are at least 2^-52 apart, and
 * rounding moves each by 2^-54 at most. For the cosine this is its square; see `similarityValue` for showing it.
 */
export function similarityRank(
  metric: Metric,
  shared: number,
  queryBits: number,
  targetBits: number,
): number {
  const { numerator, denominator } = similarityFraction(metric, shared, queryBits, targetBits);
  return numerator / denominator;
}

/** The similarity to show, 0..1. */
export function similarityValue(
  metric: Metric,
  shared: number,
  queryBits: number,
  targetBits: number,
): number {
  const rank = similarityRank(metric, shared, queryBits, targetBits);
  return metric.kind === 'cosine' ? Math.sqrt(rank) : rank;
}

/** A threshold in the form that `similarityFraction` is compared with: squared for the cosine. */
export function thresholdFraction(metric: Metric, { numerator, denominator }: Fraction): Fraction {
  return metric.kind === 'cosine'
    ? { numerator: numerator * numerator, denominator: denominator * denominator }
    : { numerator, denominator };
}

/** Most bins of a histogram of similarities; with it the bin of a cosine is exact, too. */
export const MAX_BINS = 4096;

/**
 * The bin of a similarity among `bins` equal ones: bin i holds i / bins <= similarity < (i + 1) / bins, the last one also
 * 1. Exact: for the cosine the squares are compared.
 */
export function similarityBin(
  metric: Metric,
  shared: number,
  queryBits: number,
  targetBits: number,
  bins: number,
): number {
  const { numerator, denominator } = similarityFraction(metric, shared, queryBits, targetBits);
  const power = metric.kind === 'cosine' ? 2 : 1;
  const reaches = (bin: number) => numerator * bins ** power >= bin ** power * denominator;
  let bin = Math.floor((numerator / denominator) ** (1 / power) * bins);
  if (!reaches(bin)) bin--;
  else if (reaches(bin + 1)) bin++;
  return Math.min(bin, bins - 1);
}
