import { readFileSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import type { CreateNetwork, NetworkInputs } from '../../core/network.ts';
import { philoxKey } from '../../core/philox.ts';
import { seededRandom } from '../../core/random.ts';

const PAGE_BYTES = 65536;
/** Words of `struct layer` and `struct data` in mlp.c. */
const LAYER_WORDS = 13;
const DATA_WORDS = 5;
/** The output's matrix has this many columns, of which the first counts: the kernel works on four at a time. */
const OUTPUT_COLUMNS = 4;
/** What Adam's moments keep of the past in one step (mlp.c). */
const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
/** Averaged weights follow by this share a step; at first by more, so that the start is forgotten. */
const FOLLOW = 0.005;

interface MlpKernel extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global<number>;
  forward(
    layers: number,
    layerCount: number,
    data: number,
    rows: number,
    rowCount: number,
    training: number,
    step: number,
    key0: number,
    key1: number,
  ): void;
  backward(layers: number, layerCount: number, rowCount: number): void;
  update(layer: number, rate: number, decay: number, first: number, second: number, follow: number): void;
}

/** Byte offsets of one layer's arrays; inputs + 1 rows of `outputs` columns in the first five. */
interface LayerPlace {
  readonly inputs: number;
  readonly outputs: number;
  readonly capacity: number;
  readonly weights: number;
  readonly gradients: number;
  readonly firstMoments: number;
  readonly secondMoments: number;
  readonly averages: number;
  readonly indexes: number;
  readonly values: number;
  readonly counts: number;
  readonly sums: number;
}

let module: WebAssembly.Module | undefined;

/**
 * A network trained by kernels/mlp/mlp.c: one thread, float32 without fused multiply-add, so the same bytes on every
 * machine. Its memory goes when nothing holds the network any more.
 * @throws ERR_OUT_OF_MEMORY
 */
export const createNetwork: CreateNetwork = (inputs, options) => {
  module ??= new WebAssembly.Module(readFileSync(new URL('../../../kernels/mlp/mlp.wasm', import.meta.url)));
  const kernel = new WebAssembly.Instance(module).exports as MlpKernel;
  const { batch, seed, dropout, decay } = options;
  const [key0, key1] = philoxKey(seed);

  let end = Math.ceil(kernel.__heap_base.value / 64) * 64;
  const take = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const startsAt = take(inputs.starts.byteLength);
  const bitsAt = take(inputs.bits.byteLength);
  const denseAt = take(inputs.dense.byteLength);
  const dataAt = take(DATA_WORDS * 4);
  const rowsAt = take(batch * 4);
  const sizes = [inputs.bitCount + inputs.denseCount, ...options.hidden, OUTPUT_COLUMNS];
  const layerCount = sizes.length - 1;
  const tableAt = take(layerCount * LAYER_WORDS * 4);
  const places = sizes.slice(1).map((outputs, n) => placeLayer(take, sizes[n], outputs, batch));
  grow(kernel.memory, end);

  const { buffer } = kernel.memory;
  const floats = (at: number, count: number) => new Float32Array(buffer, at, count);
  const averages = places.map((place) => floats(place.averages, (place.inputs + 1) * place.outputs));
  const output = floats(places[layerCount - 1].sums, batch * OUTPUT_COLUMNS);
  const batchRows = new Uint32Array(buffer, rowsAt, batch);
  new Uint32Array(buffer, startsAt).set(inputs.starts);
  new Uint16Array(buffer, bitsAt).set(inputs.bits);
  floats(denseAt, inputs.dense.length).set(inputs.dense);
  new Uint32Array(buffer, dataAt).set([inputs.bitCount, inputs.denseCount, startsAt, bitsAt, denseAt]);
  const table = new Uint32Array(buffer, tableAt);
  const random = seededRandom(seed);
  places.forEach((place, n) => {
    const keepChance = Math.round((1 - (dropout[n] ?? 0)) * 65536);
    const { inputs: rows, outputs, capacity, ...offsets } = place;
    table.set([rows, outputs, capacity, keepChance, ...Object.values(offsets)], n * LAYER_WORDS);
    const weights = floats(place.weights, (rows + 1) * outputs);
    drawWeights(weights, place, n === 0 ? onAverage(inputs) : rows, random);
    averages[n].set(weights);
  });

  let steps = 0;
  const forward = (rows: Uint32Array, training: boolean) => {
    batchRows.set(rows);
    kernel.forward(tableAt, layerCount, dataAt, rowsAt, rows.length, training ? 1 : 0, steps, key0, key1);
  };
  return {
    step(rows, slopeOf, rate) {
      forward(rows, true);
      for (let b = 0; b < rows.length; b++) {
        const slope = slopeOf(rows[b], output[b * OUTPUT_COLUMNS]) / rows.length;
        output.fill(0, b * OUTPUT_COLUMNS, (b + 1) * OUTPUT_COLUMNS);
        output[b * OUTPUT_COLUMNS] = slope;
      }
      kernel.backward(tableAt, layerCount, rows.length);
      steps++;
      const first = 1 / (1 - FIRST_DECAY ** steps);
      const second = 1 / (1 - SECOND_DECAY ** steps);
      const follow = Math.max(FOLLOW, 1 / steps);
      for (let n = 0; n < layerCount; n++) {
        kernel.update(tableAt + n * LAYER_WORDS * 4, rate, decay[n], first, second, follow);
      }
    },
    predict(rows) {
      const out = new Float64Array(rows.length);
      for (let from = 0; from < rows.length; from += batch) {
        const part = rows.subarray(from, from + batch);
        forward(part, false);
        for (let b = 0; b < part.length; b++) out[from + b] = output[b * OUTPUT_COLUMNS];
      }
      return out;
    },
    weights: (at) =>
      at < layerCount - 1 ? averages[at].slice() : averages[at].filter((_, i) => i % OUTPUT_COLUMNS === 0),
    replaceFirst: (weights) => averages[0].set(weights),
  };
};

