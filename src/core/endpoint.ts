/** How a value in the endpoint's unit becomes the modelled value, and back. */
export type Transform = 'identity' | '9-log10';

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
}

/** A value in the endpoint's unit, from the modelled scale. 9-log10: nM from a negative log10 of mol/L. */
export function toUnit(transform: Transform, modelled: number): number {
  return transform === '9-log10' ? 10 ** (9 - modelled) : modelled;
}

/** True where a larger modelled value means a smaller value in the unit, so that interval ends swap. */
export function reversesOrder(transform: Transform): boolean {
  return transform === '9-log10';
}
