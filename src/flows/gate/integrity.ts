import type { Manifest, Metric } from '../../core/artifact.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import { evaluate } from '../evaluate.ts';
import type { EvaluationSet } from '../release-evaluation.ts';
import { figure, type GateInput, judged, measured, notMeasured, reported } from './gate-input.ts';

/** Ends of an interval come from draws of rows: one row that crosses a bound moves them by more than the figure. */
const INTERVAL_FACTOR = 3;

/**
 * The artifact is what its manifest says: every file has its hash, nothing lies outside the graph's file, and the graph
 * gives the manifest's figures on the evaluation rows. A manifest that was edited and hashed anew is caught by the last.
 * The figures of an imported model are of its own table: on the shared test rows its answers are looked at and its figures
 * measured afresh, and the record holds those.
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
    if (manifest.trainer.name === 'imported' && evaluation.from === 'recipe') {
      return freshFigures(candidate, manifest, measurements);
    }
    const words = `The figures of the manifest are of other rows (${manifest.evaluation.hash.slice(0, 12)}) than those that this release is judged on (${evaluation.hash.slice(0, 12)}): they cannot be checked. ${otherRowsAdvice(manifest, evaluation)}`;
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
  const rows = scored.rows.actual.length;
  const compared = compareFigures(manifest, found, rows, policy.integrity.figureTolerance);
  const worst = compared.find(({ holds }) => !holds);
  const words = worst
    ? `The graph does not give the figures of its manifest: ${worst.name} is ${worst.value} on the same rows, ${worst.bound}. Manifest or graph were changed, or belong to different models.`
    : `All ${files} files match their hashes, and the graph gives the figures of its manifest on ${rows} evaluation rows.`;
  return judged('integrity', [...measurements, ...compared], words, {
    tolerance: policy.integrity.figureTolerance,
  });
}

/** Which rows would do, by where the model and the rows come from. */
function otherRowsAdvice(manifest: Manifest, { from }: EvaluationSet): string {
  if (manifest.trainer.name === 'imported') {
    return 'Give --evaluation the table that the model was imported with, unchanged and with the same columns, or leave it out: then the shared test rows judge.';
  }
  return from === 'table'
    ? 'A model that was trained here is judged on the shared test rows: leave --evaluation out.'
    : 'Train the model again on the data that these rows are of.';
}

/** What can be checked of an imported model on rows that its manifest says nothing about. */
function freshFigures(
  { scored, unscored }: GateInput['candidate'],
  manifest: Manifest,
  measurements: readonly Measurement[],
): CheckResult {
  if (!scored) return { ...notMeasured('integrity', unscored), measurements };
  const { kind } = manifest.endpoint;
  const { predicted } = scored.rows;
  const isAnswer = (value: number) =>
    Number.isFinite(value) && (kind === 'regression' || (value >= 0 && value <= 1));
  const wrong = predicted.filter((value) => !isAnswer(value)).length;
  const what = kind === 'regression' ? 'finite numbers' : 'probabilities';
  const answers = { name: `answers that are no ${what}`, value: wrong, bound: '0', holds: wrong === 0 };
  if (wrong > 0) {
    const words = `${wrong} of ${predicted.length} answers are no ${what}.`;
    return judged('integrity', [...measurements, answers], words);
  }
  const found = Object.entries(evaluate(kind, scored.rows, manifest.calibration)).map(([name, metric]) =>
    reported(`${name}, measured here`, figure(metric.value) ?? 'none'),
  );
  const words = `All ${Object.keys(manifest.files).length + 1} files match their hashes, the graph is whole, and its ${predicted.length} answers are ${what}. The figures of manifest and card are of the table that the model was imported with, and were not compared: those measured afresh on the shared test rows stand in this record.`;
  return judged('integrity', [...measurements, answers, ...found], words);
}

/** Each figure of the manifest beside the one measured here. Figures that this engine does not compute are only named. */
function compareFigures(
  manifest: Manifest,
  found: Readonly<Record<string, Metric>>,
  rows: number,
  tolerance: number,
): Measurement[] {
  // By the rows counted here: a manifest that says fewer would give itself more room.
  const room = tolerance + 1 / rows;
  const counted: Measurement = {
    name: 'evaluation rows',
    value: rows,
    bound: `${manifest.evaluation.rows} in the manifest`,
    holds: rows === manifest.evaluation.rows,
  };
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
    return [counted, { ...none, holds: false }];
  }
  return [
    counted,
    ...compared,
    ...unknown.map((name) => reported(`${name} (not measured here)`, 'in the manifest')),
  ];
}
