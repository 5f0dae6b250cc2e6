import { clopperPearson } from './clopper-pearson.ts';
import { fisherExact } from './fisher-exact.ts';

export interface Share {
  readonly count: number;
  readonly rows: number;
  readonly share: number;
  /** Exact 95 % interval. */
  readonly low: number;
  readonly high: number;
}

/** A share on the two sides. */
export interface ShareShift {
  readonly reference: Share;
  readonly batch: Share;
  /** batch - reference */
  readonly difference: number;
  /** Fisher's exact test, two-sided, for independent rows. */
  readonly p: number;
}

/**
 * How a share moved: of rows at an assay's bound, of censored or positive rows, of rows outside the domain.
 * @param countX  whole, of the reference's n rows
 * @param countY  whole, of the batch's m rows
 * @throws ERR_USAGE, also where a side has no rows
 */
export function shareShift(countX: number, n: number, countY: number, m: number): ShareShift {
  const p = fisherExact(countX, n, countY, m);
  const reference = shareOf(countX, n);
  const batch = shareOf(countY, m);
  return { reference, batch, difference: batch.share - reference.share, p };
}

function shareOf(count: number, rows: number): Share {
  const [low, high] = clopperPearson(count, rows);
  return { count, rows, share: count / rows, low, high };
}
