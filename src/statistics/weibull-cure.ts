/** Equal rows once, with their number. */
export interface DistinctRows {
  /** float64 [k], > 0 */
  readonly times: Float64Array;
  /** 0 or 1 [k] */
  readonly arrived: Uint8Array;
  readonly counts: Float64Array;
}

export interface WeibullCure {
  /** Share of rows whose label will ever come. */
  readonly share: number;
  readonly scale: number;
  readonly shape: number;
  readonly logLikelihood: number;
}

/** Maximum likelihood of the Weibull mixture, by EM; rows hold at least one label. */
export function fitWeibullCure(rows: DistinctRows): WeibullCure {
  let total = 0;
  let labels = 0;
  let time = 0;
  for (let i = 0; i < rows.times.length; i++) {
    total += rows.counts[i];
    labels += rows.counts[i] * rows.arrived[i];
    time += rows.counts[i] * rows.times[i] * rows.arrived[i];
  }
  return iterate(rows, { share: (labels + total) / (2 * total), scale: time / labels, shape: 1 }, true);
}

/** Largest log-likelihood with the share held. @param start where the search begins */
export function logLikelihoodWithShare(rows: DistinctRows, share: number, start: WeibullCure): number {
  return iterate(rows, { ...start, share }, false).logLikelihood;
}

function iterate(
  { times, arrived, counts }: DistinctRows,
  start: { share: number; scale: number; shape: number },
  freeShare: boolean,
): WeibullCure {
  let { share, scale, shape } = start;
  const n = times.length;
  const logs = times.map(Math.log);
  const expected = new Float64Array(n);
  let total = 0;
  let labels = 0;
  let labelLogs = 0;
  for (let i = 0; i < n; i++) {
    total += counts[i];
    if (arrived[i] === 0) continue;
    labels += counts[i];
    labelLogs += counts[i] * logs[i];
  }
  let previous = Number.NEGATIVE_INFINITY;
  for (let iteration = 0; ; iteration++) {
    // How many rows of each kind are expected to have a label coming, and the likelihood on the way.
    let logLikelihood = 0;
    let coming = 0;
    for (let i = 0; i < n; i++) {
      const exponent = (times[i] / scale) ** shape;
      if (arrived[i] === 1) {
        expected[i] = counts[i];
        logLikelihood +=
          counts[i] *
          (Math.log((share * shape) / scale) + (shape - 1) * (logs[i] - Math.log(scale)) - exponent);
      } else {
        const late = share * Math.exp(-exponent);
        expected[i] = late === 0 ? 0 : (counts[i] * late) / (1 - share + late);
        // With a share of 1 the late part can underflow: its logarithm is known.
        logLikelihood += counts[i] * (share === 1 ? -exponent : Math.log(1 - share + late));
        if (share === 1) expected[i] = counts[i];
      }
      coming += expected[i];
    }
    if (iteration === 5000 || logLikelihood - previous < 1e-10 * Math.abs(logLikelihood)) {
      return { share, scale, shape, logLikelihood };
    }
    previous = logLikelihood;
    if (freeShare) share = coming / total;

    // The shape solves one rising equation; two Newton steps raise the likelihood, which is all that EM needs.
    for (let step = 0; step < 2; step++) {
      let mass = 0;
      let first = 0;
      let second = 0;
      for (let i = 0; i < n; i++) {
        const weight = expected[i] * (times[i] / scale) ** shape;
        mass += weight;
        first += weight * logs[i];
        second += weight * logs[i] ** 2;
      }
      const mean = first / mass;
      const value = mean - 1 / shape - labelLogs / labels;
      const slope = second / mass - mean ** 2 + 1 / shape ** 2;
      shape = Math.min(2 * shape, Math.max(shape / 2, shape - value / slope));
    }
    let mass = 0;
    for (let i = 0; i < n; i++) mass += expected[i] * (times[i] / scale) ** shape;
    scale *= (mass / labels) ** (1 / shape);
  }
}
