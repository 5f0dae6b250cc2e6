import type { PlattCalibration } from '../core/artifact.ts';
import type { AssayLimits } from './assay-limits.ts';
import type { OnnxGraph } from './onnx.ts';

/** What becomes of a score. */
export interface OutputStep {
  /** Makes a probability of it. */
  readonly calibration: PlattCalibration | null;
  /** Holds a value within what the assay can tell. */
  readonly limits: AssayLimits | null;
}

/** The graph's output `prediction`, float32 [n], from a score of that shape. */
export function addOutput(graph: OnnxGraph, score: string, { calibration, limits }: OutputStep): void {
  if (calibration) {
    const slope = graph.float32('platt_slope', [-calibration.slope]);
    const offset = graph.float32('platt_offset', [-calibration.offset]);
    graph.node('Sigmoid', [graph.node('Add', [graph.node('Mul', [score, slope]), offset])], {}, 'prediction');
    return;
  }
  // An input that Clip is not given has an empty name.
  const bound = (name: string, value?: number) =>
    value === undefined ? '' : graph.float32(name, [value], []);
  const bounds = [bound('lower_limit', limits?.lower), bound('upper_limit', limits?.upper)];
  graph.node('Clip', [score, ...bounds], {}, 'prediction');
}
