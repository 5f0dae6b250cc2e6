/**
 * How a value in the endpoint's unit becomes the modelled value, and back.
 * identity: the unit is the modelled scale. 9-log10: nM, modelled as the negative log10 of mol/L. log10-odds: a
 * fraction f, modelled as log10(f / (1 - f)) with f held within 0.001 to 0.999, past which an assay tells nothing.
 */
export type Transform = 'identity' | '9-log10' | 'log10-odds';

/** Fractions are held within these before their odds are taken. */
const LEAST_FRACTION = 0.001;
const GREATEST_FRACTION = 0.999;

/** A measured property with one definition: what is measured, in which unit, on which scale it is modelled. */
export interface EndpointDefinition {
  readonly id: string;
  readonly title: string;
  readonly kind: 'regression' | 'classification';
  /** Unit of values shown to people; 'probability' for classes. */
  readonly unit: string;
  readonly modelledScale: string;
  readonly transform: Transform;
  readonly direction: string;
  readonly assay: string;
  /** Whose enzyme, tissue, cell or organism it is; 'none' for a property of the compound alone. */
  readonly species: string;
}

/**
 * The modelled value of a value in the endpoint's unit.
 * @returns NaN or an infinity where the value has none (an IC50 of 0 or less)
 */
export function toModelled(transform: Transform, value: number): number {
  switch (transform) {
    case 'identity':
      return value;
    case '9-log10':
      return 9 - Math.log10(value);
    case 'log10-odds': {
      const fraction = Math.min(Math.max(value, LEAST_FRACTION), GREATEST_FRACTION);
      return Math.log10(fraction / (1 - fraction));
    }
  }
}

/** A value in the endpoint's unit, from the modelled scale. */
export function toUnit(transform: Transform, modelled: number): number {
  switch (transform) {
    case 'identity':
      return modelled;
    case '9-log10':
      return 10 ** (9 - modelled);
    case 'log10-odds':
      return 1 / (1 + 10 ** -modelled);
  }
}

/** True where a larger modelled value means a smaller value in the unit, so that interval ends swap. */
export function reversesOrder(transform: Transform): boolean {
  return transform === '9-log10';
}
