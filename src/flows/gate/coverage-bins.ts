/** Rows whose coverage is told together. */
export interface CoverageBin {
  /** Similarity to the nearest training compound: from (included) to (excluded; Infinity for the last). */
  readonly from: number;
  readonly to: number;
  readonly rows: readonly number[];
  /** Whether there are rows enough for a share of them to mean something. */
  readonly judged: boolean;
}

/**
 * Bins of similarity that coverage is judged in, the farthest from training first. One with `least` rows is judged by
 * itself. A smaller one is judged together with as many of the next nearer ones as it takes, so that a small evaluation
 * set is judged where a model is most often wrong; the bin that completes such a pool still stands by itself, and what no
 * nearer bin completes is only reported.
 * @param similarities  float [n]
 * @param edges         lower ends of the bins, ascending
 */
export function coverageBins(
  similarities: Float64Array,
  edges: readonly number[],
  least: number,
): CoverageBin[] {
  const bins = edges.map((from, bin): CoverageBin => {
    const to = edges[bin + 1] ?? Number.POSITIVE_INFINITY;
    const rows = [...similarities.keys()].filter((i) => similarities[i] >= from && similarities[i] < to);
    return { from, to, rows, judged: rows.length >= least };
  });
  const filled = bins.filter(({ rows }) => rows.length > 0);
  const found: CoverageBin[] = [];
  for (let at = 0; at < filled.length; at++) {
    const first = filled[at];
    if (first.judged) {
      found.push(first);
      continue;
    }
    let last = at;
    let rows = first.rows;
    while (rows.length < least && last + 1 < filled.length) rows = [...rows, ...filled[++last].rows];
    found.push({ from: first.from, to: filled[last].to, rows, judged: rows.length >= least });
    at = filled[last].judged ? last - 1 : last;
  }
  return found;
}
