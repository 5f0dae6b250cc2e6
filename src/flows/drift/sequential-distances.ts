import { combineSplits } from '../../statistics/combine-p.ts';
import {
  type ConformalMonitor,
  openConformalMonitor,
  startConformalMonitor,
} from '../../statistics/conformal-martingale.ts';
import type { DriftCheck } from './drift-check.ts';
import { type HeldOutDistances, splitsOf, type TrainingDistances } from './training-distances.ts';

/** Where the sequential test of distances stands after a look. */
export interface SequentialDistances {
  /** Looks so far, from 1. */
  readonly look: number;
  /** Compounds that entered at this look; of several splits, the fewest. */
  readonly used: number;
  /** At most alpha at any time of the stream's life with probability at most alpha. */
  readonly anytimeP: number;
  /** Mean distance of this look's compounds less that of held-out compounds, of the first split; null where it has none. */
  readonly shift: number | null;
}

/**
 * The sequential test of the distances to the training set, by each split of the reference; what they say is combined as
 * p-values are, which is valid at every look, since none of them ever rises. The history of each is what was held out. A
 * cluster that the training set holds is no news: it lies nearer than any that was held out, and never enters.
 */
export class SplitMonitors {
  readonly #monitors: readonly ConformalMonitor[];

  constructor({ reference: { clusters }, settings }: DriftCheck, distances: TrainingDistances) {
    this.#monitors = splitsOf(distances).map(({ heldOut, calibration }) => {
      const names = clusters && { clusters: Array.from(heldOut, (row) => clusters[row]) };
      const state = startConformalMonitor(settings.seed, { values: calibration, ...names });
      return openConformalMonitor({
        ...state,
        clusters: [...new Set([...state.clusters, ...(clusters ?? [])])],
      });
    });
  }

  /** Takes the compounds of one look. */
  observe(distances: TrainingDistances, clusters: readonly string[] | undefined): SequentialDistances {
    const looks = splitsOf(distances).map(({ batch }, i) => this.#monitors[i].observe(batch, clusters));
    return {
      look: looks[0].look,
      used: Math.min(...looks.map(({ used }) => used)),
      anytimeP: combineSplits(looks.map(({ anytimeP }) => anytimeP)),
      shift: meanShift(distances),
    };
  }
}

function meanShift({ batch, calibration }: HeldOutDistances): number | null {
  if (batch.length === 0 || calibration.length === 0) return null;
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(batch) - mean(calibration);
}
