import type { Calibration } from '../../core/artifact.ts';
import { tanimoto } from '../../core/fingerprint.ts';
import type { NeighborIndex } from '../../core/ports.ts';
import { logOdds } from '../../onnx/wrap-model.ts';
import { mondrianConformal } from '../../statistics/conformal.ts';
import { fitPlatt } from '../../statistics/platt.ts';
import type { LabelledRows } from '../dataset.ts';

const COVERAGE = 0.9;
const CONFORMAL_BINS = { bins: 5, minRows: 200 };

/**
 * Calibration of an imported model on rows that it was not trained on and that no figure is scored on.
 * @param answers   float [n], as the graph gives them without a calibration
 * @param training  index of its training compounds
 */
export async function calibrateImport(
  kind: 'regression' | 'classification',
  rows: LabelledRows,
  answers: Float32Array,
  training: NeighborIndex,
): Promise<Calibration> {
  if (kind === 'classification') return fitPlatt(Float64Array.from(answers, logOdds), rows.y);
  const { intersections, unions } = await training.nearest(rows.fingerprints, 1);
  const similarities = Float64Array.from(intersections, (shared, i) => tanimoto(shared, unions[i]));
  const residuals = rows.y.map((y, i) => Math.abs(y - answers[i]));
  return mondrianConformal({ residuals, similarities, spreads: null }, COVERAGE, CONFORMAL_BINS);
}
