import { setImmediate } from 'node:timers/promises';
import type { ConformalCalibration, PlattCalibration } from '../core/artifact.ts';
import { AssayerError } from '../core/errors.ts';
import { type ConformalRows, meanIntervalScore, mondrianConformal } from '../statistics/conformal.ts';
import { applyPlatt, fitPlatt } from '../statistics/platt.ts';
import { type AssayLimits, withinLimits } from '../trainers/assay-limits.ts';
import { averageScores, chooseAverage } from '../trainers/average.ts';
import { fitBoostedTrees, predictBoostedTrees } from '../trainers/boosted-trees.ts';
import { exportAverage } from '../trainers/export-average.ts';
import { fitGaussianProcess, predictGaussianProcess } from '../trainers/gaussian-process.ts';
import { fitMlpEnsemble, predictMlpEnsemble } from '../trainers/mlp-ensemble.ts';
import { dealFolds, FOLDS } from '../trainers/scaffold-folds.ts';
import { fitSpread, predictSpread, type SpreadModel } from '../trainers/spread.ts';
import type { Features, FitOptions, TrainingData } from '../trainers/training-data.ts';
import type { Engine } from './engine.ts';
import { heldOutSimilarities } from './held-out-similarity.ts';

const COVERAGE = 0.9;
const CONFORMAL_BINS = { bins: 5, minRows: 200 };
/** Share of the whole fit that has gone by when each model begins, and when the spread does. */
const SHARES = [0, 0.6, 0.85, 0.98];

/** Answers of a fitted model, float64 [n]. */
export interface FittedAnswers {
  readonly values: Float64Array;
  /** null where the model predicts none */
  readonly spreads: Float64Array | null;
}

/** Models fitted to the same rows, averaged and calibrated. */
export interface FittedModel {
  readonly trainer: {
    readonly name: 'gaussian-process' | 'average';
    readonly parameters: Readonly<Record<string, number | string>>;
  };
  readonly calibration: ConformalCalibration | PlattCalibration;
  /** float64 [n]: answers for the training rows by models that had not seen the row's fold of scaffolds. */
  readonly heldOut: Float64Array;
  /** float64 [values]: spreads that were made without the row's residual; null where none is predicted. */
  readonly heldOutSpreads: Float64Array | null;
  /** model.onnx */
  readonly onnx: Uint8Array;
  /** Answers in float64, as the graph gives them: within the assay's limits, or probabilities. */
  predict(features: Features): FittedAnswers;
}

/**
 * Fits a Gaussian process, an ensemble of networks and boosted trees, and averages those of them that make the average
 * better on held-out scaffolds (average.ts). The process always takes part: its graph holds the training fingerprints.
 * Weights and calibration come from the same folds of training rows.
 * @param values  the first so many rows have values, which the calibration is for; for the rest only a bound is known
 * @throws ERR_NOT_POSITIVE_DEFINITE, ERR_OUT_OF_MEMORY, ERR_CANCELLED
 */
