/**
 * One array behind the other, in a new array. (`Float64Array.of(...)` passes each number as an argument, and past some
 * hundred thousand there is no room for them.)
 */
export function joinFloat64(...parts: readonly ArrayLike<number>[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
