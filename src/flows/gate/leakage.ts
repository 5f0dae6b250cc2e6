import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { CheckResult } from '../../core/release.ts';
import {
  type GateInput,
  judged,
  measured,
  notMeasured,
  percent,
  reported,
  SEE_INTEGRITY,
} from './gate-input.ts';

/** Letters of an InChIKey that stand for the skeleton; the rest tells stereochemistry, isotopes and charge. */
const SKELETON_LETTERS = 14;
/** Compounds that are named in the evidence. */
const NAMED = 20;

/**
 * No evaluation compound is a training compound, and the fingerprints do not tell of any that the InChIKeys leave out:
 * some homologues have one fingerprint, so the shared split has a number of such twins, but a model has no reason for more.
 */
export function checkLeakage({ candidate, evaluation, policy }: GateInput): CheckResult {
  const { artifact } = candidate;
  if (!artifact) return notMeasured('leakage', SEE_INTEGRITY);
  const { reference, fingerprints } = artifact;
  if (reference.inchikeys.length === 0) {
    return notMeasured(
      'leakage',
      'the artifact names no training compounds, so nobody can see whether test compounds are among them',
    );
  }
  const { inchikeys, fingerprints: asked, y } = evaluation.rows.accepted;
  const trained = new Set(reference.inchikeys.filter((key) => key !== ''));
  const shared = inchikeys.filter((key) => trained.has(key));
  const skeletons = new Set([...trained].map((key) => key.slice(0, SKELETON_LETTERS)));
  const stereo = inchikeys.filter(
    (key) => !trained.has(key) && skeletons.has(key.slice(0, SKELETON_LETTERS)),
  );
  const twins = twinsOf(asked, fingerprints).filter(
    (isTwin, i) => isTwin && !trained.has(inchikeys[i]),
  ).length;
  const usual = evaluation.training
    ? twinsOf(asked, evaluation.training.fingerprints).filter(Boolean).length
    : null;
  const extra = usual === null ? 0 : (twins - usual) / y.length;
  const { maxCompounds, maxExtraTwins } = policy.leakage;
  const measurements = [
    measured(
      'evaluation compounds among the training compounds',
      shared.length,
      `at most ${maxCompounds}`,
      shared.length <= maxCompounds,
    ),
    usual === null
      ? reported('further evaluation rows with the fingerprint of a training compound', twins)
      : measured(
          'further evaluation rows with the fingerprint of a training compound',
          twins,
          `at most ${percent(maxExtraTwins)} of ${y.length} rows above the ${usual} of the shared split`,
          extra <= maxExtraTwins,
        ),
    reported('stereoisomers and salts of training compounds', stereo.length),
  ];
  const words =
    shared.length > maxCompounds
      ? `${shared.length} of ${y.length} evaluation compounds were trained on: figures on them show memory, not prediction.`
      : extra > maxExtraTwins
        ? `${twins} evaluation rows have the fingerprint of a training compound of another name, ${usual} in the shared split: they look like evaluation compounds that were trained on.`
        : `None of ${y.length} evaluation compounds was trained on${shared.length > 0 ? ` beyond the ${maxCompounds} allowed` : ''}; ${twins} have the fingerprint of a training compound (homologues, stereoisomers).`;
  return judged('leakage', measurements, words, {
    compounds: shared.slice(0, NAMED),
    trainingCompounds: trained.size,
    trainingRowsWithoutName: reference.inchikeys.filter((key) => key === '').length,
  });
}

/** Of each row, whether its whole fingerprint is among the others. */
function twinsOf(rows: Uint8Array, others: Uint8Array): boolean[] {
  const known = new Set(texts(others));
  return texts(rows).map((text) => known.has(text));
}

function texts(fingerprints: Uint8Array): string[] {
  const bytes = Buffer.from(fingerprints.buffer, fingerprints.byteOffset, fingerprints.byteLength);
  return Array.from({ length: fingerprints.length / FINGERPRINT_BYTES }, (_, i) =>
    bytes.toString('latin1', i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
  );
}
