import { logGamma } from './incomplete-beta.ts';

/**
 * Regularized upper incomplete gamma function Q(a, x): the series of P below the mean, Lentz's continued fraction
 * above it, where it keeps its relative precision however small it is.
 * @param a > 0 @param x >= 0
 * @source NIST Digital Library of Mathematical Functions 8.7.1, 8.9.2
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let k = 1; k <= 100_000 && term > 1e-17 * sum; k++) {
      term *= x / (a + k);
      sum += term;
    }
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k <= 100_000; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}
