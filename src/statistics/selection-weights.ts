/** How a stratum (by predicted value or distance, say) was chosen from. */
export interface SelectionStratum {
  readonly stratum: number;
  readonly rows: number;
  readonly selected: number;
  /** rows / selected: how many compounds each selected one stands for; Infinity when none was. */
  readonly weight: number;
}

export interface SelectionWeights {
  /** Weight of each selected row, 0 for the others; float64 [n]. */
  readonly weights: Float64Array;
  /** Ascending by stratum; what a report shows. */
  readonly strata: readonly SelectionStratum[];
  /** Share of rows in strata that nothing was selected from: no weighting speaks for them. */
  readonly unrepresented: number;
}

/**
 * Inverse probability of having been submitted to the assay, by stratum: chemists choose what to assay, so the error
 * of what was measured is the error of the batch only after weighting, and only for strata that were chosen from.
 * @param strata    [n], equal numbers are one stratum
 * @param selected  0 or 1 [n]
 * @source Rosenbaum & Rubin 1984, doi:10.1080/01621459.1984.10478078
 */
export function selectionWeights(strata: ArrayLike<number>, selected: ArrayLike<number>): SelectionWeights {
  const counts = new Map<number, { rows: number; selected: number }>();
  for (let i = 0; i < strata.length; i++) {
    const count = counts.get(strata[i]) ?? { rows: 0, selected: 0 };
    count.rows++;
    count.selected += selected[i];
    counts.set(strata[i], count);
  }
  const table = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([stratum, count]) => ({ stratum, ...count, weight: count.rows / count.selected }));
  const weightOf = new Map(table.map(({ stratum, weight }) => [stratum, weight]));
  const weights = Float64Array.from(strata, (stratum, i) =>
    selected[i] === 1 ? (weightOf.get(stratum) as number) : 0,
  );
  const missing = table.reduce((sum, stratum) => sum + (stratum.selected === 0 ? stratum.rows : 0), 0);
  return { weights, strata: table, unrepresented: missing / strata.length };
}
