/** Estimates of performance without labels on real compounds: how far off they are beyond the domain, and that they are withheld there. */
import { seededRandom } from '../../src/core/random.ts';
import { numberNames } from '../../src/flows/drift/number-names.ts';
import { clusterFolds } from '../../src/statistics/cluster-folds.ts';
import { confidenceBasedEstimate } from '../../src/statistics/confidence-based.ts';
import { directLossEstimate } from '../../src/statistics/direct-loss.ts';
import { applyIsotonic, fitIsotonic } from '../../src/statistics/isotonic.ts';
import { nearestDistances } from '../../src/statistics/nearest-distance.ts';
import type { Compounds, ProofPlace } from './compounds.ts';
import { askNeighbors } from './neighbor-model.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import { type SuppressionCase, suppressionCases } from './suppression-cases.ts';

export interface SuppressionPoint {
  readonly shareAway: number;
  /** Mean share of the batch within the domain. */
  readonly coverage: number;
  /** Batches whose estimate is withheld, as the engine does. */
  readonly withheld: AlarmRate;
  /** Batches whose interval would hold the figure that the labels give, were nothing withheld. */
  readonly held: AlarmRate;
  /** Among the batches that are not withheld. */
  readonly heldWhereShown: AlarmRate | null;
  readonly meanEstimate: number;
  readonly meanTruth: number;
}

export interface SuppressionProof {
  readonly settings: { readonly redraws: number; readonly seed: number };
  readonly estimates: readonly (Pick<SuppressionCase, 'estimate' | 'figure' | 'title' | 'batch'> & {
    readonly compounds: number;
    readonly points: readonly SuppressionPoint[];
  })[];
}

/**
 * Half of the scaffolds (or documents) at home train a nearest-neighbour model, the others are held out, for calibration (an
 * isotonic one, or a model of the loss) and for batches.
 */
export async function proveSuppression(
  place: ProofPlace,
  { redraws, seed }: { redraws: number; seed: number },
): Promise<SuppressionProof> {
  const estimates = [];
  for (const one of await suppressionCases(place)) {
    const { estimate, figure, title, batch, all } = one;
    const known = await learn(place, one, seed);
    const points = one.sharesAway.map((share) => pointOf(one, known, share, redraws, seed));
    estimates.push({ estimate, figure, title, batch, compounds: all.rows.length, points });
  }
  return { settings: { redraws, seed }, estimates };
}

interface Learnt {
  /** Places held out to calibrate by, to draw batches from, and away. */
  readonly calibration: readonly number[];
  readonly home: readonly number[];
  readonly away: readonly number[];
  /** By place. */
  readonly predicted: Float64Array;
  readonly distance: Float64Array;
  readonly group: Uint32Array;
}

async function learn(place: ProofPlace, { all, home, away }: SuppressionCase, seed: number): Promise<Learnt> {
  const group = Uint32Array.from(numberNames(all.sample.clusters ?? []).numbers);
  const folds = clusterFolds(
    home.map((at) => group[at]),
    4,
    seed,
  );
  const inFold = (...wanted: number[]) => home.filter((_, i) => wanted.includes(folds[i]));
  const places = [...all.rows.keys()];
  const { predicted, distance } = await askNeighbors(place, all, inFold(0, 1), places);
  return { calibration: inFold(2), home: inFold(3), away, predicted, distance, group };
}

function pointOf(
  { all, estimate, batch: size }: SuppressionCase,
  known: Learnt,
  shareAway: number,
  redraws: number,
  seed: number,
): SuppressionPoint {
  const random = seededRandom(seed + 1000 * shareAway);
  const draw = (from: readonly number[], count: number) => {
    const left = [...from];
    return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
  };
  const ask = estimate === 'confidence-based' ? accuracyOf : lossOf;
  const calibrated = known.calibration.map((at) => known.distance[at]);
  const counts = { withheld: 0, held: 0, heldWhereShown: 0 };
  const means = { coverage: 0, estimate: 0, truth: 0 };
  for (let redraw = 0; redraw < redraws; redraw++) {
    const away = Math.round(shareAway * size);
    const batch = [...draw(known.home, size - away), ...draw(known.away, away)];
    const coverage = nearestDistances(
      calibrated,
      batch.map((at) => known.distance[at]),
    ).coverage.share;
    const { shown, expected, low, high, truth } = ask(all, known, batch, coverage, seed + redraw);
    const holds = low <= truth && truth <= high;
    if (!shown) counts.withheld++;
    if (holds) counts.held++;
    if (shown && holds) counts.heldWhereShown++;
    means.coverage += coverage / redraws;
    means.estimate += expected / redraws;
    means.truth += truth / redraws;
  }
  const shown = redraws - counts.withheld;
  return {
    shareAway,
    coverage: means.coverage,
    withheld: rateOf(counts.withheld, redraws),
    held: rateOf(counts.held, redraws),
    heldWhereShown: shown === 0 ? null : rateOf(counts.heldWhereShown, shown),
    meanEstimate: means.estimate,
    meanTruth: means.truth,
  };
}

interface Asked {
  /** Whether the engine would show it. */
  readonly shown: boolean;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly truth: number;
}

function accuracyOf(
  { values }: Compounds,
  { calibration, predicted }: Learnt,
  batch: readonly number[],
  domainCoverage: number,
  seed: number,
): Asked {
  const calibrate = fitIsotonic(
    calibration.map((at) => predicted[at]),
    calibration.map((at) => values[at]),
  );
  const probabilities = applyIsotonic(
    calibrate,
    batch.map((at) => predicted[at]),
  );
  const whole = confidenceBasedEstimate(probabilities, { domainCoverage, leastCoverage: 0, seed });
  const asShown = confidenceBasedEstimate(probabilities, { domainCoverage, seed });
  if (whole.suppressed !== null) throw new Error('an estimate was withheld that was not to be');
  const right = batch.filter((at, i) => (probabilities[i] >= 0.5 ? 1 : 0) === values[at]).length;
  return { shown: asShown.suppressed === null, ...whole.accuracy, truth: right / batch.length };
}

function lossOf(
  { values }: Compounds,
  { calibration, predicted, distance, group }: Learnt,
  batch: readonly number[],
  domainCoverage: number,
): Asked {
  const features = (places: readonly number[]) =>
    Float64Array.from(places.flatMap((at) => [distance[at], predicted[at]]));
  const loss = (at: number) => Math.abs(predicted[at] - values[at]);
  const labelled = {
    features: features(calibration),
    width: 2,
    losses: calibration.map(loss),
    groups: calibration.map((at) => group[at]),
  };
  const whole = directLossEstimate(labelled, features(batch), { domainCoverage, leastCoverage: 0 });
  const asShown = directLossEstimate(labelled, features(batch), { domainCoverage });
  if (whole.suppressed !== null) throw new Error('an estimate was withheld that was not to be');
  const truth = batch.reduce((sum, at) => sum + loss(at), 0) / batch.length;
  const { loss: expected, low, high } = whole;
  return { shown: asShown.suppressed === null, expected, low, high, truth };
}
