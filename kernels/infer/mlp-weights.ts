import { seededRandom } from '../../src/core/random.ts';

/** Widths of the benchmark network: Morgan bits in, twelve endpoints out. */
export const MLP_WIDTHS = [2048, 1024, 512, 12] as const;

/** One dense layer. */
export interface MlpLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** float32 [inputs, outputs], row-major */
  readonly weights: Float32Array;
  /** float32 [outputs] */
  readonly biases: Float32Array;
}

/** Bits that a drug-like compound sets; they scale the first layer, so that activations are of the order of 1. */
const SET_BITS = 48;

/** Weights of the network 2048 -> 1024 -> 512 -> 12; the same seed gives the same. */
export function makeMlpWeights(seed: number): MlpLayer[] {
  const random = seededRandom(seed);
  const uniform = (length: number, reach: number) =>
    Float32Array.from({ length }, () => reach * (2 * random() - 1));
  return MLP_WIDTHS.slice(1).map((outputs, layer) => {
    const inputs = MLP_WIDTHS[layer];
    const reach = Math.sqrt(6 / (layer === 0 ? SET_BITS : inputs));
    return { inputs, outputs, weights: uniform(inputs * outputs, reach), biases: uniform(outputs, 0.1) };
  });
}

/**
 * What the network computes, in float64: relu(x W + b) for each layer, the last without relu.
 * @param fingerprints  packed rows, uint8 [n, 256]
 * @returns every layer's output, float64 [n, outputs]; the last is the answer
 */
export function runMlpReference(layers: readonly MlpLayer[], fingerprints: Uint8Array): Float64Array[] {
  const count = fingerprints.length / (MLP_WIDTHS[0] / 8);
  let values = Float64Array.from(
    { length: count * MLP_WIDTHS[0] },
    (_, at) => (fingerprints[at >> 3] >> (at & 7)) & 1,
  );
  return layers.map(({ inputs, outputs, weights, biases }, layer) => {
    const out = new Float64Array(count * outputs);
    for (let row = 0; row < count; row++) {
      const sums = out.subarray(row * outputs, (row + 1) * outputs);
      sums.set(biases);
      for (let i = 0; i < inputs; i++) {
        const value = values[row * inputs + i];
        if (value === 0) continue;
        for (let o = 0; o < outputs; o++) sums[o] += value * weights[i * outputs + o];
      }
    }
    values = layer < layers.length - 1 ? out.map((sum) => Math.max(0, sum)) : out;
    return values;
  });
}
