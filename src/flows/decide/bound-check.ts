import type { BoundCheck } from '../../core/monitor-decision.ts';

/** What a rule saw in one check. */
export interface Seen {
  /** null where it cannot be judged; `reasons` say why. */
  readonly holds: boolean | null;
  readonly reasons: readonly string[];
  readonly bounds: readonly BoundCheck[];
}

/** A figure held against a bound; one that is not known does not hold. */
export function checkBound(
  figure: string,
  value: number | null,
  relation: BoundCheck['relation'],
  bound: number,
  from: { readonly unit?: string; readonly field?: string } = {},
): BoundCheck {
  const holds = value !== null && compare(value, relation, bound);
  return { figure, value, relation, bound, unit: from.unit ?? '', field: from.field ?? null, holds };
}

function compare(value: number, relation: BoundCheck['relation'], bound: number): boolean {
  switch (relation) {
    case '>=':
      return value >= bound;
    case '>':
      return value > bound;
    case '<=':
      return value <= bound;
    case '<':
      return value < bound;
  }
}

/**
 * Of the bounds that hold, or of those that do not, the one nearest to the other side, in parts of the bound; figures that
 * are not known come last, and of equally near ones the first.
 */
export function nearestBound(bounds: readonly BoundCheck[], holds: boolean): BoundCheck | null {
  const distance = ({ value, bound }: BoundCheck) =>
    value === null ? Number.POSITIVE_INFINITY : Math.abs(value - bound) / (Math.abs(bound) || 1);
  const among = bounds.filter((one) => one.holds === holds);
  return (
    among.toSorted((a, b) => (distance(a) < distance(b) ? -1 : distance(a) > distance(b) ? 1 : 0))[0] ?? null
  );
}

/** 'label maturity 0.62 of at least 0.8' */
export function boundText({ figure, value, relation, bound, unit }: BoundCheck): string {
  const words = { '>=': 'at least', '>': 'more than', '<=': 'at most', '<': 'less than' }[relation];
  const measured = value === null ? 'not known' : numberText(value);
  return `${figure} ${measured}, where ${words} ${numberText(bound)}${unit && ` ${unit}`} counts`;
}

/** A number for a sentence: three significant digits. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(3)));
}