function placeLayer(
  take: (bytes: number) => number,
  inputs: number,
  outputs: number,
  batch: number,
): LayerPlace {
  const matrix = (inputs + 1) * outputs * 4;
  const capacity = inputs + 1;
  // The order is that of `struct layer`.
  return {
    inputs,
    outputs,
    capacity,
    weights: take(matrix),
    gradients: take(matrix),
    firstMoments: take(matrix),
    secondMoments: take(matrix),
    averages: take(matrix),
    indexes: take(batch * capacity * 2),
    values: take(batch * capacity * 4),
    counts: take(batch * 4),
    sums: take(batch * outputs * 4),
  };
}

/** Inputs of a compound that are not zero, on average: what a unit of the first layer adds up. */
function onAverage({ starts, bits, denseCount }: NetworkInputs): number {
  return bits.length / Math.max(1, starts.length - 1) + denseCount;
}

/**
 * Uniform weights whose sums keep the variance of the inputs through rectified units; biases zero, and so are the
 * columns of the output that do not count.
 * @source He et al. 2015, arXiv:1502.01852
 */
function drawWeights(
  weights: Float32Array,
  { inputs, outputs }: LayerPlace,
  active: number,
  random: () => number,
): void {
  const limit = Math.sqrt(6 / Math.max(1, active));
  const columns = outputs === OUTPUT_COLUMNS ? 1 : outputs;
  for (let row = 0; row < inputs; row++) {
    for (let column = 0; column < columns; column++)
      weights[row * outputs + column] = (2 * random() - 1) * limit;
  }
}

function grow(memory: WebAssembly.Memory, sizeBytes: number): void {
  try {
    memory.grow(Math.max(0, Math.ceil((sizeBytes - memory.buffer.byteLength) / PAGE_BYTES)));
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose: 'training a network', sizeBytes }, { cause });
  }
}
