/** Beyond this the continued fraction is used: the series would lose the tail to cancellation. */
const TAIL = 3;

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * Distribution function of the standard normal distribution, to about 1e-15 absolute and 1e-12 relative.
 * @source Marsaglia 2004, doi:10.18637/jss.v011.i04 (series); Laplace's continued fraction, DLMF 7.9.3 (tails)
 */
export function normalDistribution(x: number): number {
  if (x < -TAIL) return normalDensity(x) * millsRatio(-x);
  if (x > TAIL) return 1 - normalDensity(x) * millsRatio(x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + normalDensity(x) * sum;
}

/** Logarithm of the distribution function, which does not underflow far below zero. */
export function logNormalDistribution(x: number): number {
  if (x >= -TAIL) return Math.log(normalDistribution(x));
  return -0.5 * x * x - 0.5 * Math.log(2 * Math.PI) + Math.log(millsRatio(-x));
}

/** Density over distribution function, the slope of its logarithm: about -x far below zero. */
export function normalHazard(x: number): number {
  return x < -TAIL ? 1 / millsRatio(-x) : normalDensity(x) / normalDistribution(x);
}

/**
 * Quantile of the standard normal distribution, by bisection down to neighbouring doubles.
 * @param probability  in [0, 1]; the ends give the infinities
 */
export function normalQuantile(probability: number): number {
  if (probability <= 0 || probability >= 1) return probability <= 0 ? -Infinity : Infinity;
  // The lower half keeps its relative precision.
  if (probability > 0.5) return -normalQuantile(1 - probability);
  let low = -39;
  let high = 0;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return high;
    if (normalDistribution(middle) < probability) low = middle;
    else high = middle;
  }
}

/** (1 - Phi(x)) / phi(x) for x > TAIL. */
function millsRatio(x: number): number {
  let fraction = x;
  for (let k = 120; k >= 1; k--) fraction = x + k / fraction;
  return 1 / fraction;
}
