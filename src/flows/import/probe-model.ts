import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { Predictor } from '../../core/ports.ts';
import type { OutputKind } from '../../onnx/model-output.ts';
import type { Engine } from '../engine.ts';

/**
 * Compounds at the edges of what a screen brings: without carbon, one atom, a long chain, a cage, charges, a macrocycle,
 * a peptide, many halogens, and drugs. A graph that takes logarithms or divides shows there.
 */
const PROBES = [
  'O', '[Na+].[Cl-]', 'C', 'CCCCCCCCCCCCCCCCCCCCCCCCCCCCCC', 'C1C2CC3CC1CC(C2)C3', 'C[N+](C)(C)CC(=O)[O-]',
  'CC1OC(=O)CC(O)CC(O)CCC(O)C(O)CC(O)CC(O)(CC(O)C1O)C(=O)O',
  'NCC(=O)NC(Cc1ccccc1)C(=O)NC(CCCNC(N)=N)C(=O)NC(CO)C(=O)NC(CC(=O)O)C(=O)O', 'FC(F)(F)C(F)(F)C(F)(F)C(Br)(Cl)I',
  'CC(=O)Oc1ccccc1C(=O)O', 'Cn1c(=O)c2c(ncn2C)n(C)c1=O', 'CC(C)NCC(O)COc1cccc2ccccc12', 'c1ccc2c(c1)ccc1ccccc12',
]; // biome-ignore format: one list
/** A compound by itself may differ from the same in a batch by this much, relative to the larger of 1 and the value. */
const BATCH_TOLERANCE = 1e-5;

/** A model under test: its path for messages, and what its answers must be. */
export interface Probed {
  readonly path: string;
  readonly predictor: Predictor;
  readonly outputKind: OutputKind;
}

/**
 * Runs a model on compounds chosen to be difficult: answers are numbers, probabilities within 0 to 1, the same twice,
 * and those of a compound do not depend on what else is in its batch.
 * @throws ERR_MODEL_ANSWERS
 */
export async function probeModel(engine: Engine, probed: Probed, signal?: AbortSignal): Promise<void> {
  await using featurizer = await engine.createFeaturizer();
  const batch = await featurizer.featurize(PROBES, signal ? { signal } : {});
  const features = { fingerprints: batch.fingerprints, descriptors: batch.descriptors };
  const count = PROBES.length;
  const whole = await answersOf(probed, features, count);
  const again = await answersOf(probed, features, count);
  const changed = whole.findIndex((value, i) => value !== again[i]);
  if (changed >= 0) {
    const problem = `${PROBES[changed]} gets ${whole[changed]}, and ${again[changed]} when it is asked again`;
    throw refused(probed.path, problem);
  }
  for (let i = 0; i < count; i++) {
    const alone = {
      fingerprints: batch.fingerprints.slice(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
      descriptors: batch.descriptors.slice(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT),
    };
    const [value] = await answersOf(probed, alone, 1);
    if (Math.abs(value - whole[i]) <= BATCH_TOLERANCE * Math.max(1, Math.abs(value))) continue;
    const problem = `${PROBES[i]} gets ${value} by itself and ${whole[i]} among ${count} compounds. Export the model for use, not for training (model.eval())`;
    throw refused(probed.path, problem);
  }
}

/**
 * Answers of a model, checked one by one.
 * @param features  uint8 [count, 384] and float32 [count, 43]
 * @returns float32 [count]
 * @throws ERR_MODEL_ANSWERS
 */
export async function answersOf(
  { path, predictor, outputKind }: Probed,
  { fingerprints, descriptors }: { readonly fingerprints: Uint8Array; readonly descriptors: Float32Array },
  count: number,
): Promise<Float32Array> {
  let values: Float32Array;
  try {
    ({ values } = await predictor.predict(fingerprints, descriptors, count));
  } catch (cause) {
    const problem = `ONNX Runtime cannot run it on ${count} compounds (${describeCause(cause)})`;
    throw refused(path, problem, cause);
  }
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw refused(path, `one of ${count} compounds gets ${bad}`);
  if (outputKind === 'value') return values;
  const outside = values.find((value) => value < 0 || value > 1);
  if (outside === undefined) return values;
  throw refused(
    path,
    `a compound gets the probability ${outside}. If it gives logits, say --output-kind logit`,
  );
}

/**
 * Refuses answers that are sound one by one and yet cannot be what was said of them.
 * @param values  for many different compounds
 * @throws ERR_MODEL_ANSWERS
 */
export function requireVaried({ path }: Pick<Probed, 'path'>, values: Float32Array): void {
  if (values.some((value) => value !== values[0])) return;
  throw refused(
    path,
    `all ${values.length} compounds get ${values[0]}, so they do not depend on the compound`,
  );
}

/** Two probabilities of one compound add up to 1 within this, whatever type they were computed in. */
const SUM_TOLERANCE = 1e-2;

/**
 * Refuses logits that can only be probabilities: one column within 0 and 1, or two that also add up to 1. What a sigmoid
 * makes of them looks like a prediction and is none.
 * @param columns  the output as the file gives it, float32 [n] for each column, of many different compounds
 * @throws ERR_MODEL_ANSWERS
 */
export function requireLogits(path: string, columns: readonly Float32Array[]): void {
  const within = columns.every((values) => values.every((value) => value >= 0 && value <= 1));
  const [first, second] = columns;
  const sums = second && first.map((value, i) => value + second[i]);
  const isShared = !sums || sums.every((sum) => Math.abs(sum - 1) <= SUM_TOLERANCE);
  if (!within || !isShared) return;
  const found = sums
    ? 'both columns lie within 0 and 1 and add up to 1'
    : 'taken as logits all lie within 0 and 1';
  throw refused(path, `${found}, so they are probabilities. Say --output-kind probability`);
}

function refused(path: string, problem: string, cause?: unknown): AssayerError {
  return new AssayerError('ERR_MODEL_ANSWERS', { path, problem }, { cause });
}
