import { bridgeExceedance } from './bridge-exceedance.ts';
import { refuse } from './finite-values.ts';
import { logGamma } from './incomplete-beta.ts';
import { kolmogorovSurvival } from './kolmogorov-distribution.ts';
import { solveDecreasing } from './solve-decreasing.ts';
import { normalDistribution, normalQuantile } from './standard-normal.ts';
import { studentQuantile } from './student-t.ts';
import { wassersteinNull } from './wasserstein-null.ts';

/** What a comparison must be able to find. */
export interface PowerTarget {
  /** Of the two-sided test, after any correction for other tests or looks. */
  readonly alpha: number;
  /** Share of cases that are to be found. */
  readonly power: number;
}

export interface DetectableShift {
  /** Shift of the mean of a normal column, in its standard deviations. */
  readonly shift: number;
  /** The statistic's value in the population at that shift: D, or Wasserstein-1 over sigma. */
  readonly statistic: number;
  /** Value of the statistic past which the test rejects. */
  readonly critical: number;
}

const USUAL: PowerTarget = { alpha: 0.05, power: 0.8 };
const CANNOT_FIRE: DetectableShift = {
  shift: Number.POSITIVE_INFINITY,
  statistic: Number.POSITIVE_INFINITY,
  critical: Number.POSITIVE_INFINITY,
};

/**
 * Least shift of a normal column that a Kolmogorov-Smirnov test of n against m rows finds: the difference of the two
 * distribution functions, as a drift of the Brownian bridge that the test's process tends to. In simulations 0.78 to 0.82
 * of such shifts were found, from 20 against 20 rows to 1,000 against 300.
 * @param n  rows of the reference; for clustered rows the effective number, which may be a fraction
 * @param m  rows of the batch
 * @returns shift Infinity where no order of so few rows is rare enough to reject
 * @throws ERR_USAGE
 * @source critical value: Stephens 1970, doi:10.1111/j.2517-6161.1970.tb00821.x
 */
export function detectableByKolmogorovSmirnov(n: number, m: number, target = USUAL): DetectableShift {
  checkTarget(n, m, target);
  const root = Math.sqrt((n * m) / (n + m));
  const limit = solveDecreasing(kolmogorovSurvival, target.alpha, 0.1, 10);
  // Few rows: D is a little smaller than the limit says. The correction is of the null alone.
  const critical = limit / (root + 0.12 + 0.11 / root);
  if (critical >= 1 || 2 * leastP(n, m) > target.alpha) return CANNOT_FIRE;
  const missed = (shift: number) => 1 - bridgeExceedance(shiftDrift(shift, n / (n + m), root), limit);
  // The bridge keeps its full variance where few rows are nearly separated; there the bound is nearer, and is the end.
  const shift = solveDecreasing(missed, 1 - target.power, 0, masseyBound(critical, root, target.power), 1e-6);
  return { shift, statistic: 2 * normalDistribution(shift / 2) - 1, critical };
}

/**
 * A shift that is found at least so often: D is at least the difference half way between the means, where the two
 * populations are farthest apart, and which is normal with the variance F (1 - F) on each side.
 * @source Massey 1950, doi:10.1214/aoms/1177729759
 */
function masseyBound(critical: number, root: number, power: number): number {
  const z = normalQuantile(power);
  const shortfall = (shift: number) => {
    const below = normalDistribution(shift / 2);
    return critical + (z * Math.sqrt(below * (1 - below))) / root - (2 * below - 1);
  };
  return solveDecreasing(shortfall, 0, 0, 40);
}

/** Steps of the pooled distribution function that the drift is given at. */
const STEPS = 32;

/** Times `root`, the difference of N(0, 1) and N(shift, 1) where their mixture has each share of its mass. */
function shiftDrift(shift: number, share: number, root: number): Float64Array {
  const drift = new Float64Array(STEPS + 1);
  for (let k = 1; k < STEPS; k++) {
    const above = (z: number) =>
      1 - share * normalDistribution(z) - (1 - share) * normalDistribution(z - shift);
    const z = solveDecreasing(above, 1 - k / STEPS, -10, shift + 10, 1e-9);
    drift[k] = root * (normalDistribution(z) - normalDistribution(z - shift));
  }
  return drift;
}

/**
 * Least shift of a normal column that a test by Wasserstein-1 over sigma finds. The distance is at least the difference of
 * the means, which is normal, so the true power is a little above the target: 0.81 to 0.86 in simulations.
 * @param n  rows of the reference, effective where clustered
 * @param m  rows of the batch
 * @returns shift Infinity where no order of so few rows is rare enough to reject
 * @throws ERR_USAGE
 */
export function detectableByWasserstein(n: number, m: number, target = USUAL): DetectableShift {
  checkTarget(n, m, target);
  // Of equal sides, changing places gives the same distance.
  if ((n === m ? 2 : 1) * leastP(n, m) > target.alpha) return CANNOT_FIRE;
  const { critical } = wassersteinNull(n, m, target.alpha);
  const shift = critical + normalQuantile(target.power) / Math.sqrt((n * m) / (n + m));
  return { shift, statistic: shift, critical };
}

/**
 * Least mean of paired differences that a two-sided t-test finds.
 * @param deviation  standard deviation of the differences
 * @returns in their unit; NaN with fewer than two pairs or no spread
 * @source Lehr's form with t quantiles: Machin et al. 2018, ISBN 978-1-118-87494-4
 */
export function detectablePairedMean(deviation: number, pairs: number, target = USUAL): number {
  if (!(pairs >= 2 && deviation > 0)) return Number.NaN;
  const df = pairs - 1;
  const units = studentQuantile(1 - target.alpha / 2, df) + studentQuantile(target.power, df);
  return (units * deviation) / Math.sqrt(pairs);
}

/** Share that one order of the sides has among all: no p of a permutation test is smaller. */
function leastP(n: number, m: number): number {
  return Math.exp(logGamma(n + 1) + logGamma(m + 1) - logGamma(n + m + 1));
}

function checkTarget(n: number, m: number, { alpha, power }: PowerTarget): void {
  if (!(n >= 1 && m >= 1))
    refuse(`Power was asked for ${n} against ${m} rows. Give at least one on each side.`);
  if (!(alpha > 0 && alpha < 1 && power >= 0.5 && power < 1)) {
    refuse(
      `Power ${power} at alpha ${alpha} cannot be planned for. Give alpha in (0, 1), power in [0.5, 1).`,
    );
  }
}
