/**
 * Shuffles values in place.
 * @param uniform  draws in [0, 1)
 * @source Fisher & Yates 1938; Durstenfeld 1964, doi:10.1145/364520.364540
 */
export function shuffle(values: Float64Array, uniform: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    const kept = values[i];
    values[i] = values[j];
    values[j] = kept;
  }
}
