import { setImmediate } from 'node:timers/promises';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BITS } from '../core/fingerprint.ts';
import type { CreateNetwork, NetworkInputs, TrainableNetwork } from '../core/network.ts';
import { seededRandom } from '../core/random.ts';
import { type DescriptorEncoding, encodeDescriptors, fitDescriptorEncoding } from './descriptor-encoding.ts';
import { lossSlope, type TargetScale, targetScale } from './mlp-loss.ts';
import { dealFolds, FOLDS } from './scaffold-folds.ts';
import { listSetBits } from './set-bits.ts';
import type { Features, FitOptions, TrainingData } from './training-data.ts';

/** Chosen by scaffold folds inside the training rows of four endpoints: docs/trainers-tried.md. */
export interface MlpSettings {
  readonly members: number;
  readonly folds: number;
  readonly hidden: readonly number[];
  readonly dropout: readonly number[];
  /** Weight decay of each layer, times the number of training rows: the prior's strength against the data's. */
  readonly decay: readonly number[];
  readonly batch: number;
  readonly epochs: number;
  readonly rate: number;
}
export const MLP_SETTINGS: MlpSettings = {
  members: 4,
  folds: FOLDS,
  hidden: [32, 16],
  dropout: [0.2, 0.2, 0],
  decay: [5000, 500, 0],
  batch: 32,
  epochs: 30,
  rate: 0.003,
};

const WARM_UP_STEPS = 50;
/** Largest size of a weight's whole number. */
const LARGEST_CODE = 127;

/** One network: weights of bits as whole numbers times a scale of the unit, all others float32. */
export interface MlpMember {
  /** int8 [3072, units] */
  readonly codes: Int8Array;
  /** float32 [units] */
  readonly scales: Float32Array;
  /** Weights of the encoded descriptors, and the bias as last row: float32 [44, units]. */
  readonly dense: Float32Array;
  /** Later layers, float32 [inputs + 1, outputs], the last row the bias; the last layer has one output. */
  readonly layers: readonly Float32Array[];
}

/** A fitted ensemble: score = center + spread * mean of the members' outputs; log odds for classes. */
export interface MlpEnsemble {
  readonly kind: 'regression' | 'classification';
  /** For the manifest's trainer.parameters. */
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly encoding: DescriptorEncoding;
  readonly scale: TargetScale;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly members: readonly MlpMember[];
  /** float64 [n]: scores of the training rows by as many members that have not seen the row's fold of scaffolds. */
  readonly heldOut: Float64Array;
}

/**
 * Fits an ensemble of small networks on bits and descriptors: Adam with a cosine schedule, dropout drawn by counter,
 * decoupled weight decay. For every fold of scaffolds an ensemble is trained without it, which gives the held-out
 * scores; the last one is trained on all rows. Same data and seed, same bytes on every machine.
 * @throws ERR_CANCELLED, ERR_OUT_OF_MEMORY
 * @source Lakshminarayanan, Pritzel, Blundell 2017, arXiv:1612.01474 (ensembles)
 */
