import type { CheckResult, Measurement } from '../../core/release.ts';
import { clusterBootstrap } from '../../statistics/cluster-bootstrap.ts';
import type { EvaluationSet } from '../release-evaluation.ts';
import {
  figure,
  type GateInput,
  judged,
  measured,
  notMeasured,
  percent,
  reported,
  type ScoredModel,
  SEE_INTEGRITY,
} from './gate-input.ts';
import { lineSlope } from './line-slope.ts';

/** Labels are stored in float32: closer than this on the modelled scale is the same label. */
const SAME_LABEL = 1e-3;
const BOOTSTRAP = { seed: 0, draws: 500 };

/** Training labels of one InChIKey that are not those of the shared dataset. */
interface ChangedLabels {
  readonly known: number;
  readonly changed: number;
}

/**
 * The labels that the model was trained on are those of its compounds. Where the shared dataset has the compound, the
 * label is compared with it. Without that, the slopes tell: let a share f of the training labels be moved to other
 * compounds. Measurements then rise by 1 - f for a unit of prediction among the training rows (predicted by models that
 * had not seen them), since a moved label has no covariance with its compound, while the true labels of the evaluation
 * rows keep the whole slope. So f = 1 - (slope in training) / (slope in evaluation), whatever the model is worth.
 */
export function checkLabels({ candidate, evaluation, policy }: GateInput): CheckResult {
  const { artifact, scored, unscored } = candidate;
  if (!artifact) return notMeasured('labels', SEE_INTEGRITY);
  const { maxChanged, maxRandom, minRows, minKnown, minKnownShare } = policy.labels;
  const { known, changed } = changedLabels(artifact.reference, evaluation);
  const labelled = artifact.reference.values.filter((value) => !Number.isNaN(value)).length;
  const share = known === 0 ? 0 : changed / known;
  const direct: Measurement =
    known === 0
      ? reported('training compounds that the shared dataset knows', 0)
      : measured(
          'share of known training compounds with another label than the shared dataset has',
          share,
          `at most ${maxChanged}`,
          share <= maxChanged,
        );
  const rows = trainingRows(artifact);
  const evaluated = scored?.rows.actual.length ?? 0;
  if (share > maxChanged) {
    const words = `${changed} of ${known} training compounds (${percent(share)}) carry another label than the shared dataset has for them: shuffled, of another unit, or of another assay.`;
    const estimate =
      scored && rows.length >= minRows && evaluated >= minRows ? [estimateOf(scored, rows, maxRandom)] : [];
    return judged('labels', [direct, ...estimate], words, { known, changed });
  }
  if (!scored) return notMeasured('labels', unscored);
  if (rows.length < minRows || evaluated < minRows) {
    const few = `${rows.length} training and ${evaluated} evaluation rows, ${minRows} of each are needed to tell`;
    const telling = known >= minKnown && known >= minKnownShare * labelled;
    const bound = `${minRows} rows, or ${minKnown} compounds and ${percent(minKnownShare)} of all that the shared dataset knows`;
    const words = telling
      ? `The ${known} training compounds that the shared dataset knows carry its labels; ${few} from the predictions.`
      : `Nothing tells whether the training labels belong to their compounds: the shared dataset knows ${known} of ${labelled}, which is too few, and there are ${few}.`;
    return judged('labels', [direct, { name: 'rows', value: rows.length, bound, holds: telling }], words, {
      known,
      changed,
    });
  }
  const estimate = estimateOf(scored, rows, maxRandom);
  const agreement =
    known > 0
      ? `All ${changed > 0 ? `but ${changed} of ` : ''}${known.toLocaleString('en')} known training compounds carry the shared dataset's label`
      : 'None of the training compounds is in a shared dataset';
  const words = estimate.holds
    ? `${agreement}, and the labels go with the predictions of models that had not seen them as they do on the evaluation rows.`
    : `Some ${typeof estimate.value === 'number' ? percent(estimate.value) : 'unknown share'} of the training labels seem to have nothing to do with their compounds: measured values rise less with the prediction in training than on the evaluation rows.`;
  return judged('labels', [direct, estimate], words, { known, changed });
}

/** Share of moved labels, with the interval of the slope on the evaluation rows. Only what is surely above 0 can fail. */
function estimateOf(scored: ScoredModel, training: readonly number[], maxRandom: number): Measurement {
  const { heldOut, values } = scored.artifact.reference;
  const { predicted, actual, groups } = scored.rows;
  const slope = lineSlope(heldOut, values, training);
  const evaluation = clusterBootstrap(groups, (rows) => lineSlope(predicted, actual, rows), BOOTSTRAP);
  const moved = 1 - slope / evaluation.value;
  const least = 1 - slope / evaluation.low;
  const isSensible = evaluation.low > 0;
  const bound = `at most ${maxRandom}, or no surer than chance (slope ${figure(slope)} in training, ${figure(evaluation.value)} in evaluation, ${figure(evaluation.low)} to ${figure(evaluation.high)})`;
  const name = 'estimated share of training labels that belong to no compound of theirs';
  return measured(name, isSensible ? moved : Number.NaN, bound, moved <= maxRandom || least <= 0);
}

/** Rows of the reference with a label and a prediction by a model that had not seen them. */
function trainingRows({ reference }: ScoredModel['artifact']): number[] {
  const { values, heldOut } = reference;
  return [...values.keys()].filter((i) => Number.isFinite(values[i]) && Number.isFinite(heldOut[i]));
}

/** Several records can be one compound with several labels: one of them must be the reference's. */
function changedLabels(
  reference: ScoredModel['artifact']['reference'],
  evaluation: EvaluationSet,
): ChangedLabels {
  const labels = new Map<string, number[]>();
  const { training, trainingValues } = evaluation;
  for (let i = 0; training && i < trainingValues; i++) {
    const key = training.inchikeys[i];
    const told = labels.get(key);
    if (key === '') continue;
    if (told) told.push(training.y[i]);
    else labels.set(key, [training.y[i]]);
  }
  let known = 0;
  let changed = 0;
  for (const [i, key] of reference.inchikeys.entries()) {
    const told = labels.get(key);
    const value = reference.values[i];
    if (!told || Number.isNaN(value)) continue;
    known++;
    if (!told.some((label) => Math.abs(label - value) <= SAME_LABEL)) changed++;
  }
  return { known, changed };
}
