import { seededRandom } from '../core/random.ts';
import { quantile } from './quantile.ts';
import { midRanks } from './ranks.ts';
import { LEAST_COVERAGE, type Suppression, suppressOutsideDomain } from './suppression.ts';

/** An expected figure, and where 95 % of the figures of this batch fall if the probabilities are right. */
export interface ExpectedFigure {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

export type ConfidenceBasedEstimate =
  | {
      readonly suppressed: null;
      readonly rows: number;
      readonly accuracy: ExpectedFigure;
      readonly brier: ExpectedFigure;
      readonly logLoss: ExpectedFigure;
      /** NaN where every draw of labels has one class. */
      readonly auroc: ExpectedFigure;
    }
  | Suppression;

/**
 * Confidence-based performance estimation: what accuracy, Brier score, log loss and AUROC calibrated probabilities
 * promise before any label is in. Right where the calibration holds in this batch, which nothing here can see; so it
 * is withheld where the batch lies outside the domain, and it never sees a change of the assay.
 *
 * The first three are expectations over independent labels y ~ p; that of AUROC is the expected share of rightly
 * ordered pairs over the expected number of pairs. Intervals come from seeded draws of the labels.
 * @param probabilities           float [n], n >= 1, calibrated on rows the model has not seen
 * @param options.domainCoverage  share of the batch within the domain
 * @param options.threshold       label 1 is called from here on
 * @source Kivimaki et al. 2024, arXiv:2407.08649 (accuracy); Kivimaki, Bialek & Kuberski 2025, arXiv:2505.05295 (CBPE)
 */
export function confidenceBasedEstimate(
  probabilities: ArrayLike<number>,
  options: {
    domainCoverage: number;
    leastCoverage?: number;
    threshold?: number;
    seed: number;
    draws?: number;
  },
): ConfidenceBasedEstimate {
  const { domainCoverage, leastCoverage = LEAST_COVERAGE, threshold = 0.5, seed, draws = 500 } = options;
  const outside = suppressOutsideDomain(domainCoverage, leastCoverage);
  if (outside) return outside;
  const n = probabilities.length;
  if (n === 0) return { suppressed: 'too-few-compounds', found: 0, needed: 1 };

  const p = Float64Array.from(probabilities);
  const held = p.map((value) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, value)));
  const ranks = midRanks(p);
  let accuracy = 0;
  let brier = 0;
  let logLoss = 0;
  for (let i = 0; i < n; i++) {
    accuracy += (p[i] >= threshold ? p[i] : 1 - p[i]) / n;
    brier += (p[i] * (1 - p[i])) / n;
    logLoss -= (p[i] * Math.log(held[i]) + (1 - p[i]) * Math.log(1 - held[i])) / n;
  }

  const drawn = {
    accuracy: new Float64Array(draws),
    brier: new Float64Array(draws),
    logLoss: new Float64Array(draws),
    auroc: [] as number[],
  };
  const random = seededRandom(seed);
  for (let draw = 0; draw < draws; draw++) {
    let positives = 0;
    let rankSum = 0;
    let right = 0;
    for (let i = 0; i < n; i++) {
      const y = random() < p[i] ? 1 : 0;
      positives += y;
      rankSum += y * ranks[i];
      if ((p[i] >= threshold ? 1 : 0) === y) right++;
      drawn.brier[draw] += (p[i] - y) ** 2 / n;
      drawn.logLoss[draw] -= Math.log(y === 1 ? held[i] : 1 - held[i]) / n;
    }
    // Counted, so that an end of the interval is a share that a batch can have, to the last bit.
    drawn.accuracy[draw] = right / n;
    const pairs = positives * (n - positives);
    if (pairs > 0) drawn.auroc.push((rankSum - (positives * (positives + 1)) / 2) / pairs);
  }
  return {
    suppressed: null,
    rows: n,
    accuracy: { expected: accuracy, ...middle(drawn.accuracy) },
    brier: { expected: brier, ...middle(drawn.brier) },
    logLoss: { expected: logLoss, ...middle(drawn.logLoss) },
    auroc: { expected: expectedAuroc(p), ...middle(Float64Array.from(drawn.auroc)) },
  };
}

/** sum over i != j of p_i (1 - p_j) [p_i > p_j, ties half] / sum over i != j of p_i (1 - p_j). */
function expectedAuroc(p: Float64Array): number {
  const sorted = p.slice().sort();
  let ordered = 0;
  let below = 0;
  let all = 0;
  let total = 0;
  for (const value of sorted) total += 1 - value;
  for (let from = 0; from < sorted.length; ) {
    const value = sorted[from];
    let to = from;
    while (to < sorted.length && sorted[to] === value) to++;
    const tied = to - from;
    ordered += tied * value * (below + ((tied - 1) * (1 - value)) / 2);
    all += tied * value * (total - (1 - value));
    below += tied * (1 - value);
    from = to;
  }
  return ordered / all;
}

function middle(values: Float64Array): { low: number; high: number } {
  values.sort();
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
