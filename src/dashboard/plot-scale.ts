/** A stretch of numbers laid over a stretch of the drawing. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Where a value lies, in units of the drawing; values outside lie on the nearer end. */
  at(value: number): number;
}

/**
 * @param domain  values of the two ends, finite, the first less than the second
 * @param range   where the ends lie; may run backwards
 */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [from, to] = domain;
  const [start, end] = range;
  return {
    from,
    to,
    at: (value) => start + ((Math.min(Math.max(value, from), to) - from) / (to - from)) * (end - start),
  };
}

/**
 * Round values within a stretch for its ticks: 1, 2 or 5 times a power of ten apart.
 * @param about  how many are wanted, >= 1
 * @returns ascending; the texts have equally many decimals
 */
export function ticks(from: number, to: number, about: number): { value: number; text: string }[] {
  const raw = (to - from) / about;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * ([1, 2, 5].find((factor) => factor * magnitude >= raw * 0.7) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: tickText(value, decimals) };
  });
}

function tickText(value: number, decimals: number): string {
  const text = decimals > 5 || Math.abs(value) >= 1e6 ? value.toExponential(1) : value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
}

/** A coordinate as text, to a tenth of a unit. */
export function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}
