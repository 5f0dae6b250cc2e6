import { quadraticTerms } from './quadratic-terms.ts';
import {
  addRow,
  emptyMoments,
  fitRidge,
  type LinearModel,
  predictLinear,
  withoutMoments,
} from './ridge-regression.ts';
import { studentQuantile } from './student-t.ts';
import { LEAST_COVERAGE, type Suppression, suppressOutsideDomain } from './suppression.ts';

/** Penalties tried; the one with the smallest error on held-out groups is used. */
const PENALTIES = [1e-3, 1e-2, 1e-1, 1, 10];

export type DirectLossEstimate =
  | {
      readonly suppressed: null;
      /** Expected mean loss of the batch, with its 95 % interval, rows taken for independent: too narrow where they come in series. */
      readonly loss: number;
      readonly low: number;
      readonly high: number;
      readonly rows: number;
      /** Expected loss of each row of the batch, whose mean `loss` is; a sum of squares and lines, so it can fall below 0. float64 [m] */
      readonly rowLosses: Float64Array;
      /** Mean loss of the labelled rows, which a loss model without skill would answer. */
      readonly referenceLoss: number;
      /** Share of the labelled rows' variance of the loss that the model explains on groups held out; can be negative. */
      readonly skill: number;
      /** Mean of predicted less true loss on groups held out: what the loss model is off by within the domain. */
      readonly heldOutBias: number;
    }
  | Suppression;

/** Rows with features of the kind that says how hard a compound is: distance, spread of the ensemble, size. */
export interface LossRows {
  /** float [n, width], row-major, finite */
  readonly features: ArrayLike<number>;
  readonly width: number;
}

/**
 * Direct loss estimation: a second model learns the size of the first one's errors on labelled rows, and its mean
 * over the batch is the loss expected before labels come. A quadratic ridge regression, fitted once for each fold of
 * groups with that fold left out; the batch gets the mean of the folds' models. Their spread (jackknife) and the
 * scatter of single losses, taken for independent, make the interval. Withheld where the batch lies outside the
 * domain: there is no loss to learn from, and features held to the reference's range then answer too low.
 * @param labelled  rows the model has not seen, with `losses` float [n] >= 0 and `groups` [n] (scaffolds)
 * @param batch     float [m, width], the same features
 * @source NannyML 0.6 documentation, "Direct Loss Estimation" (the idea); Efron 1982 (jackknife), doi:10.1137/1.9781611970319
 */
export function directLossEstimate(
  labelled: LossRows & { losses: ArrayLike<number>; groups: ArrayLike<number> },
  batch: ArrayLike<number>,
  options: { domainCoverage: number; leastCoverage?: number; folds?: number },
): DirectLossEstimate {
  const { domainCoverage, leastCoverage = LEAST_COVERAGE, folds = 10 } = options;
  const outside = suppressOutsideDomain(domainCoverage, leastCoverage);
  if (outside) return outside;
  const { features, width, losses } = labelled;
  const foldOf = foldsOfGroups(labelled.groups, folds);
  const rows = batch.length / width;
  if (rows === 0) return { suppressed: 'too-few-compounds', found: 0, needed: 1 };
  if (foldOf.size < 2 * folds) {
    return { suppressed: 'too-few-compounds', found: foldOf.size, needed: 2 * folds };
  }

  const terms = quadraticTerms(features, width);
  const expanded = Array.from(losses, (_, i) => terms(features, i));
  const all = emptyMoments(expanded[0].length);
  const parts = Array.from({ length: folds }, () => emptyMoments(expanded[0].length));
  const fold = Uint32Array.from(labelled.groups, (group) => foldOf.get(group) as number);
  expanded.forEach((row, i) => {
    addRow(all, row, losses[i]);
    addRow(parts[fold[i]], row, losses[i]);
  });
  const fits = PENALTIES.map((penalty) => {
    const models = parts.map((part) => fitRidge(withoutMoments(all, part), penalty));
    return { models, ...heldOut(models, expanded, losses, fold) };
  });
  const best = fits.reduce((a, b) => (b.squared < a.squared ? b : a));

  const means = new Float64Array(folds);
  const rowLosses = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = terms(batch, i);
    best.models.forEach((model, k) => {
      const predicted = predictLinear(model, row);
      means[k] += predicted / rows;
      rowLosses[i] += predicted / folds;
    });
  }
  const loss = means.reduce((sum, mean) => sum + mean / folds, 0);
  const jackknife = means.reduce((sum, mean) => sum + (mean - loss) ** 2, 0) * ((folds - 1) / folds);
  const reach = studentQuantile(0.975, folds - 1) * Math.sqrt(jackknife + best.squared / rows);
  const referenceLoss = all.targetSum / all.rows;
  let variance = 0;
  for (let i = 0; i < losses.length; i++) variance += (losses[i] - referenceLoss) ** 2 / losses.length;
  return {
    suppressed: null,
    loss,
    low: loss - reach,
    high: loss + reach,
    rows,
    rowLosses,
    referenceLoss,
    skill: 1 - best.squared / variance,
    heldOutBias: best.bias,
  };
}

/** Groups by size, the largest first, each into the fold that is smallest so far. */
function foldsOfGroups(groups: ArrayLike<number>, folds: number): Map<number, number> {
  const sizes = new Map<number, number>();
  for (let i = 0; i < groups.length; i++) sizes.set(groups[i], (sizes.get(groups[i]) ?? 0) + 1);
  const filled = new Array<number>(folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const [group, size] of [...sizes].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] += size;
    foldOf.set(group, fold);
  }
  return foldOf;
}

/** Mean squared error and bias on rows of the fold that each model has not seen. */
function heldOut(
  models: readonly LinearModel[],
  rows: readonly Float64Array[],
  losses: ArrayLike<number>,
  fold: Uint32Array,
): { squared: number; bias: number } {
  let squared = 0;
  let bias = 0;
  rows.forEach((row, i) => {
    const error = predictLinear(models[fold[i]], row) - losses[i];
    squared += error ** 2 / rows.length;
    bias += error / rows.length;
  });
  return { squared, bias };
}
