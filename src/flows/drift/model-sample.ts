/// <reference lib="esnext.float16" />

import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { AssayerError } from '../../core/errors.ts';
import { type DescriptorEncoding, encodeDescriptors } from '../../trainers/descriptor-encoding.ts';
import { roundToFloat16 } from '../../trainers/float16.ts';
import { readInitializer, type Tensor } from '../../trainers/onnx.ts';
import type { ModelArtifact } from '../models.ts';
import type { DriftSample } from './drift-sample.ts';

/**
 * A model's training compounds as the reference of a drift check. Its clusters are the groups of compounds that were held
 * out together: linked by scaffold or equal fingerprint.
 * @param cluster  'scaffold' or 'none'
 * @throws ERR_USAGE for a column: a model keeps none, and a plate is not exchangeable with a group of compounds
 */
export function modelSample(
  { manifest, model, reference, fingerprints }: ModelArtifact,
  cluster: string,
): DriftSample {
  const name = `${manifest.endpoint.id}@${manifest.version}`;
  if (cluster !== 'scaffold' && cluster !== 'none') {
    const problem = `The reference is the model ${name}, whose training compounds have no column ${cluster}. Give --cluster scaffold or none.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const z = readInitializer(model, 'training_z');
  const descriptors = z ? Float64Array.from(new Float16Array(copied(z))) : null;
  const encoding = encodingOf(model);
  const { inchikeys, groups } = reference;
  const first = new Map<number, string>();
  groups.forEach((group, row) => {
    if (!first.has(group)) first.set(group, inchikeys[row]);
  });
  return {
    name,
    hash: manifest.hash,
    rejected: 0,
    ids: inchikeys,
    numbered: false,
    inchikeys,
    smiles: null,
    fingerprints,
    // Of some models the graph holds fewer rows than they were trained on.
    descriptors: descriptors?.length === inchikeys.length * DESCRIPTOR_COUNT ? descriptors : null,
    ...(encoding && { encoding }),
    covariates: new Map(),
    clusters: cluster === 'none' ? null : Array.from(groups, groupName),
    series: Array.from(groups, (group) => `series of ${first.get(group)}`),
  };
}

const groupName = (group: number): string => `training group ${group}`;

/**
 * The batch beside a model's training compounds: descriptors as the model encodes and rounds them, and a series that
 * holds a training compound is in that compound's group, so that a cluster on both sides is one cluster.
 */
export function besideModel(batch: DriftSample, { model, reference }: ModelArtifact): DriftSample {
  const encoding = encodingOf(model);
  const { descriptors, clusters } = batch;
  const groupOf = new Map(reference.inchikeys.map((key, row) => [key, groupName(reference.groups[row])]));
  groupOf.delete('');
  const known = new Map<string, string>();
  clusters?.forEach((cluster, i) => {
    const group = groupOf.get(batch.inchikeys[i]);
    if (group !== undefined && !known.has(cluster)) known.set(cluster, group);
  });
  return {
    ...batch,
    descriptors:
      encoding && descriptors
        ? roundToFloat16(encodeDescriptors(encoding, Float32Array.from(descriptors)))
        : null,
    ...(encoding && descriptors && { rawDescriptors: descriptors }),
    clusters: clusters?.map((cluster) => known.get(cluster) ?? cluster) ?? null,
  };
}

/** How a model encodes descriptors; null where its graph does not say so (an imported one). */
function encodingOf(model: Uint8Array): DescriptorEncoding | null {
  const [means, scales] = ['means', 'scales'].map((name) => readInitializer(model, name));
  if (means?.type !== 'float64' || scales?.type !== 'float64') return null;
  const numbers = (tensor: Tensor) => Float32Array.from(new Float64Array(copied(tensor)));
  const encoding = { means: numbers(means), scales: numbers(scales) };
  return encoding.means.length === DESCRIPTOR_COUNT ? encoding : null;
}

/** The bytes of a constant in a buffer of their own: a view into the file may begin at an odd byte. */
function copied({ data }: Tensor): ArrayBuffer {
  return Uint8Array.from(data).buffer;
}
