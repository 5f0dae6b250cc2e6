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

/** A unit or scale without what is remarked on it: `log10(bound/unbound)` of `log10(bound/unbound), limits -3 to 3`. */
export function unitAlone(unit: string): string {
  return unit.split(/, | = /)[0];
}

/** No measured quantity has a log10 beyond this. */
const LARGEST_LOG = 20;
/** 1 mol/L in nM: no assay measures at more. */
const LARGEST_NM = 1e9;

/**
 * Why no measurement can have a value, in words with what it may be instead; null where one can.
 * @param value  in the endpoint's unit, a finite number
 */
export function whyImpossible(
  { transform, unit }: Pick<EndpointDefinition, 'transform' | 'unit'>,
  value: number,
): string | null {
  switch (transform) {
    case 'log10-odds': {
      if (value >= 0 && value <= 1) return null;
      const isPercent = value > 1 && value <= 100;
      return `${value} is no ${unit}, which lies from 0 to 1${isPercent ? '; percent? Then divide by 100' : ''}`;
    }
    case '9-log10':
      if (value > LARGEST_NM) return `${value} ${unit} is more than 1 mol/L; is it in another unit?`;
      if (value <= 0) return `${value} is no concentration in ${unit}, which is above 0; a logarithm?`;
      return null;
    case 'identity': {
      const isLog = unit.startsWith('log10(');
      if (!isLog || Math.abs(value) <= LARGEST_LOG) return null;
      return `${value} is no ${unit}; as measured? Then take its log10`;
    }
  }
}

/** True where a larger modelled value means a smaller value in the unit, so that interval ends swap. */
export function reversesOrder(transform: Transform): boolean {
  return transform === '9-log10';
}
