import {
  type DriftEffect,
  type DriftStream,
  type Moved,
  NOT_EVALUABLE,
  type NotEvaluable,
  type Verdict,
} from '../../core/drift.ts';
import { cannotFire, smallestP } from '../../statistics/cannot-fire.ts';
import { minimumDetectableEffect } from '../../statistics/minimum-detectable-effect.ts';
import { judgeLook } from '../../statistics/planned-looks.ts';
import {
  type DriftCheck,
  drawLabels,
  type GatheredRows,
  gatherRows,
  type PooledRows,
} from './drift-check.ts';

/** A side with fewer rows, or fewer clusters where those are permuted, has no verdict. */
const LEAST_ROWS = 20;
const LEAST_CLUSTERS = 5;

/** What a stream's test found. */
export interface Finding {
  readonly stream: DriftStream;
  readonly test: string;
  readonly effect: DriftEffect;
  readonly p: number;
  /** Infinity where none is known. */
  readonly detectable: number;
  readonly moved: readonly Moved[];
  /** What to say where it has moved, and what was not seen where it has not. */
  readonly words: { readonly drift: string; readonly steady: string };
}

/** Rows and units behind a verdict. */
export function countsOf({ observed, clusters, nullHypothesis }: GatheredRows): Verdict['counts'] {
  const batch = observed.reduce((sum, side) => sum + side, 0);
  const units = nullHypothesis === 'rows' ? observed.length : new Set(clusters).size;
  return { reference: observed.length - batch, batch, units };
}

/** The verdict of a test: drift where p is at most the stream's part of alpha. */
export function judged(check: DriftCheck, pooled: PooledRows, finding: Finding): Verdict {
  const { settings, streamAlpha } = check;
  const { words, detectable, ...rest } = finding;
  const state = judgeLook(finding.p, streamAlpha, settings.permutations) === 'drift' ? 'drift' : 'steady';
  return {
    ...rest,
    state,
    inWords: words[state],
    alpha: streamAlpha,
    counts: countsOf(pooled),
    minimumDetectable: Number.isFinite(detectable) ? detectable : null,
    nullHypothesis: pooled.nullHypothesis,
    permutations: settings.permutations,
    seed: settings.seed,
  };
}

/** Permuted values that a spread can be known from. */
const LEAST_PERMUTED = 20;

/**
 * Smallest effect that is found 8 times in 10 at a level, by the permuted values of its statistic.
 * @param values  [B + 1], column 0 observed
 * @param effect  of the permuted values: `minimumDetectableEffect` for a mean or a share
 * @returns Infinity where none is known: with too few permutations, or where a labelling without a shift is already far below
 *   0, as for two equal files
 */
export function detectableEffect(
  values: Float64Array,
  alpha: number,
  effect: (permuted: Float64Array, search: { alpha: number }) => number = minimumDetectableEffect,
): number {
  const permuted = values.subarray(1).filter((value) => !Number.isNaN(value));
  const found = permuted.length < LEAST_PERMUTED ? 0 : effect(permuted, { alpha });
  return found > 0 ? found : Number.POSITIVE_INFINITY;
}

/** What would have been found, as a sentence. @param effect  '... of 0.12', from its figure */
export function wouldBeFound(detectable: number, effect: (figure: string) => string): string {
  if (!Number.isFinite(detectable)) return 'How large a shift it would have found is not known.';
  return `${effect(figure(detectable))} would have been found 8 times in 10.`;
}

/** A stream that cannot be judged. @param problem completes "Not judged: ..." with figures */
export function notJudged(
  check: DriftCheck,
  stream: DriftStream,
  test: string,
  reason: NotEvaluable,
  problem: string,
): Verdict {
  const { settings, streamAlpha } = check;
  return {
    stream,
    state: 'not-evaluable',
    reason,
    inWords: `Not judged, because ${NOT_EVALUABLE[reason]}: ${problem}.`,
    test,
    effect: null,
    p: null,
    alpha: streamAlpha,
    counts: { reference: check.reference.inchikeys.length, batch: check.batch.inchikeys.length, units: 0 },
    minimumDetectable: null,
    nullHypothesis: 'none',
    permutations: settings.permutations,
    seed: settings.seed,
    moved: [],
  };
}

/**
 * Rows of both sides with their labels, or the verdict that says why they cannot be judged by permutation.
 * @param asked.reference, asked.batch  rows; all when not said
 * @param asked.level                   what p is compared with; the stream's part of alpha when not said
 */
export function poolJudgeable(
  check: DriftCheck,
  stream: DriftStream,
  test: string,
  asked: {
    readonly reference?: ArrayLike<number>;
    readonly batch?: ArrayLike<number>;
    readonly level?: number;
  } = {},
): { readonly pooled: PooledRows } | { readonly refused: Verdict } {
  const gathered = gatherRows(check, asked.reference, asked.batch);
  const problem = tooFew(gathered);
  if (problem) return { refused: notJudged(check, stream, test, 'too-few-compounds', problem) };
  const pooled = drawLabels(check, gathered);
  const { level = check.streamAlpha } = asked;
  const { permutations } = check.settings;
  const { labellings } = pooled.labels;
  if (!cannotFire(level, permutations, labellings)) return { pooled };
  const silent = `the smallest possible p is ${figure(smallestP(permutations, labellings))}, this stream's part of alpha ${figure(level)}; ${whatItNeeds(level, labellings)}`;
  return { refused: notJudged(check, stream, test, 'cannot-fire-at-this-alpha', silent) };
}

/** Permutations, or clusters, that a test at a level needs before it can fire. */
function whatItNeeds(level: number, labellings: number): string {
  if (cannotFire(level, Number.POSITIVE_INFINITY, labellings)) {
    return `there are only ${labellings} ways to deal the clusters to the two sides: give more clusters`;
  }
  // Levels are quotients of decimals: a rounding error is no further permutation.
  return `give at least ${Math.ceil(1 / level - 1 - 1e-9)} permutations`;
}

function tooFew({ observed, clusters, nullHypothesis }: GatheredRows): string | null {
  for (const [side, name] of ['reference', 'batch'].entries()) {
    const rows = [...observed.keys()].filter((row) => observed[row] === side);
    if (rows.length < LEAST_ROWS)
      return `the ${name} has ${rows.length} that can be compared, and ${LEAST_ROWS} are needed`;
    const units = new Set(rows.map((row) => clusters[row])).size;
    if (nullHypothesis === 'clusters' && units < LEAST_CLUSTERS)
      return `the ${name} has ${units} ${units === 1 ? 'cluster' : 'clusters'}, and ${LEAST_CLUSTERS} are needed`;
  }
  return null;
}

/** A number for a sentence: three significant digits. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
