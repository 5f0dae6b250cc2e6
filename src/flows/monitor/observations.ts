import { canonicalJson } from '../../core/hash.ts';
import { observeLosses, startLossMonitor } from '../../statistics/betting-martingale.ts';
import { openConformalMonitor, startConformalMonitor } from '../../statistics/conformal-martingale.ts';
import type { DriftSample } from '../drift/drift-sample.ts';
import type { TrainingDistances } from '../drift/training-distances.ts';

/**
 * What one check adds to the two sequential tests of a monitor: each compound's distance once, at the first check that holds it,
 * and each compound's loss once, at the first check that knows its label. The tests stand where all the observations of
 * the checks so far put them: nothing else is carried along, so that nothing can be lost or edited between two checks, and an
 * auditor comes to the same figures from the same files.
 */
export interface Observations {
  readonly schema: 'assayer.observations/1';
  readonly monitor: string;
  /** Hash of the release record. */
  readonly release: string;
  readonly distances: readonly Observed[];
  readonly losses: readonly Observed[];
}

export interface Observed {
  /** InChIKey, or `id` where the compound has none. */
  readonly compound: string;
  readonly cluster: string;
  /** A distance, or a loss in [0, 1]. */
  readonly value: number;
}

/** Values of a batch, before those of compounds that were observed already are taken out. */
export interface BatchValues {
  readonly distances: readonly Observed[];
  readonly losses: readonly Observed[];
}

/** The text that observations are kept as. */
export function observationsText(observations: Observations): string {
  return canonicalJson(observations);
}

/** What a batch adds to the observations of earlier checks of its release. */
export function newObservations(
  { distances, losses }: BatchValues,
  earlier: readonly Observations[],
): BatchValues {
  const seen = {
    distances: new Set(earlier.flatMap((one) => one.distances.map(({ compound }) => compound))),
    losses: new Set(earlier.flatMap((one) => one.losses.map(({ compound }) => compound))),
  };
  const added = (values: readonly Observed[], known: Set<string>) =>
    values
      .filter(({ compound }) => {
        if (known.has(compound)) return false;
        known.add(compound);
        return true;
      })
      .toSorted((a, b) => (a.compound < b.compound ? -1 : 1));
  return { distances: added(distances, seen.distances), losses: added(losses, seen.losses) };
}

/**
 * Where the sequential test of distances stands after checks, oldest first: the conformal martingale that `monitor replay`
 * runs, over what was held out of the reference.
 * @param checks  those that the policy judges
 */
export function sequentialAfter(
  checks: readonly BatchValues[],
  { clusters }: DriftSample,
  { heldOut, calibration }: TrainingDistances,
  seed: number,
): { readonly logWealth: number } {
  const names = clusters && { clusters: Array.from(heldOut, (row) => clusters[row]) };
  const state = startConformalMonitor(seed, { values: calibration, ...names });
  // A cluster that the training set holds lies nearer than any that was held out, and never enters.
  const monitor = openConformalMonitor({
    ...state,
    clusters: [...new Set([...state.clusters, ...(clusters ?? [])])],
  });
  let logWealth = 0;
  for (const { distances } of checks) {
    const values = distances.map(({ value }) => value);
    const own = clusters ? distances.map(({ cluster }) => cluster) : undefined;
    logWealth = monitor.observe(values, own).logWealth;
  }
  return { logWealth };
}

/**
 * Where the risk process stands after checks, oldest first: the capital of bets against "the mean loss is no larger than that of
 * held-out compounds and what is tolerated beyond it". Of the compounds of one series at one check the mean counts.
 * @param reference  mean loss of held-out compounds, in (0, 1], scaled as the losses are
 * @returns null where no excess can be told, since the bound leaves no room below the largest loss
 */
export function riskAfter(
  checks: readonly BatchValues[],
  reference: number,
  toleratedExcess: number,
): { readonly logWealth: number } | null {
  const bound = reference * (1 + toleratedExcess);
  if (!(bound > 0 && bound < 1)) return null;
  let state = startLossMonitor(bound);
  let logWealth = 0;
  for (const { losses } of checks) {
    const series = [...Map.groupBy(losses, ({ cluster }) => cluster)].toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    );
    const means = series.map(([, rows]) => rows.reduce((sum, { value }) => sum + value, 0) / rows.length);
    const next = observeLosses(state, means);
    state = next.state;
    logWealth = next.look.logWealth;
  }
  return { logWealth };
}
