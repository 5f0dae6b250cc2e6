import type { Manifest, Metric } from '../../core/artifact.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import { evaluate } from '../evaluate.ts';
import { figure, type GateInput, judged, measured, notMeasured, reported } from './gate-input.ts';

/** Ends of an interval come from draws of rows: one row that crosses a bound moves them by more than the figure. */
const INTERVAL_FACTOR = 3;

/**
 * The artifact is what its manifest says: every file has its hash, nothing lies outside the graph's file, and the graph
 * gives the manifest's figures on the evaluation rows. A manifest that was edited and hashed anew is caught by the last.
 */
export function checkIntegrity({ candidate, evaluation, policy }: GateInput): CheckResult {
  const { manifest, damage, externalData, scored, unscored } = candidate;
  if (!manifest || damage !== null) {
    const files: Measurement = { name: 'files match their hashes', value: 'no', bound: 'yes', holds: false };
    return judged('integrity', [files], `The artifact is damaged: ${damage}.`);
  }
  const files = Object.keys(manifest.files).length + 1;
  const measurements: Measurement[] = [
    { name: 'files match their hashes', value: `all ${files}`, bound: 'all', holds: true },
    {
      name: 'tensors outside the graph file',
      value: externalData.length,
      bound: '0',
      holds: externalData.length === 0,
    },
  ];
  if (externalData.length > 0) {
    const words = `The graph reads numbers from other files, which its hash does not cover: ${externalData.slice(0, 3).join(', ')}.`;
    return judged('integrity', measurements, words, { externalData });
  }
  if (manifest.evaluation.hash !== evaluation.hash) {
    const words = `The figures of the manifest are of other rows (${manifest.evaluation.hash.slice(0, 12)}) than those that a release is judged on (${evaluation.hash.slice(0, 12)}): they cannot be checked. Train or validate the model again on these rows.`;
    const rows = {
      name: 'evaluation set of the manifest',
      value: manifest.evaluation.hash,
      bound: evaluation.hash,
    };
    return judged('integrity', [...measurements, { ...rows, holds: false }], words);
  }
  // A stale contract is the check of that name: features of this engine say nothing about such a model's files.
  if (!scored) {
    const result = notMeasured('integrity', unscored);
    return { ...result, measurements };
  }
  const found = evaluate(manifest.endpoint.kind, scored.rows, manifest.calibration);
  const compared = compareFigures(manifest, found, policy.integrity.figureTolerance);
  const worst = compared.find(({ holds }) => !holds);
  const words = worst
    ? `The graph does not give the figures of its manifest: ${worst.name} is ${worst.value} on the same rows, ${worst.bound}. Manifest or graph were changed, or belong to different models.`
    : `All ${files} files match their hashes, and the graph gives the figures of its manifest on ${scored.rows.actual.length} evaluation rows.`;
  return judged('integrity', [...measurements, ...compared], words, {
    tolerance: policy.integrity.figureTolerance,
  });
}

/** Each figure of the manifest beside the one measured here. Figures that this engine does not compute are only named. */
function compareFigures(
  manifest: Manifest,
  found: Readonly<Record<string, Metric>>,
  tolerance: number,
): Measurement[] {
  const room = tolerance + 1 / manifest.evaluation.rows;
  const known = Object.entries(manifest.metrics).filter(([name]) => found[name]);
  const compared = known.flatMap(([name, stated]) =>
    (['value', 'low', 'high'] as const).map((part): Measurement => {
      const allowed =
        (part === 'value' ? room : INTERVAL_FACTOR * room) * Math.max(1, Math.abs(stated[part]));
      const difference = Math.abs(found[name][part] - stated[part]);
      return measured(
        part === 'value' ? name : `${name}, ${part} end`,
        found[name][part],
        `${figure(stated[part])} in the manifest (within ${allowed.toFixed(4)})`,
        difference <= allowed,
      );
    }),
  );
  const unknown = Object.keys(manifest.metrics).filter((name) => !found[name]);
  if (known.length === 0) {
    const none = {
      name: 'figures of the manifest',
      value: unknown.join(', '),
      bound: 'one that can be measured',
    };
    return [{ ...none, holds: false }];
  }
  return [...compared, ...unknown.map((name) => reported(`${name} (not measured here)`, 'in the manifest'))];
}
