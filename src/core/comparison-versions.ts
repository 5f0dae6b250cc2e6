import type { Manifest } from './artifact.ts';
import { AssayerError } from './errors.ts';
import { identity } from './hash.ts';

/**
 * Seven things that have versions of their own. Figures of two models mean the same only if all but the model itself are
 * equal.
 */
export interface ComparisonVersions {
  /** Where the labels come from and what they mean: source file, columns, unit, bounds, assay, species. */
  readonly assaySource: string;
  /** The compounds that have a label, before the split. */
  readonly rawCompounds: string;
  /** Everything of the feature contract but the descriptors. */
  readonly featurization: string;
  /** Names, order and type of the descriptors. */
  readonly descriptorDictionary: string;
  readonly splitRule: string;
  readonly modelArtifact: string;
  /** The rows that figures are scored on, with their labels. */
  readonly evaluationSet: string;
}

const IN_WORDS: Readonly<Record<keyof ComparisonVersions, string>> = {
  assaySource: 'assay source',
  rawCompounds: 'raw compound set',
  featurization: 'featurization code',
  descriptorDictionary: 'descriptor dictionary',
  splitRule: 'split rule',
  modelArtifact: 'model artifact',
  evaluationSet: 'evaluation set',
};

/** The versions behind a model's figures. */
export function comparisonVersions(manifest: Manifest): ComparisonVersions {
  const { descriptors, ...featurization } = manifest.contract;
  return {
    assaySource: manifest.dataset.assaySource,
    rawCompounds: manifest.dataset.compounds,
    featurization: identity(featurization),
    descriptorDictionary: identity(descriptors),
    splitRule: identity(manifest.split),
    modelArtifact: manifest.hash,
    evaluationSet: manifest.evaluation.hash,
  };
}

/** Which of the seven versions two models differ in, in the order of the interface; empty for one and the same. */
export function differingVersions(left: Manifest, right: Manifest): (keyof ComparisonVersions)[] {
  const [one, other] = [comparisonVersions(left), comparisonVersions(right)];
  return (Object.keys(IN_WORDS) as (keyof ComparisonVersions)[]).filter((name) => one[name] !== other[name]);
}

/**
 * Refuses to set the figures of two models side by side unless the models themselves are all that differs.
 * @throws ERR_NOT_COMPARABLE
 */
export function requireComparable(left: Manifest, right: Manifest): void {
  const differing = differingVersions(left, right).filter((name) => name !== 'modelArtifact');
  if (differing.length === 0) return;
  const name = ({ endpoint, version }: Manifest) => `${endpoint.id}@${version}`;
  throw new AssayerError('ERR_NOT_COMPARABLE', {
    left: name(left),
    right: name(right),
    difference: differing.map((version) => IN_WORDS[version]).join(', '),
  });
}
