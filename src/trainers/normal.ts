/** Below this the ratio comes from its asymptotic series: the distribution function itself would underflow. */
const FAR_BELOW = -8;

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * Standard normal distribution function, accurate to about 1e-15 above -8: by the series x + x^3/3 + x^5/15 + ... near
 * zero and by Laplace's continued fraction in the tails.
 * @source Abramowitz & Stegun 1964, equations 26.2.11 and 26.2.14
 */
export function normalDistribution(x: number): number {
  const size = Math.abs(x);
  if (size < 4) {
    let term = x;
    let sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + normalDensity(x) * sum;
  }
  let fraction = size;
  for (let k = 60; k >= 1; k--) fraction = size + k / fraction;
  const tail = normalDensity(x) / fraction;
  return x < 0 ? tail : 1 - tail;
}

/** Density over distribution function, the slope of log Phi: about -x far below zero, 0 far above. */
export function inverseMills(x: number): number {
  if (x > FAR_BELOW) return normalDensity(x) / normalDistribution(x);
  let fraction = -x;
  for (let k = 40; k >= 1; k--) fraction = -x + k / fraction;
  return fraction;
}
