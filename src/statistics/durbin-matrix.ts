/**
 * P(D_n < d), exact, as one entry of the n-th power of a (2k - 1)-square matrix, k = floor(n d) + 1.
 * @param n  rows, whole
 * @param d  with n d up to about 80: the work grows as (n d)^3 log n
 * @source Durbin 1973, doi:10.1137/1.9781611970586; Marsaglia, Tsang & Wang 2003, doi:10.18637/jss.v008.i18
 */
export function durbinCdf(n: number, d: number): number {
  const k = Math.floor(n * d) + 1;
  const size = 2 * k - 1;
  const h = k - n * d;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < Math.min(size, i + 2); j++) {
      let entry = 1;
      if (j === 0) entry -= h ** (i + 1);
      if (i === size - 1) entry -= h ** (size - j);
      if (j === 0 && i === size - 1) entry += Math.max(0, 2 * h - 1) ** size;
      for (let g = 2; g <= i - j + 1; g++) entry /= g;
      matrix[i * size + j] = entry;
    }
  }
  let { values, exponent } = power({ values: matrix, exponent: 0 }, size, n);
  let cdf = values[(k - 1) * size + k - 1];
  for (let i = 1; i <= n; i++) {
    cdf *= i / n;
    if (cdf >= 1e-100) continue;
    cdf *= 2 ** 300;
    exponent -= 300;
  }
  return cdf * 2 ** exponent;
}

/** A matrix times 2^exponent, so that powers neither overflow nor vanish. */
interface ScaledMatrix {
  readonly values: Float64Array;
  readonly exponent: number;
}

function power(base: ScaledMatrix, size: number, n: number): ScaledMatrix {
  if (n === 1) return base;
  const half = power(base, size, Math.floor(n / 2));
  const even = multiply(half, half, size);
  return n % 2 === 0 ? even : multiply(base, even, size);
}

function multiply(a: ScaledMatrix, b: ScaledMatrix, size: number): ScaledMatrix {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let g = 0; g < size; g++) {
      const factor = a.values[i * size + g];
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) values[i * size + j] += factor * b.values[g * size + j];
    }
  }
  let exponent = a.exponent + b.exponent;
  const middle = values[((size - 1) / 2) * (size + 1)];
  if (middle > 2 ** 400) {
    // A power of two, so nothing is rounded.
    for (let i = 0; i < values.length; i++) values[i] *= 2 ** -400;
    exponent += 400;
  }
  return { values, exponent };
}