export async function fitMlpEnsemble(
  data: TrainingData,
  options: FitOptions,
  createNetwork: CreateNetwork,
  settings: MlpSettings = MLP_SETTINGS,
): Promise<MlpEnsemble> {
  const { kind, seed } = options;
  const { members: count, folds, epochs, hidden } = settings;
  const encoding = fitDescriptorEncoding(data.descriptors);
  const inputs: NetworkInputs = {
    ...listSetBits(data.fingerprints),
    bitCount: FINGERPRINT_BITS,
    dense: Float32Array.from(encodeDescriptors(encoding, data.descriptors)),
    denseCount: DESCRIPTOR_COUNT,
  };
  const scale = targetScale(kind, data);
  const slopeOf = lossSlope(kind, data, scale);
  const foldOf = dealFolds(data.groups, folds);
  const n = foldOf.length;

  // Every row takes part in (folds - 1) * count trainings of the folds and count of the whole.
  const work = n * folds * count * epochs;
  let done = 0;
  let trainings = 0;
  const trainMember = async (name: string, rows: Uint32Array): Promise<TrainableNetwork> => {
    const ownSeed = seed * 1000 + trainings++;
    const decay = settings.decay.map((strength) => strength / rows.length);
    const network = createNetwork(inputs, { ...settings, decay, seed: ownSeed });
    await descend(network, rows, slopeOf, settings, ownSeed, async () => {
      options.onProgress?.(name, done / work);
      // Lets an interrupt be seen between two epochs.
      await setImmediate();
      if (options.signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
      done += rows.length;
    });
    return network;
  };

  const heldOut = new Float64Array(n).fill(scale.center);
  const rowsWhere = (wanted: (fold: number) => boolean) =>
    Uint32Array.from([...foldOf.keys()].filter((row) => wanted(foldOf[row])));
  for (let fold = 0; fold < folds; fold++) {
    const outside = rowsWhere((other) => other === fold);
    const inside = rowsWhere((other) => other !== fold);
    for (let m = 0; m < count; m++) {
      const network = await trainMember('held-out networks', inside);
      // The networks that predict the held-out rows are rounded as the shipped ones are.
      roundFirstLayer(network);
      const outputs = network.predict(outside);
      outside.forEach((row, i) => {
        heldOut[row] += (scale.spread * outputs[i]) / count;
      });
    }
  }
  const members: MlpMember[] = [];
  const everyRow = Uint32Array.from(foldOf.keys());
  for (let m = 0; m < count; m++) {
    const network = await trainMember('networks', everyRow);
    const first = roundFirstLayer(network);
    members.push({ ...first, layers: hidden.map((_, at) => network.weights(at + 1)) });
  }
  return {
    kind,
    parameters: {
      rows: n,
      members: count,
      folds,
      hidden: hidden.join(','),
      dropout: settings.dropout.join(','),
      decay: settings.decay.join(','),
      batch: settings.batch,
      epochs,
      rate: settings.rate,
    },
    encoding,
    scale,
    hidden,
    members,
    heldOut,
  };
}

/** All epochs of one network. */
async function descend(
  network: TrainableNetwork,
  rows: Uint32Array,
  slopeOf: (row: number, output: number) => number,
  { epochs, batch, rate }: MlpSettings,
  seed: number,
  onEpoch: () => Promise<void>,
): Promise<void> {
  const random = seededRandom(seed);
  const order = rows.slice();
  const steps = epochs * Math.ceil(order.length / batch);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    await onEpoch();
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    for (let at = 0; at < order.length; at += batch, step++) {
      const warmth = Math.min(1, (step + 1) / WARM_UP_STEPS);
      const falling = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
      network.step(order.subarray(at, at + batch), slopeOf, rate * warmth * falling);
    }
  }
}

/** Rounds the bits' weights to 255 steps of each unit's largest, in the network too. */
function roundFirstLayer(network: TrainableNetwork): Omit<MlpMember, 'layers'> {
  const weights = network.weights(0);
  const units = weights.length / (FINGERPRINT_BITS + DESCRIPTOR_COUNT + 1);
  const codes = new Int8Array(FINGERPRINT_BITS * units);
  const scales = new Float32Array(units);
  for (let at = 0; at < codes.length; at++) {
    scales[at % units] = Math.max(scales[at % units], Math.abs(weights[at]));
  }
  for (let unit = 0; unit < units; unit++) scales[unit] = scales[unit] / LARGEST_CODE || 1;
  for (let at = 0; at < codes.length; at++) {
    codes[at] = Math.round(weights[at] / scales[at % units]);
    weights[at] = codes[at] * scales[at % units];
  }
  network.replaceFirst(weights);
  return { codes, scales, dense: weights.slice(codes.length) };
}

/** Scores in float64, on the modelled scale; log odds for classes. float64 [n] */
export function predictMlpEnsemble(model: MlpEnsemble, features: Features): Float64Array {
  const sets = listSetBits(features.fingerprints);
  const z = encodeDescriptors(model.encoding, features.descriptors);
  const share = model.scale.spread / model.members.length;
  return Float64Array.from({ length: sets.count }, (_, row) => {
    const bits = sets.bits.subarray(sets.starts[row], sets.starts[row + 1]);
    const descriptors = z.subarray(row * DESCRIPTOR_COUNT, (row + 1) * DESCRIPTOR_COUNT);
    let score = model.scale.center;
    for (const member of model.members) score += share * outputOf(member, bits, descriptors);
    return score;
  });
}

function outputOf({ codes, scales, dense, layers }: MlpMember, bits: Uint16Array, z: Float64Array): number {
  const units = scales.length;
  const counted = new Int32Array(units);
  for (const bit of bits) for (let unit = 0; unit < units; unit++) counted[unit] += codes[bit * units + unit];
  const scaled = Float64Array.from(counted, (count, unit) => count * scales[unit]);
  let sums = withProduct(scaled, z, dense);
  for (const layer of layers) {
    const values = sums.map((sum) => Math.max(0, sum));
    sums = withProduct(new Float64Array(layer.length / (values.length + 1)), values, layer);
  }
  return sums[0];
}

/** start + values x weights + bias, where weights [values + 1, start's length] end with the bias. */
function withProduct(start: Float64Array, values: Float64Array, weights: Float32Array): Float64Array {
  const outputs = start.length;
  for (let row = 0; row <= values.length; row++) {
    const value = row < values.length ? values[row] : 1;
    for (let j = 0; j < outputs; j++) start[j] += value * weights[row * outputs + j];
  }
  return start;
}
