import type { DriftFigure } from '../../core/drift.ts';
import { clopperPearson } from '../../statistics/clopper-pearson.ts';
import { quantile } from '../../statistics/quantile.ts';
import { selectionWeights } from '../../statistics/selection-weights.ts';
import type { DriftCheck } from './drift-check.ts';
import { type Delays, weigh } from './late-labels.ts';
import type { LossKind } from './performance-stream.ts';
import type { BatchLabels } from './read-labels.ts';

/** Compounds in each third of the batch; with fewer nothing is said of them. */
const LEAST_IN_THIRD = 20;
const THIRDS = ['nearest third', 'middle third', 'farthest third'];

/**
 * Which compounds were chosen for the assay, by distance to the training set, and the error weighted to the whole batch:
 * chemists choose what to assay, so the error of what was measured need not be that of the batch. Chosen is what was
 * submitted or has a label.
 * @param losses     NaN where no label has arrived; float64 [batch rows]
 * @param distances  to the nearest training compound; float64 [batch rows]
 * @returns [] where all were chosen, or a third is too small
 */
export function selectionFigures(
  check: DriftCheck,
  { name, unit }: LossKind,
  losses: Float64Array,
  labels: BatchLabels,
  delays: Delays | null,
  distances: Float64Array,
): DriftFigure[] {
  const chosen = Uint8Array.from(losses, (loss, row) =>
    Number.isNaN(loss) && Number.isNaN(labels.submitted[row]) ? 0 : 1,
  );
  if (chosen.every((one) => one === 1)) return [];
  const sorted = distances.slice().sort();
  const ends = [1 / 3, 2 / 3].map((part) => quantile(sorted, part));
  // Equal distances are of one third, so that thirds are not cut by the order of rows.
  const thirds = Uint8Array.from(distances, (distance) => ends.filter((end) => distance > end).length);
  const { weights, strata } = selectionWeights(thirds, chosen);
  if (strata.length < THIRDS.length || strata.some(({ rows }) => rows < LEAST_IN_THIRD)) return [];
  const shares = strata.map(({ stratum, rows, selected }): DriftFigure => {
    const [low, high] = clopperPearson(selected, rows);
    const value = selected / rows;
    return { name: `chosen for the assay, of the ${THIRDS[stratum]}`, value, low, high, unit: '', n: rows };
  });
  const measured = new Set(thirds.filter((_, row) => !Number.isNaN(losses[row])));
  if (measured.size < THIRDS.length) return shares;
  const { error, low, high, labels: n } = weigh(check, losses, labels, delays, weights);
  return [...shares, { name: `${name}, weighted to the whole batch`, value: error, low, high, unit, n }];
}
