import { boostRows } from './boosted-trees.ts';
import { leafValue, type Tree } from './grow-tree.ts';
import { dealFolds, FOLDS } from './scaffold-folds.ts';
import type { Features } from './training-data.ts';
import { type TreeColumns, treeColumns } from './tree-columns.ts';

/** Chosen by scaffold folds inside the training rows: docs/trainers-tried.md. */
export const SPREAD_SETTINGS = {
  trees: 40,
  rate: 0.05,
  leaves: 8,
  leastRows: 20,
  ridge: 1,
  featureShare: 0.3,
};
/** What a spread may be learnt from: trees alone, or trees on a curve over the predicted value with so many bends. */
const FORMS = { trees: 1, valueAndTrees: 5 } as const;
/** A form must take this much off the loss of the simpler one before it. */
const LEAST_GAIN = 0.01;
/** With fewer residuals to learn from the spread is constant. */
const LEAST_RESIDUALS = 100;
/** Spreads lie within this factor of the mean residual: an interval neither vanishes nor says nothing. */
const WIDEST = 4;
/** Bends nearer than this share of the curve's length are made one, so that no slope magnifies rounding. */
const LEAST_BEND = 0.02;

/**
 * The error to expect of a prediction:
 * log spread = hold(first + sum_k slopes_k max(0, value - bends_k) + trees), the value held within the bends.
 */
export interface SpreadModel {
  readonly form: keyof typeof FORMS;
  readonly first: number;
  /** float64 [bends], float32-exact, ascending. */
  readonly bends: Float64Array;
  /** float64 [bends - 1], float32-exact: by how much the slope changes at each bend. */
  readonly slopes: Float64Array;
  readonly trees: readonly Tree[];
  readonly lowest: number;
  readonly highest: number;
}

/** Rows to learn from: the first ones have a residual, row i of every array is compound i. */
export interface HeldOutErrors extends Features {
  /** float64 [m], |actual - predicted| by models that had not seen the row's fold */
  readonly residuals: Float64Array;
  /** float64 [n], those predictions */
  readonly predicted: Float64Array;
  /** int32 [n], as TrainingData has them */
  readonly groups: Int32Array;
}

/** What was chosen; the model and its spreads are null where the spread is constant. */
export interface SpreadChoice {
  readonly model: SpreadModel | null;
  /** float64 [m], of every row by a model that had not seen the residuals of the row's fold */
  readonly heldOut: Float64Array | null;
  /** Loss of each form and of the constant, and the settings of what was chosen. */
  readonly parameters: Readonly<Record<string, number | string>>;
}

/**
 * Learns how large the error of a prediction will be from held-out errors, by whole folds of scaffolds: a row's spread
 * is made by a model that has not seen its residual, so that intervals can be calibrated with both. Residuals are
 * taken as exponential with the spread as their mean; boosted trees lessen that likelihood's loss. The simplest form
 * wins unless another takes 1 % off the loss, a constant first of all.
 * @param lossOf  loss of intervals in multiples of these spreads, or of a constant
 * @source Friedman 2001, doi:10.1214/aos/1013203451 (boosting); Lei et al. 2018, doi:10.1080/01621459.2017.1307116,
 *   section 5.2 (locally weighted conformal intervals)
 */
export async function fitSpread(
  errors: HeldOutErrors,
  seed: number,
  lossOf: (spreads: Float64Array | null) => number,
  onTree: () => Promise<void>,
): Promise<SpreadChoice> {
  const { residuals, predicted, groups } = errors;
  const foldOf = dealFolds(groups, FOLDS);
  const rows = Uint32Array.from(residuals.keys());
  const outside = (fold: number) => rows.filter((row) => foldOf[row] !== fold);
  const folds = Array.from({ length: FOLDS }, (_, fold) => ({ fold, rows: outside(fold) }));
  if (folds.some((one) => one.rows.length < LEAST_RESIDUALS || meanOf(one.rows, residuals) === 0)) {
    return { model: null, heldOut: null, parameters: {} };
  }

  const columns = treeColumns(errors);
  const learn = (form: keyof typeof FORMS, from: Uint32Array, run: number) =>
    fitForm(form, columns, errors, from, seed * 1000 + run, onTree);
  let least = lossOf(null);
  let best: { form: keyof typeof FORMS; heldOut: Float64Array } | null = null;
  const losses: Record<string, number> = { constantLoss: least };
  for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
    const heldOut = new Float64Array(residuals.length);
    for (const { fold, rows: from } of folds) {
      const spreads = predictSpread(await learn(form, from, fold), errors, predicted);
      for (const row of rows) if (foldOf[row] === fold) heldOut[row] = spreads[row];
    }
    losses[`${form}Loss`] = lossOf(heldOut);
    if (losses[`${form}Loss`] >= least * (1 - LEAST_GAIN)) continue;
    least = losses[`${form}Loss`];
    best = { form, heldOut };
  }
  if (!best) return { model: null, heldOut: null, parameters: losses };
  return {
    model: await learn(best.form, rows, FOLDS),
    heldOut: best.heldOut,
    parameters: { ...losses, form: best.form, ...SPREAD_SETTINGS },
  };
}

