import type { EndpointDefinition } from '../../core/endpoint.ts';
import { identity } from '../../core/hash.ts';
import type { CheckResult } from '../../core/release.ts';
import { type GateInput, judged, notMeasured, SEE_INTEGRITY } from './gate-input.ts';

/** Parts of a definition that decide what a number means; title and direction are for reading. */
const MEANING = [
  'id',
  'kind',
  'unit',
  'species',
  'assay',
  'transform',
  'modelledScale',
] as const satisfies readonly (keyof EndpointDefinition)[];

/** The model's endpoint means what the shared definition of that name means, or is a variant that the policy declares. */
export function checkDefinition({ candidate, evaluation, policy }: GateInput): CheckResult {
  const { manifest } = candidate;
  if (!manifest) return notMeasured('definition', SEE_INTEGRITY);
  const variant = identity(manifest.endpoint);
  const declared = policy.definition.variants.includes(variant);
  const measurements = MEANING.map((part) => {
    const shared = evaluation.definition[part];
    return {
      name: part,
      value: manifest.endpoint[part],
      bound: declared ? `${shared}, or the declared variant` : shared,
      holds: manifest.endpoint[part] === shared || (declared && part !== 'id'),
    };
  });
  const differing = measurements.filter(({ holds }) => !holds).map(({ name }) => name);
  const words =
    differing.length > 0
      ? `The model's endpoint is another one than the shared definition of ${evaluation.definition.id}: it differs in ${differing.join(', ')}. Two meanings under one name would be read as one.`
      : declared
        ? 'The endpoint is a variant that the policy declares.'
        : `Unit, species, assay and scale are those of the shared definition (${manifest.endpoint.unit}; ${manifest.endpoint.species}).`;
  return judged('definition', measurements, words, {
    definition: variant,
    assaySource: manifest.dataset.assaySource,
  });
}
