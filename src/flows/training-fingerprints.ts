import type { Manifest } from '../core/artifact.ts';
import type { Reference } from '../store/reference.ts';
import { trainingFingerprints } from '../trainers/export-gaussian-process.ts';
import { readInitializer } from '../trainers/onnx.ts';

/** The constant that a graph made here keeps its training bits in; importing a graph puts a prefix before every name. */
const TRAINING_BITS = 'training_bit_gaps';
/** Trainer of the artifacts whose graph came from elsewhere. */
const IMPORTED = 'imported';

/**
 * Fingerprints of the compounds that a model was trained on: those in its graph, and of an imported graph, which holds
 * none, those that its importer stated in the reference. A reference cannot say anything else than its graph.
 * @returns uint8 [n, 384], owned by the caller
 * @throws Error where reference and graph contradict each other, ERR_MODEL_CORRUPT and RangeError where the graph is damaged
 */
export function fingerprintsTrainedOn(
  manifest: Manifest,
  model: Uint8Array,
  reference: Reference,
): Uint8Array {
  const stated = reference.fingerprints;
  if (!stated) return trainingFingerprints(model);
  if (manifest.trainer.name !== IMPORTED) {
    throw new Error('it states fingerprints, which only the reference of an imported model does');
  }
  if (readInitializer(model, TRAINING_BITS) && !Buffer.from(stated).equals(trainingFingerprints(model))) {
    throw new Error('its fingerprints are not those that the graph was trained on');
  }
  return stated;
}