async function fitForm(
  form: keyof typeof FORMS,
  columns: TreeColumns,
  { residuals, predicted }: HeldOutErrors,
  rows: Uint32Array,
  seed: number,
  onTree: () => Promise<void>,
): Promise<SpreadModel> {
  const center = Math.log(meanOf(rows, residuals));
  const [lowest, highest] = [center - Math.log(WIDEST), center + Math.log(WIDEST)].map(Math.fround);
  const curve = { ...fitCurve(FORMS[form], rows, residuals, predicted, lowest), lowest, highest };
  const start = predicted.map((value) => curveAt(curve, value));
  const shape = {
    slopeOf: (row: number, output: number) => 1 - residuals[row] * Math.exp(-start[row] - output),
    curvatureOf: () => 1,
  };
  const { trees } = await boostRows(columns, rows, seed, SPREAD_SETTINGS, shape, onTree);
  return { form, ...curve, trees };
}

/** Log of the mean residual in runs of equal length by predicted value, joined by straight lines. */
function fitCurve(
  runs: number,
  rows: Uint32Array,
  residuals: Float64Array,
  predicted: Float64Array,
  lowest: number,
): Pick<SpreadModel, 'first' | 'bends' | 'slopes'> {
  const sorted = rows.toSorted((a, b) => predicted[a] - predicted[b] || a - b);
  const apart = LEAST_BEND * (predicted[sorted[sorted.length - 1]] - predicted[sorted[0]]);
  const bendOf = (part: Uint32Array) => Math.fround(meanOf(part, predicted));
  const parts: Uint32Array[] = [];
  for (let run = 0; run < runs; run++) {
    const part = sorted.slice((run * rows.length) / runs, ((run + 1) * rows.length) / runs);
    const last = parts.at(-1);
    if (!last || bendOf(part) - bendOf(last) > apart) parts.push(part);
    else parts[parts.length - 1] = Uint32Array.of(...last, ...part);
  }
  const bends = Float64Array.from(parts, bendOf);
  const logs = parts.map((part) => Math.max(lowest, Math.log(meanOf(part, residuals))));
  const steepness = logs.slice(1).map((log, k) => (log - logs[k]) / (bends[k + 1] - bends[k]));
  const slopes = Float64Array.from(steepness, (slope, k) => Math.fround(slope - (steepness[k - 1] ?? 0)));
  return { first: Math.fround(logs[0]), bends, slopes };
}

function meanOf(rows: Uint32Array, values: Float64Array): number {
  return rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
}

function curveAt({ first, bends, slopes }: Pick<SpreadModel, 'first' | 'bends' | 'slopes'>, value: number) {
  const held = Math.min(bends[bends.length - 1], Math.max(bends[0], value));
  return slopes.reduce((sum, slope, k) => sum + slope * Math.max(0, held - bends[k]), first);
}

/** Spreads in float64, as the graph gives them; float64 [n]. @param predicted float64 [n], what the model answered */
export function predictSpread(model: SpreadModel, features: Features, predicted: Float64Array): Float64Array {
  const { trees, lowest, highest } = model;
  return predicted.map((value, row) => {
    const log = trees.reduce((sum, tree) => sum + leafValue(tree, features, row), curveAt(model, value));
    return Math.exp(Math.min(highest, Math.max(lowest, log)));
  });
}
