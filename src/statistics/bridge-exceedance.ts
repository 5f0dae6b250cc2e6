/** States between -level and level that the density is kept at. */
const STATES = 120;

/**
 * P(sup |B(u) + h(u)| >= level) of a Brownian bridge B on [0, 1] with a drift h: the power of a Kolmogorov-Smirnov test in
 * the limit. The density of the paths that stayed within is carried from step to step; between steps h is taken as
 * straight, for which the chance of leaving and coming back is known.
 * @param drift  float64 [steps + 1], h at equal steps from 0 to 1, 0 at both ends; a rise in one step times steps and level
 *   below 300
 * @param level  > 0
 * @returns in [0, 1]; to 1e-12 without drift, with one to what 32 straight pieces leave of h
 * @source Wang & Poetzelberger 1997, doi:10.2307/3215174
 */
export function bridgeExceedance(drift: Float64Array, level: number): number {
  const steps = drift.length - 1;
  const time = 1 / steps;
  const width = (2 * level) / STATES;
  // Cell centres: the density vanishes at the walls, so they need not be states.
  const states = Float64Array.from({ length: STATES }, (_, i) => -level + (i + 0.5) * width);
  const stay = (x: number, y: number) => {
    const above = Math.exp((-2 * (level - x) * (level - y)) / time);
    const below = Math.exp((-2 * (level + x) * (level + y)) / time);
    return Math.max(0, 1 - above - below) * Math.exp(-((y - x) ** 2) / (2 * time));
  };
  // Symmetric. A rise of h enters as exp((y - x) rise / time - rise^2 / (2 time)), a factor of y times one of x.
  const kernel = new Float64Array(STATES * STATES);
  for (let i = 0; i < STATES; i++) {
    for (let j = 0; j <= i; j++) {
      const weight = stay(states[i], states[j]);
      kernel[i * STATES + j] = weight;
      kernel[j * STATES + i] = weight;
    }
  }
  const tilt = (y: number, rise: number) => Math.exp((y * rise - (rise * rise) / 2) / time);

  const scale = 1 / Math.sqrt(2 * Math.PI * time);
  let density = states.map((y) => scale * stay(0, y) * tilt(y, drift[1]));
  for (let step = 2; step < steps; step++) {
    const rise = drift[step] - drift[step - 1];
    const before = density.map((value, i) => value * Math.exp((-states[i] * rise) / time));
    density = states.map((y, j) => {
      let sum = 0;
      for (let i = 0; i < STATES; i++) sum += before[i] * kernel[j * STATES + i];
      return sum * scale * width * tilt(y, rise);
    });
  }
  const fall = drift[steps] - drift[steps - 1];
  let end = 0;
  for (let i = 0; i < STATES; i++) {
    end += density[i] * Math.exp((-states[i] * fall) / time) * stay(states[i], 0);
  }
  // Given that the path ends at 0, which has the density 1 / sqrt(2 pi).
  const within = end * tilt(0, fall) * scale * width * Math.sqrt(2 * Math.PI);
  return Math.min(1, Math.max(0, 1 - within));
}
