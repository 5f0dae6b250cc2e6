import type { Manifest } from '../core/artifact.ts';
import type { EndpointDefinition } from '../core/endpoint.ts';
import { textTable } from './text-table.ts';

/** Figures that are distances on the modelled scale; all others are shares or ranks. */
const DISTANCES = ['MAE', 'RMSE', 'bias', 'meanWidth'];

/**
 * What a figure is measured in, which need not be the unit that values are shown in: hERG is shown in nM and modelled as
 * pIC50.
 * @returns '' where it has no unit
 */
export function metricUnit({ kind, transform, unit }: EndpointDefinition, metric: string): string {
  if (kind === 'classification' || !DISTANCES.includes(metric)) return '';
  return transform !== 'identity' || /^log/i.test(unit) ? 'log units' : unit;
}

/** The first figure of a manifest, which its trainer puts first because it is the one people ask for. */
export function headline({ endpoint, metrics }: Manifest): string {
  const [name, { value, low, high }] = Object.entries(metrics)[0];
  const unit = metricUnit(endpoint, name);
  return `${name} ${value.toFixed(3)}${unit && ` ${unit}`} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** All figures of a manifest, a line each. */
export function metricTable({ endpoint, metrics }: Manifest): string {
  const rows = Object.entries(metrics).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(4),
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
    metricUnit(endpoint, name),
  ]);
  return textTable(['test figure', 'value', '95 % interval', 'in'], rows);
}
