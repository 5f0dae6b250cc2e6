/** Folds that trainers hold out; one number for all, so that their held-out scores can be compared. */
export const FOLDS = 4;

/**
 * Deals whole groups into folds of about equal size: the largest group first, each to the fold that is smallest by
 * then. Rows of one group share a fold, so that a model is always judged on groups that it has not seen.
 * @param groups  int32 [n]: equal numbers belong together
 * @returns uint8 [n], fold numbers 0 .. folds - 1
 */
export function dealFolds(groups: Int32Array, folds: number): Uint8Array {
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const filled = new Array<number>(folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const [group, size] of [...sizes].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] += size;
    foldOf.set(group, fold);
  }
  return Uint8Array.from(groups, (group) => foldOf.get(group) as number);
}
