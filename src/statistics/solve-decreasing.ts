/** Where a decreasing function crosses a level, by bisection down to a width (0: to neighbouring doubles). */
export function solveDecreasing(
  f: (x: number) => number,
  level: number,
  from: number,
  to: number,
  width = 0,
): number {
  let low = from;
  let high = to;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high || high - low < width) return middle;
    if (f(middle) > level) low = middle;
    else high = middle;
  }
}
