import { durbinCdf } from './durbin-matrix.ts';
import { logGamma } from './incomplete-beta.ts';

/**
 * P(K > x) of Kolmogorov's limit distribution; full relative precision in the upper tail.
 * @source Kolmogorov 1933; the two series are Feller 1948, doi:10.1214/aoms/1177730243
 */
export function kolmogorovSurvival(x: number): number {
  if (x <= 0) return 1;
  if (x < 1) return 1 - limitCdf(x);
  let sum = 0;
  for (let k = 1, sign = 1; ; k++, sign = -sign) {
    const term = Math.exp(-2 * k * k * x * x);
    sum += sign * term;
    if (term <= 1e-17 * sum || term === 0) return Math.min(1, 2 * sum);
  }
}

function limitCdf(x: number): number {
  let sum = 0;
  for (let k = 1; k < 40; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x));
  return (Math.sqrt(2 * Math.PI) / x) * sum;
}

/**
 * P(D_n >= d) of the two-sided one-sample statistic for n rows. Methods by region, after Simard & L'Ecuyer: Durbin's
 * matrix in the body, twice Smirnov's one-sided law in the upper tail, and for large n the expansion of Pelz & Good
 * between (good to about 1e-7 there).
 * @param rows  n >= 1, whole
 * @param d     in [0, 1]
 * @source Simard & L'Ecuyer 2011, doi:10.18637/jss.v039.i11
 */
export function kolmogorovSurvivalOf(rows: number, d: number): number {
  if (d >= 1) return 0;
  if (rows * d <= 0.5) return 1;
  const square = rows * d * d;
  if (square >= (rows <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnovSurvival(rows, d));
  const cdf = rows <= 140 || rows * d ** 1.5 <= 1.4 ? durbinCdf(rows, d) : pelzGoodCdf(rows, d);
  return Math.min(1, Math.max(0, 1 - cdf));
}

/** P(D_n+ >= d), one-sided; a sum of positive terms. @source Smirnov 1944; Birnbaum & Tingey 1951 */
function smirnovSurvival(n: number, d: number): number {
  let sum = 0;
  for (let j = 0; j <= n; j++) {
    const left = 1 - d - j / n;
    if (left <= 0) break;
    const choose = logGamma(n + 1) - logGamma(j + 1) - logGamma(n - j + 1);
    sum += Math.exp(choose + (j - 1) * Math.log(d + j / n) + (n - j) * Math.log(left));
  }
  return d * sum;
}

/** Expansion of P(D_n < d) to the order n^-3/2 in z = sqrt(n) d. @source Pelz & Good 1976, J. R. Stat. Soc. B 38:152 */
function pelzGoodCdf(n: number, d: number): number {
  const z2 = n * d * d;
  const z = Math.sqrt(z2);
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  let first = 0;
  let second = 0;
  let third = 0;
  let secondWhole = 0;
  let thirdWhole = 0;
  // Each sum runs over all integers; terms k and -k - 1 (or -k) are alike.
  for (let k = 0; k < 20; k++) {
    const h2 = (Math.PI * (k + 0.5)) ** 2;
    const half = 2 * Math.exp(-h2 / (2 * z2));
    first += (h2 - z2) * half;
    second += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * h2 + (1 - 2 * z2) * h2 * h2) * half;
    third +=
      ((5 - 30 * z2) * h2 ** 3 +
        (212 * z4 - 60 * z2) * h2 ** 2 +
        (135 * z4 - 96 * z6) * h2 -
        (30 * z6 + 90 * z4 * z4)) *
      half;
    const w2 = (Math.PI * k) ** 2;
    const whole = 2 * Math.exp(-w2 / (2 * z2));
    secondWhole += w2 * whole;
    thirdWhole += (3 * w2 * z2 - w2 * w2) * whole;
  }
  const root = Math.sqrt(Math.PI / 2);
  return (
    limitCdf(z) +
    (root * first) / (6 * z4 * Math.sqrt(n)) +
    (root * (second / (72 * z6 * z) - secondWhole / (36 * z2 * z))) / n +
    (root * (third / (6480 * z6 * z4) + thirdWhole / (216 * z6))) / n ** 1.5
  );
}