export async function fitModel(
  engine: Pick<Engine, 'loadLinearAlgebra' | 'loadNetworks'>,
  rows: TrainingData,
  values: number,
  limits: AssayLimits | null,
  options: FitOptions,
): Promise<FittedModel> {
  const { kind } = options;
  const part = (at: number): FitOptions => ({
    ...options,
    onProgress: (step, share) =>
      options.onProgress?.(step, SHARES[at] + share * (SHARES[at + 1] - SHARES[at])),
  });
  const process = await fitGaussianProcess(rows, part(0), await engine.loadLinearAlgebra());
  const ensemble = await fitMlpEnsemble(rows, part(1), await engine.loadNetworks());
  const trees = await fitBoostedTrees(rows, part(2));
  const scores = [process.foldHeldOut, ensemble.heldOut, trees.heldOut];
  const choice = chooseAverage(kind, scores, rows, limits, [0]);

  const [processFactor, ensembleFactor, treesFactor] = choice.factors;
  const average = (parts: readonly Float64Array[]) =>
    withinLimits(averageScores(parts, choice.factors), limits);
  const heldOut = average(scores);
  const { calibration, spread, heldOutSpreads, spreadParameters } =
    kind === 'classification'
      ? {
          calibration: fitPlatt(heldOut.subarray(0, values), rows.y.subarray(0, values)),
          spread: null,
          heldOutSpreads: null,
          spreadParameters: {},
        }
      : await fitIntervals(heldOut, rows, values, options);
  const used = {
    process: { model: process, factor: processFactor },
    ...(ensembleFactor > 0 && { ensemble: { model: ensemble, factor: ensembleFactor } }),
    ...(treesFactor > 0 && { trees: { model: trees, factor: treesFactor } }),
  };
  const parameters = {
    heldOutLoss: choice.loss,
    ...Object.fromEntries(
      [...MODEL_NAMES].flatMap((name, k) => [
        [`${name}.weight`, choice.weights[k]],
        [`${name}.heldOutLoss`, choice.alone[k]],
      ]),
    ),
    ...under('process', process.parameters),
    ...under('networks', used.ensemble?.model.parameters),
    ...under('trees', used.trees?.model.parameters),
    ...under('spread', spreadParameters),
  };
  return {
    trainer: { name: used.ensemble || used.trees ? 'average' : 'gaussian-process', parameters },
    calibration,
    heldOut: calibrated(heldOut, calibration),
    heldOutSpreads,
    onnx: exportAverage(used, calibration.kind === 'platt' ? calibration : null, limits, spread),
    predict: (features) => {
      const scores = average([
        predictGaussianProcess(process, features),
        predictMlpEnsemble(ensemble, features),
        predictBoostedTrees(trees, features),
      ]);
      const spreads = spread && predictSpread(spread, features, scores);
      return { values: calibrated(scores, calibration), spreads };
    },
  };
}

/** The models by the names that their parameters have in a manifest, in the order of their weights. */
export const MODEL_NAMES = ['process', 'networks', 'trees'] as const;

function under(
  name: (typeof MODEL_NAMES)[number] | 'spread',
  parameters: Readonly<Record<string, number | string>> = {},
): Record<string, number | string> {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`${name}.${key}`, value]));
}

/**
 * Intervals from held-out scores of the training rows with values; a test row is never seen. A row is as far from what
 * its scores were made of as from the nearest row of another fold, and its spread was made without its residual.
 */
async function fitIntervals(
  heldOut: Float64Array,
  { y, fingerprints, descriptors, groups }: TrainingData,
  values: number,
  { seed, signal, onProgress }: FitOptions,
): Promise<{
  calibration: ConformalCalibration;
  spread: SpreadModel | null;
  heldOutSpreads: Float64Array | null;
  spreadParameters: Readonly<Record<string, number | string>>;
}> {
  const folds = Int32Array.from(dealFolds(groups, FOLDS));
  const similarities = heldOutSimilarities(fingerprints, folds).subarray(0, values);
  const residuals = heldOut.subarray(0, values).map((held, i) => Math.abs(y[i] - held));
  const rowsWith = (spreads: Float64Array | null): ConformalRows => ({ residuals, similarities, spreads });
  const calibrate = (rows: ConformalRows) => mondrianConformal(rows, COVERAGE, CONFORMAL_BINS);
  const {
    model,
    heldOut: spreads,
    parameters,
  } = await fitSpread(
    { fingerprints, descriptors, groups, residuals, predicted: heldOut },
    seed,
    (candidate) => meanIntervalScore(calibrate(rowsWith(candidate)), rowsWith(candidate)),
    async () => {
      onProgress?.('spread', SHARES[3]);
      // Lets an interrupt be seen between two trees.
      await setImmediate();
      if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    },
  );
  const calibration = calibrate(rowsWith(spreads));
  return { calibration, spread: model, heldOutSpreads: spreads, spreadParameters: parameters };
}

/** Scores as probabilities where the calibration says how; else as they are. */
function calibrated(
  scores: Float64Array,
  calibration: ConformalCalibration | PlattCalibration,
): Float64Array {
  return calibration.kind === 'conformal' ? scores : applyPlatt(calibration, scores);
}
