import { incompleteBeta } from './incomplete-beta.ts';

/** P(T > t) of Student's distribution. @param df degrees of freedom, > 0, may be a fraction */
export function studentSurvival(t: number, df: number): number {
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/** P(|T| >= |t|). */
export function studentTwoSided(t: number, df: number): number {
  return Math.min(1, 2 * studentSurvival(Math.abs(t), df));
}

/**
 * The t with P(T <= t) = probability, by bisection down to neighbouring doubles.
 * @param probability  in (0, 1)
 * @param df           degrees of freedom, > 0
 */
export function studentQuantile(probability: number, df: number): number {
  if (!(probability > 0 && probability < 1 && df > 0)) return Number.NaN;
  if (probability < 0.5) return -studentQuantile(1 - probability, df);
  const tail = 1 - probability;
  let high = 1;
  while (studentSurvival(high, df) > tail) high *= 2;
  let low = 0;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (studentSurvival(middle, df) > tail) low = middle;
    else high = middle;
  }
}
