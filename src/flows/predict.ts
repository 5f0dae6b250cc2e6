import type { ApprovedLike, ConformalCalibration, Domain } from '../core/artifact.ts';
import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { reversesOrder, type Transform, toUnit } from '../core/endpoint.ts';
import { AssayerError } from '../core/errors.ts';
import { tanimoto } from '../core/fingerprint.ts';
import type { ReadyModel } from './ready-models.ts';

/** Answers of one model for one batch; row i belongs to compound i. null where there is none. */
export interface EndpointAnswers {
  /** In the endpoint's unit; a probability for classes. */
  readonly value: (number | null)[];
  /** Ends of the interval in the unit; null where the model has none, as for classes. */
  readonly low: (number | null)[];
  readonly high: (number | null)[];
  /** Percentile of the value among the model's values for a set of drugs, 0..100; null where it has no such set. */
  readonly percentile: (number | null)[];
  readonly inDomain: (boolean | null)[];
  /** Tanimoto similarity to the nearest training compound. */
  readonly similarity: (number | null)[];
  readonly neighborId: (string | null)[];
  /** Measured value of that compound, in the unit (0 or 1 for classes). */
  readonly neighborValue: (number | null)[];
}

/**
 * Predicts a batch with one model: value, interval or probability, domain and nearest training compound. Rejected
 * rows are predicted along (their features are zero) and their answers are null.
 */
export async function predictBatch(model: ReadyModel, features: FeatureBatch): Promise<EndpointAnswers> {
  const { count, fingerprints, descriptors, reasons } = features;
  const { manifest, reference } = model.artifact;
  const { values, spreads } = await model.predictor.predict(fingerprints, descriptors, count);
  const { indexes, intersections, unions } = await model.neighbors.nearest(fingerprints, 1);

  const { transform } = manifest.endpoint;
  const answers: EndpointAnswers = {
    value: [],
    low: [],
    high: [],
    percentile: [],
    inDomain: [],
    similarity: [],
    neighborId: [],
    neighborValue: [],
  };
  for (let i = 0; i < count; i++) {
    if (reasons[i] !== null) {
      for (const column of Object.values(answers) as null[][]) column.push(null);
      continue;
    }
    const similarity = tanimoto(intersections[i], unions[i]);
    // Homologues can have equal bits: among those, a compound is its own nearest neighbour.
    const neighbor = model.rowOf.get(features.inchikeys[i]) ?? indexes[i];
    answers.value.push(toUnit(transform, values[i]));
    answers.percentile.push(
      manifest.approvedLike ? percentileAmong(manifest.approvedLike, values[i], transform) : null,
    );
    if (manifest.calibration.kind === 'conformal') {
      const half = halfWidth(manifest.calibration, similarity, spreads?.[i]);
      const ends = [toUnit(transform, values[i] - half), toUnit(transform, values[i] + half)];
      if (reversesOrder(transform)) ends.reverse();
      answers.low.push(ends[0]);
      answers.high.push(ends[1]);
    } else {
      answers.low.push(null);
      answers.high.push(null);
    }
    answers.inDomain.push(isInDomain(manifest.domain, similarity, descriptors, i));
    answers.similarity.push(similarity);
    answers.neighborId.push(reference.inchikeys[neighbor]);
    answers.neighborValue.push(inUnit(transform, model.measured[neighbor]));
  }
  return answers;
}

/** A stored measurement in its unit: float32 on the modelled scale carries six digits of it. */
function inUnit(transform: Transform, value: number): number {
  return Number(toUnit(transform, value).toPrecision(6));
}

/**
 * Half the width of the interval at this similarity to the training set, on the modelled scale.
 * @param spread  the model's predicted spread; needed where the calibration is in multiples of it
 * @throws ERR_INTERNAL where it is needed and absent
 */
export function halfWidth(calibration: ConformalCalibration, similarity: number, spread?: number): number {
  const bin = calibration.edges.findLastIndex((edge) => similarity >= edge);
  if (calibration.spread !== 'predicted') return calibration.halfWidths[bin];
  if (spread !== undefined) return calibration.halfWidths[bin] * spread;
  throw new AssayerError('ERR_INTERNAL', {
    problem: 'the model does not predict the spread of its calibration',
  });
}

/**
 * Percentile of a prediction among those for a set of drugs, in the order of the unit: 90 where 90 % of the drugs have a
 * smaller value in the unit. Between two quantiles it is interpolated, and rounded to one decimal.
 * @param modelled  on the modelled scale
 */
export function percentileAmong({ quantiles }: ApprovedLike, modelled: number, transform: Transform): number {
  const last = quantiles.length - 1;
  const below = quantiles.findLastIndex((quantile) => quantile <= modelled);
  const gap = quantiles[below + 1] - quantiles[below];
  const position = below < 0 ? 0 : below === last ? last : below + (modelled - quantiles[below]) / gap;
  const percentile = (100 * position) / last;
  // Some hundred drugs tell no more than a decimal.
  return Math.round(10 * (reversesOrder(transform) ? 100 - percentile : percentile)) / 10;
}

/** Both bounds of the domain: near enough to a training compound, and no descriptor far outside theirs. */
export function isInDomain(
  domain: Domain,
  similarity: number,
  descriptors: Float32Array,
  row: number,
): boolean {
  if (similarity < domain.minSimilarity) return false;
  for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
    const z =
      (descriptors[row * DESCRIPTOR_COUNT + d] - domain.descriptorMeans[d]) / domain.descriptorDeviations[d];
    if (!(Math.abs(z) <= domain.maxDescriptorZ)) return false;
  }
  return true;
}
