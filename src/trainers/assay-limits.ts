/** What an assay can tell at least and at most, on the modelled scale: values beyond are measured as the limit. */
export interface AssayLimits {
  readonly lower?: number;
  readonly upper?: number;
}

/** Labels at a limit differ from it by their rounding only. */
const ROUNDING = 1e-6;

/** Scores as the assay would measure them. float64 [n] */
export function withinLimits(scores: Float64Array, limits: AssayLimits | null): Float64Array {
  const { lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY } = limits ?? {};
  return scores.map((score) => Math.min(upper, Math.max(lower, score)));
}

/** Whether a label stands at a limit: the assay gave it as a value, though the true one may lie beyond. */
export function isAtLimit(label: number, { lower, upper }: AssayLimits): boolean {
  return (
    (lower !== undefined && label <= lower + ROUNDING) || (upper !== undefined && label >= upper - ROUNDING)
  );
}
