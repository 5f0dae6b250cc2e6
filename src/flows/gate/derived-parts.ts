import type { ApprovedLike, Domain } from '../../core/artifact.ts';
import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import { APPROVED_LIKE } from '../approved-like.ts';
import { fitDomain } from '../domain.ts';
import type { ModelArtifact } from '../models.ts';
import type { EvaluationSet } from '../release-evaluation.ts';
import { figure, measured, reported } from './gate-input.ts';
import { type CreateIndex, similaritiesToOtherGroups } from './other-groups.ts';

/** Sums of float64 in the same order; only a value that went through other decimals may differ. */
const SAME = 1e-9;
/** The percentiles 0 to 100. */
const QUANTILES = 101;

/**
 * The parts of a manifest that follow from the training compounds, made again: the domain from the fingerprints and groups
 * of the reference, and, where its compounds are those of the shared dataset, from their descriptors too. Percentiles
 * among drugs are looked at as far as that goes without the drugs: `train --verify` makes them again.
 */
export async function derivedParts(
  artifact: ModelArtifact,
  evaluation: EvaluationSet,
  createNeighborIndex: CreateIndex,
): Promise<Measurement[]> {
  const { fingerprints, reference } = artifact;
  const similarities = await similaritiesToOtherGroups(fingerprints, reference.groups, createNeighborIndex);
  const parts = domainParts(artifact, evaluation, similarities);
  return [...parts, percentiles(artifact.manifest.approvedLike, artifact)];
}

/** The check of integrity with those parts: it fails where one of them does not follow. */
export function withDerivedParts(result: CheckResult, derived: readonly Measurement[]): CheckResult {
  const measurements = [...result.measurements, ...derived];
  const wrong = derived.filter(({ holds }) => !holds);
  if (wrong.length === 0) return { ...result, measurements };
  const parts = wrong.map(({ name, value, bound }) => `${name}: ${value}, not ${bound}`).join('; ');
  const words = `The manifest states what does not follow from its training compounds (${parts}).`;
  return {
    ...result,
    outcome: 'failed',
    measurements,
    words: result.outcome === 'failed' ? `${result.words} ${words}` : words,
  };
}

function domainParts(
  { manifest, reference }: ModelArtifact,
  { training }: EvaluationSet,
  similarities: Float64Array,
): Measurement[] {
  const { domain } = manifest;
  const count = reference.inchikeys.length;
  // The check of leakage fails for that.
  if (count === 0) return [reported('domain', 'not measured, since no training compounds are named')];
  const shared = training && sameTexts(training.inchikeys, reference.inchikeys) ? training : null;
  const made = fitDomain(similarities, shared?.descriptors ?? new Float32Array(count * DESCRIPTOR_COUNT));
  const least = measured(
    'least similarity of the domain',
    domain.minSimilarity,
    `${figure(made.minSimilarity)}, from the training compounds`,
    isSame(domain.minSimilarity, made.minSimilarity),
  );
  return [least, shared ? descriptorsAsMade(domain, made) : descriptorsAlone(domain)];
}

const DESCRIPTOR_PART = 'descriptor bounds of the domain';

function descriptorsAsMade(domain: Domain, made: Domain): Measurement {
  const all = ({ maxDescriptorZ, descriptorMeans, descriptorDeviations }: Domain) => [
    maxDescriptorZ,
    ...descriptorMeans,
    ...descriptorDeviations,
  ];
  const wanted = all(made);
  const stated = all(domain);
  const differing = wanted.filter((value, i) => !isSame(stated[i], value)).length;
  const holds = differing === 0 && stated.length === wanted.length;
  const value = holds ? 'as the training compounds give them' : `${differing} of ${wanted.length} differ`;
  return { name: DESCRIPTOR_PART, value, bound: 'those of the training compounds', holds };
}

function descriptorsAlone({ maxDescriptorZ, descriptorMeans, descriptorDeviations }: Domain): Measurement {
  const isWhole = [descriptorMeans, descriptorDeviations].every(({ length }) => length === DESCRIPTOR_COUNT);
  const holds = isWhole && maxDescriptorZ > 0 && descriptorDeviations.every((value) => value > 0);
  const bound = `${DESCRIPTOR_COUNT} means and deviations above 0 (the descriptors of these compounds are not known here)`;
  return { name: DESCRIPTOR_PART, value: holds ? 'of that form' : 'of another form', bound, holds };
}

/** Predictions for drugs lie where labels do, give or take their whole range: another unit lies elsewhere. */
function percentiles(stated: ApprovedLike | undefined, { manifest, reference }: ModelArtifact): Measurement {
  const name = 'percentiles among drugs';
  if (!stated) return reported(name, 'none');
  const { quantiles, sourceHash, compounds } = stated;
  const [low, high] = manifest.endpoint.kind === 'classification' ? [0, 1] : rangeOf(reference.values);
  const isAscending = quantiles.every((value, i) => i === 0 || value >= quantiles[i - 1]);
  const isInside = quantiles[0] >= low && quantiles[quantiles.length - 1] <= high;
  const holds =
    quantiles.length === QUANTILES &&
    isAscending &&
    isInside &&
    sourceHash === APPROVED_LIKE.sha256 &&
    compounds > 0;
  const value = `${quantiles.length} of ${compounds} drugs, ${figure(quantiles[0])} to ${figure(quantiles[quantiles.length - 1])}`;
  const bound = `${QUANTILES} of the file ${APPROVED_LIKE.sha256.slice(0, 12)}, rising, within ${figure(low)} to ${figure(high)}`;
  return { name, value, bound, holds };
}

/** Least and greatest label, each further out by the whole range between them. */
function rangeOf(values: Float32Array): [low: number, high: number] {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return [low - (high - low), high + (high - low)];
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i]);
}

function isSame(one: number, other: number): boolean {
  return Math.abs(one - other) <= SAME * Math.max(1, Math.abs(other));
}
