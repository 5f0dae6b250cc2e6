/** Coverage of the interval of the maturity-weighted error, by simulation of batches whose labels come late. */
import { seededRandom } from '../../src/core/random.ts';
import { arrivedShare, kaplanMeier } from '../../src/statistics/kaplan-meier.ts';
import { weightedError } from '../../src/statistics/weighted-error.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';

const DAYS = 40;
const MEAN_DELAY = 20;
const GROUP_SIZE = 3;

export interface CoverageCase {
  readonly rows: number;
  /** Mean share of labels that have arrived. */
  readonly arrived: number;
  /** Batches whose 95 % interval holds the true error: labels weighted by their chance to have arrived. */
  readonly weighted: AlarmRate;
  /** The same with the mean of the labels that have arrived. */
  readonly unweighted: AlarmRate;
  /** The same, weighted, with rows of a group taken for independent. */
  readonly withoutGroups: AlarmRate;
  /** Mean error less the truth. */
  readonly bias: number;
  readonly unweightedBias: number;
}

export interface LateLabelsProof {
  readonly settings: {
    readonly days: number;
    readonly meanDelayDays: number;
    readonly groupSize: number;
    readonly seed: number;
  };
  readonly cases: readonly CoverageCase[];
}

/**
 * Compounds in groups of three that share half of their loss's variance, submitted over 40 days; delays are
 * exponential, and losses get larger from day to day, so that what has arrived errs less than the batch. The delay curve is
 * estimated from each batch itself.
 */
export function proveLateLabels({
  batches,
  seed,
  sizes = [60, 240, 960],
}: {
  batches: number;
  seed: number;
  sizes?: readonly number[];
}): LateLabelsProof {
  return {
    settings: { days: DAYS, meanDelayDays: MEAN_DELAY, groupSize: GROUP_SIZE, seed },
    cases: sizes.map((rows) => coverageOf(rows, batches, seed + rows)),
  };
}

function coverageOf(rows: number, batches: number, seed: number): CoverageCase {
  const random = seededRandom(seed);
  const groupCount = rows / GROUP_SIZE;
  const groups = Array.from({ length: rows }, (_, i) => Math.floor(i / GROUP_SIZE));
  const submitted = groups.map((group) => (group * 7) % DAYS);
  const truth = 0.25 + submitted.reduce((sum, day) => sum + day, 0) / rows / 50;
  const held = { weighted: 0, unweighted: 0, withoutGroups: 0 };
  let [arrivals, bias, unweightedBias] = [0, 0, 0];
  for (let batch = 0; batch < batches; batch++) {
    const levels = Array.from({ length: groupCount }, () => random());
    const losses = submitted.map((day, i) => 0.25 * (levels[groups[i]] + random()) + day / 50);
    const delays = submitted.map(() => Math.ceil(-MEAN_DELAY * Math.log(1 - random())));
    const arrived = delays.map((delay, i): number => (submitted[i] + delay <= DAYS ? 1 : 0));
    const curve = kaplanMeier(
      delays.map((delay, i) => (arrived[i] ? delay : DAYS - submitted[i])),
      arrived,
    );
    const shares = submitted.map((day) => arrivedShare(curve, DAYS - day));
    const found = {
      weighted: weightedError(losses, arrived, shares, { groups }),
      unweighted: weightedError(
        losses,
        arrived,
        shares.map(() => 1),
        { groups },
      ),
      withoutGroups: weightedError(losses, arrived, shares),
    };
    for (const key of ['weighted', 'unweighted', 'withoutGroups'] as const)
      if (found[key].low <= truth && truth <= found[key].high) held[key]++;
    arrivals += arrived.reduce((sum, one) => sum + one, 0) / rows / batches;
    bias += (found.weighted.error - truth) / batches;
    unweightedBias += (found.unweighted.error - truth) / batches;
  }
  return {
    rows,
    arrived: arrivals,
    weighted: rateOf(held.weighted, batches),
    unweighted: rateOf(held.unweighted, batches),
    withoutGroups: rateOf(held.withoutGroups, batches),
    bias,
    unweightedBias,
  };
}
