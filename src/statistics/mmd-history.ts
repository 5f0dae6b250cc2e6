import { MMD_TIE } from '../core/mmd.ts';
import { cannotFire } from './cannot-fire.ts';

/** Batches of so many times more or fewer rows have another spread, and are not compared. */
const MOST_ROWS_RATIO = 2;

/** Distance of one batch to the reference. */
export interface BatchDistance {
  /** Unbiased squared MMD, of one kernel and one reference for all. */
  readonly value: number;
  readonly batchRows: number;
}

export interface HistoryRank {
  /** (1 + earlier distances at least as large) / (1 + earlier ones); ties count against. */
  readonly p: number;
  /** Earlier batches that were compared: those of half to twice as many rows. */
  readonly compared: number;
  /** Too few were: no distance could give p <= alpha. */
  readonly cannotFire: boolean;
}

/**
 * Where a batch's distance to the reference lies among those of earlier batches. The null says that the batch and the
 * earlier ones are exchangeable; it allows for clusters, plates and submissions of any kind, since each batch is one unit, and
 * for a reference that all of them differ from. It needs 1 / alpha - 1 earlier batches.
 * @param alpha  level of the check
 */
export function rankInHistory(
  { value, batchRows }: BatchDistance,
  history: readonly BatchDistance[],
  alpha: number,
): HistoryRank {
  const alike = history.filter(
    (past) => past.batchRows <= MOST_ROWS_RATIO * batchRows && batchRows <= MOST_ROWS_RATIO * past.batchRows,
  );
  // A distance that is not known counts against the batch.
  const reached = alike.filter((past) => !(past.value < value - MMD_TIE)).length;
  return {
    p: (1 + reached) / (1 + alike.length),
    compared: alike.length,
    cannotFire: cannotFire(alpha, alike.length),
  };
}
