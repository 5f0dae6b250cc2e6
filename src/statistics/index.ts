/**
 * The statistics as a library, `assayer/statistics`: pure functions over typed arrays, without a device, a file or a
 * clock. docs/statistics.md says of each what it answers. What only they need of each other is not exported.
 */

// What arguments are made of.
export type { Operations, PackedRows } from '../core/ops.ts';
// Sequential: looking again and again without crying wolf.
export { lastLookThatCanFire, spentLevel } from './alpha-spending.ts';
// Performance: how wrong a model is.
export { areaUnderRoc } from './area-under-roc.ts';
export { averagePrecision } from './average-precision.ts';
// Univariate: one column of numbers or categories, and many at once.
export { batchAboveReference } from './batch-above-reference.ts';
export { benjaminiHochberg, benjaminiYekutieli } from './benjamini-hochberg.ts';
export {
  bettingWealth,
  firstCrossing,
  type LossMonitorState,
  observeLosses,
  startLossMonitor,
} from './betting-martingale.ts';
// Labels: what was measured, and the same compounds measured twice.
export { type AgreementLimit, type BlandAltman, blandAltman } from './bland-altman.ts';
// Input drift: fingerprints, distances, and which series moved.
export { type BlockMmd, blockMmd, type LargeSample } from './block-mmd.ts';
export { type BridgeCompounds, bridgeCompounds } from './bridge-compounds.ts';
export { type BrierDecomposition, brierDecomposition } from './brier-decomposition.ts';
export { brierScore } from './brier-score.ts';
export { type CalibrationError, calibrationError } from './calibration-error.ts';
// Null hypotheses: who could have been in the batch, and p-values from that.
export { cannotFire, smallestP } from './cannot-fire.ts';
export {
  CENSORED_ABOVE,
  CENSORED_BELOW,
  type CensoredError,
  censoredLogLoss,
  fitCensoredError,
  MEASURED,
} from './censored-error.ts';
export { type ChiSquare, chiSquare } from './chi-square.ts';
// Classifier: can the sides be told apart.
export {
  type ClassifierInput,
  type ClassifierTwoSample,
  classifierTwoSample,
  type FeatureWeight,
} from './classifier-two-sample.ts';
export { clopperPearson } from './clopper-pearson.ts';
export { clusterBootstrap } from './cluster-bootstrap.ts';
export { clusterFolds } from './cluster-folds.ts';
export { clusterShareLabels } from './cluster-share-labels.ts';
export { type ClusterSides, clusterSides, takenAlike } from './cluster-sides.ts';
export { clusterSwapLabels } from './cluster-swap-labels.ts';
export { combineSplits } from './combine-p.ts';
// Before labels: what to expect, and where nothing may be expected.
export {
  type ConfidenceBasedEstimate,
  confidenceBasedEstimate,
  type ExpectedFigure,
} from './confidence-based.ts';
// Calibration: scores that mean what they say.
export { conformalQuantile, mondrianConformal } from './conformal.ts';
export {
  type ConformalMonitor,
  type ConformalMonitorState,
  openConformalMonitor,
  startConformalMonitor,
} from './conformal-martingale.ts';
export { conformalP } from './conformal-p.ts';
export { cramersV } from './cramers-v.ts';
// Late labels: what the labels so far say of the whole batch.
export { type DelayDependence, delayDependence } from './delay-dependence.ts';
export { type DirectLossEstimate, directLossEstimate, type LossRows } from './direct-loss.ts';
export { energyDistance, energyDistanceSquared } from './energy-distance.ts';
export {
  type Equivalence,
  type EquivalenceMargin,
  pairedEquivalence,
  twoSampleEquivalence,
} from './equivalence-test.ts';
export { fisherExact } from './fisher-exact.ts';
export {
  type CombinedCorrelation,
  combineCorrelations,
  type SeriesCorrelation,
  type SeriesCorrelations,
  seriesCorrelations,
} from './fisher-z.ts';
export { gaussianCrps } from './gaussian-crps.ts';
export { type IncompleteMmd, type IncompleteOptions, incompleteMmd } from './incomplete-mmd.ts';
export { type IntervalCoverage, intervalCoverage } from './interval-coverage.ts';
export { intervalScore } from './interval-score.ts';
export { applyIsotonic, fitIsotonic, type IsotonicMap } from './isotonic.ts';
export { jensenShannon } from './jensen-shannon.ts';
export { arrivedShare, type DelayCurve, kaplanMeier } from './kaplan-meier.ts';
export { kendallTauB } from './kendall.ts';
export { type KolmogorovSmirnov, kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
export { forecastMaturity, labelMaturity, type MaturityForecast } from './label-maturity.ts';
export { type LabelShift, labelShift, type MeasuredValues } from './label-shift.ts';
export { logLoss } from './log-loss.ts';
export { meanAbsoluteError } from './mean-absolute-error.ts';
export { meanBias } from './mean-bias.ts';
// Power: what so many compounds would find, and how many are needed.
export {
  criticalValue,
  type EffectSearch,
  minimumDetectableDistance,
  minimumDetectableEffect,
} from './minimum-detectable-effect.ts';
export { type MixtureCure, mixtureCure } from './mixture-cure.ts';
export { type BatchDistance, type HistoryRank, rankInHistory } from './mmd-history.ts';
export { type MmdKernelTest, type MmdTest, type MmdTestInput, type MmdView, mmdTest } from './mmd-test.ts';
export { type NearestDistances, nearestDistances } from './nearest-distance.ts';
export { gaussianKernel, type PairKernel, tanimotoKernel } from './pair-kernel.ts';
export { type PairedDifferences, pairedDifferences } from './paired-differences.ts';
export { type PairedT, pairedT } from './paired-t.ts';
export { pairsForChange, pairsForEquivalence } from './pairs-needed.ts';
export { independentLabels, type LabelRequest, type PermutationLabels } from './permutation-labels.ts';
export { type PermutationTest, permutationTest } from './permutation-test.ts';
export { type PooledColumn, permutedDistances } from './permuted-distances.ts';
export { judgeLook, type LookVerdict, type PlannedLooks, planLooks } from './planned-looks.ts';
export { applyPlatt, fitPlatt } from './platt.ts';
export { type PopulationStabilityIndex, populationStabilityIndex } from './population-stability-index.ts';
export {
  type ProbabilityIntegralTransform,
  probabilityIntegralTransform,
} from './probability-integral-transform.ts';
export { type ProxyVerdict, proxyVerdict, type ShiftAndEquivalence } from './proxies.ts';
export { type BinnedSample, quantileBins } from './quantile-bins.ts';
export { type QuantileShift, quantileShifts } from './quantile-shifts.ts';
export { rSquared } from './r-squared.ts';
export { type Reliability, type ReliabilityBin, reliability } from './reliability-bins.ts';
export { rootMeanSquareError } from './root-mean-square-error.ts';
export { type SelectionStratum, type SelectionWeights, selectionWeights } from './selection-weights.ts';
export { type Share, type ShareShift, shareShift } from './share-shift.ts';
export type { SequentialLook } from './shared-capital.ts';
export { spearman } from './spearman.ts';
export { LEAST_COVERAGE, type Suppression, suppressOutsideDomain } from './suppression.ts';
export { type TwoSample, twoSample } from './two-sample.ts';
export {
  type DetectableShift,
  detectableByKolmogorovSmirnov,
  detectableByWasserstein,
  detectablePairedMean,
  type PowerTarget,
} from './univariate-power.ts';
export { standardizedWasserstein, wasserstein } from './wasserstein.ts';
export { type WassersteinNull, wassersteinNull } from './wasserstein-null.ts';
export { type WeightedError, weightedError } from './weighted-error.ts';
export {
  type PermutedStatistics,
  type WestfallYoung,
  westfallYoungMaxT,
  westfallYoungMinP,
} from './westfall-young.ts';
export { type WilcoxonSignedRank, wilcoxonSignedRank } from './wilcoxon-signed-rank.ts';
export { type ClusterWitness, type Witness, witnessByCluster } from './witness.ts';
