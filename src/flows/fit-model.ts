import type { ConformalCalibration, PlattCalibration } from '../core/artifact.ts';
import { mondrianConformal } from '../statistics/conformal.ts';
import { applyPlatt, fitPlatt } from '../statistics/platt.ts';
import { type AssayLimits, withinLimits } from '../trainers/assay-limits.ts';
import { averageScores, chooseAverage } from '../trainers/average.ts';
import { fitBoostedTrees, predictBoostedTrees } from '../trainers/boosted-trees.ts';
import { exportAverage } from '../trainers/export-average.ts';
import { fitGaussianProcess, predictGaussianProcess } from '../trainers/gaussian-process.ts';
import { fitMlpEnsemble, predictMlpEnsemble } from '../trainers/mlp-ensemble.ts';
import { dealFolds, FOLDS } from '../trainers/scaffold-folds.ts';
import type { Features, FitOptions, TrainingData } from '../trainers/training-data.ts';
import type { Engine } from './engine.ts';
import { heldOutSimilarities } from './held-out-similarity.ts';

const COVERAGE = 0.9;
const CONFORMAL_BINS = { bins: 5, minRows: 200 };
/** Share of the whole fit that has gone by when each model begins, and at the end. */
const SHARES = [0, 0.6, 0.85, 1];

/** Models fitted to the same rows, averaged and calibrated. */
export interface FittedModel {
  readonly trainer: {
    readonly name: 'gaussian-process' | 'average';
    readonly parameters: Readonly<Record<string, number | string>>;
  };
  readonly calibration: ConformalCalibration | PlattCalibration;
  /** float64 [n]: answers for the training rows by models that had not seen the row's fold of scaffolds. */
  readonly heldOut: Float64Array;
  /** model.onnx */
  readonly onnx: Uint8Array;
  /** Answers in float64, as the graph gives them: within the assay's limits, or probabilities. */
  predict(features: Features): Float64Array;
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
  const calibration = calibrate(kind, heldOut, rows, values);
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
  };
  return {
    trainer: { name: used.ensemble || used.trees ? 'average' : 'gaussian-process', parameters },
    calibration,
    heldOut: calibrated(heldOut, calibration),
    onnx: exportAverage(used, calibration.kind === 'platt' ? calibration : null, limits),
    predict: (features) =>
      calibrated(
        average([
          predictGaussianProcess(process, features),
          predictMlpEnsemble(ensemble, features),
          predictBoostedTrees(trees, features),
        ]),
        calibration,
      ),
  };
}

/** The models by the names that their parameters have in a manifest, in the order of their weights. */
export const MODEL_NAMES = ['process', 'networks', 'trees'] as const;

function under(
  name: (typeof MODEL_NAMES)[number],
  parameters: Readonly<Record<string, number | string>> = {},
): Record<string, number | string> {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`${name}.${key}`, value]));
}

/**
 * Calibration on held-out scores of the training rows with values; a test row is never seen. A row is as far from what
 * its scores were made of as from the nearest row of another fold.
 */
function calibrate(
  kind: 'regression' | 'classification',
  heldOut: Float64Array,
  { y, fingerprints, groups }: TrainingData,
  values: number,
): ConformalCalibration | PlattCalibration {
  const known = heldOut.subarray(0, values);
  if (kind === 'classification') return fitPlatt(known, y.subarray(0, values));
  const folds = Int32Array.from(dealFolds(groups, FOLDS));
  const similarities = heldOutSimilarities(fingerprints, folds).subarray(0, values);
  const residuals = known.map((held, i) => Math.abs(y[i] - held));
  return mondrianConformal(residuals, similarities, COVERAGE, CONFORMAL_BINS);
}

/** Scores as probabilities where the calibration says how; else as they are. */
function calibrated(
  scores: Float64Array,
  calibration: ConformalCalibration | PlattCalibration,
): Float64Array {
  return calibration.kind === 'conformal' ? scores : applyPlatt(calibration, scores);
}
