export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
}

/**
 * Minimizes a smooth function by limited-memory BFGS with a backtracking line search. Plain IEEE arithmetic in a
 * fixed order, so equal inputs give equal bytes.
 * @param f           value and gradient at x; Infinity where x is not allowed
 * @param onIteration awaited before each iteration; may throw to stop
 * @source Nocedal & Wright 2006, algorithms 7.4 and 3.1, doi:10.1007/978-0-387-40065-5
 */
export async function minimize(
  f: (x: Float64Array) => { value: number; gradient: Float64Array },
  start: Float64Array,
  maxIterations: number,
  onIteration?: (iteration: number) => Promise<void>,
): Promise<Minimum> {
  const memory = 10;
  const history: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  let x = start;
  let { value, gradient } = f(x);
  let iteration = 0;
  for (; iteration < maxIterations; iteration++) {
    await onIteration?.(iteration);
    const direction = descent(gradient, history);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    // No step moves a log parameter by more than one, that is by a factor of e.
    let step = Math.min(1, 1 / Math.max(...direction.map(Math.abs)));
    slope *= 1e-4;
    let next = x;
    let at = { value: Number.POSITIVE_INFINITY, gradient };
    for (; step > 1e-8; step /= 2) {
      next = x.map((v, i) => v + step * direction[i]);
      at = f(next);
      if (at.value <= value + step * slope) break;
    }
    if (!(at.value < value)) break;
    const s = next.map((v, i) => v - x[i]);
    const y = at.gradient.map((v, i) => v - gradient[i]);
    const sy = dot(s, y);
    // A pair without curvature would make the approximation indefinite.
    if (sy > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y))) {
      history.push({ s, y, rho: 1 / sy });
      if (history.length > memory) history.shift();
    }
    const gain = value - at.value;
    x = next;
    ({ value, gradient } = at);
    if (gain < 1e-7 * Math.abs(value)) break;
  }
  return { x, value, iterations: iteration };
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descent(
  gradient: Float64Array,
  history: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.slice();
  const alphas: number[] = [];
  for (const { s, y, rho } of [...history].reverse()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    add(q, y, -alpha);
  }
  const last = history.at(-1);
  if (last) {
    const scale = dot(last.s, last.y) / dot(last.y, last.y);
    for (let i = 0; i < q.length; i++) q[i] *= scale;
  }
  for (const { s, y, rho } of history) add(q, s, (alphas.pop() as number) - rho * dot(y, q));
  return q.map((v) => -v);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** a += factor * b */
function add(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}
