import { finiteValues, refuse } from './finite-values.ts';
import { rankOnline, startHistory, uniformDraws } from './online-ranks.ts';
import { sortedOrder } from './ranks.ts';
import {
  beginLook,
  describeLook,
  multiplyCapital,
  type SequentialLook,
  type SharedCapital,
  startCapital,
} from './shared-capital.ts';
import { shuffle } from './shuffle.ts';

/**
 * Bets against uniform p-values: factor 1 + slope * x + curve * (3 x^2 - 1) / 2 at x = 1 - 2p, each of mean 1 over p.
 * Slopes win when values move up or down, curves when they spread or gather. The first keeps the capital.
 */
const BETS: readonly (readonly [slope: number, curve: number])[] = [
  [0, 0],
  ...[0.1, 0.25, 0.5, 0.95].flatMap((slope): [number, number][] => [
    [slope, 0],
    [-slope, 0],
  ]),
  [0, 0.4],
  [0, 0.95],
  [0, -0.4],
  [0, -0.95],
];

/** All that a conformal monitor needs to carry on; JSON keeps it exactly. */
export interface ConformalMonitorState {
  readonly kind: 'conformal-monitor/1';
  readonly seed: number;
  /** Random words used so far. */
  readonly drawn: number;
  /** Every value ranked so far, ascending. */
  readonly values: readonly number[];
  /** Clusters that have had their representative. */
  readonly clusters: readonly string[];
  readonly capital: SharedCapital;
}

/** A monitor that looks at batch after batch of one stream. */
export interface ConformalMonitor {
  /**
   * Takes one batch. Rows may come in any order; the result does not depend on it.
   * @param values    float [n], n may be 0: distance to the training set, a prediction, an uncertainty
   * @param clusters  [n], names of scaffolds (or plates): one row of each, drawn at random, enters, once in the
   *                  monitor's life; without it each row is its own cluster
   * @returns where the test stands; alarm at anytimeP <= alpha
   * @throws ERR_USAGE where a value is not finite, or lengths differ
   */
  observe(values: ArrayLike<number>, clusters?: readonly string[]): SequentialLook;
  /** The state after the batches so far; the caller owns it. */
  save(): ConformalMonitorState;
}

/**
 * State before the first batch.
 * @param seed     of the random ties, orders and representatives, whole and >= 0
 * @param history  reference that batches are first ranked among: rows the model has not seen, with their clusters as
 *                 in `observe`. Without it the first batches are the reference
 * @throws ERR_USAGE as `observe`
 */
export function startConformalMonitor(
  seed: number,
  history: { readonly values: ArrayLike<number>; readonly clusters?: readonly string[] } = { values: [] },
): ConformalMonitorState {
  const draws = uniformDraws(seed, 0);
  const seen = new Set<string>();
  const values = chooseRows(history.values, history.clusters, seen, draws.next);
  return {
    kind: 'conformal-monitor/1',
    seed,
    drawn: draws.drawn(),
    values: [...values],
    clusters: [...seen],
    capital: startCapital(BETS.length),
  };
}

/**
 * Conformal test martingale on online ranks: under exchangeable representatives the p-values are independent and
 * uniform, so the wealth of any bets against them exceeds 1 / alpha, at any time, with probability at most alpha. Each
 * batch joins what later ones are ranked among; a fixed calibration set would make the p-values dependent. Use it
 * where "no drift" means exchangeable compounds; where batches differ anyhow, give one value for each batch. A limit:
 * later values are ranked among shifted ones too, so that a small shift found late in a short history fades.
 * @param state  from `startConformalMonitor` or `save`; it is not changed
 * @source Vovk, Gammerman & Shafer 2005, doi:10.1007/b106715, chapter 7; Fedorova et al. 2012, arXiv:1204.3251
 */
export function openConformalMonitor(state: ConformalMonitorState): ConformalMonitor {
  const history = startHistory(state.values);
  const draws = uniformDraws(state.seed, state.drawn);
  const seen = new Set(state.clusters);
  const capital = { ...state.capital, parts: [...state.capital.parts] };
  const factors = new Float64Array(BETS.length);
  const bet = (p: number) => {
    const x = 1 - 2 * p;
    const y = 1.5 * x * x - 0.5;
    for (let k = 0; k < BETS.length; k++) factors[k] = 1 + BETS[k][0] * x + BETS[k][1] * y;
    multiplyCapital(capital, factors);
  };

  return {
    observe(values, clusters) {
      const chosen = chooseRows(values, clusters, seen, draws.next);
      // The order of ranking must not depend on the values.
      shuffle(chosen, draws.next);
      beginLook(capital);
      rankOnline(history, chosen, draws.next, bet);
      return describeLook(capital, chosen.length);
    },
    save: () => ({
      ...state,
      drawn: draws.drawn(),
      values: [...history.values.subarray(0, history.count)],
      clusters: [...seen],
      capital: { ...capital, parts: [...capital.parts] },
    }),
  };
}

/**
 * Values that enter, ascending: all, or one of each cluster not seen before, drawn evenly. The clusters become seen.
 * @throws ERR_USAGE
 */
function chooseRows(
  values: ArrayLike<number>,
  clusters: readonly string[] | undefined,
  seen: Set<string>,
  uniform: () => number,
): Float64Array {
  if (clusters && clusters.length !== values.length) {
    refuse(
      `There are ${values.length} values and ${clusters.length} clusters. Give one cluster for each value.`,
    );
  }
  if (values.length === 0) return new Float64Array(0);
  const rows = finiteValues(values, 'the batch');
  if (!clusters) return rows.sort();
  const members = new Map<string, number[]>();
  for (const row of sortedOrder(rows)) {
    const cluster = clusters[row];
    if (seen.has(cluster)) continue;
    const found = members.get(cluster);
    if (found) found.push(rows[row]);
    else members.set(cluster, [rows[row]]);
  }
  // By name, so that equal values in another row order draw the same.
  const chosen = [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cluster, found]) => {
      seen.add(cluster);
      return found[Math.floor(uniform() * found.length)];
    });
  return Float64Array.from(chosen).sort();
}
