import { toFloat16Bits } from '../../src/trainers/float16.ts';
import { bytesOf, ELEMENT_TYPES, OnnxGraph } from '../../src/trainers/onnx.ts';
import { MLP_WIDTHS, type MlpLayer, runMlpReference } from './mlp-weights.ts';
import { BYTE_BITS, unpackBits } from './unpack-bits.ts';

/**
 * How the network computes:
 * - float32, float16: matrix products of that type
 * - uint8: products of bytes for processors, activations unsigned (0..255) and weights signed
 * - int8: the same with signed activations (0..127), which is what CUDA's provider multiplies
 */
export type MlpPrecision = 'float32' | 'float16' | 'uint8' | 'int8';

/** Largest byte of an activation. */
const LEVELS = { uint8: 255, int8: 127 } as const;

/**
 * The benchmark network as an ONNX graph: `fingerprints` uint8 [n, 256] in, unpacked in the graph, `outputs` float32 [n, 12]
 * out. Bytes are exact in the first layer, whose inputs are bits; later activations are cut at what `sample` reaches.
 * @param sample  packed rows that set the scale of activations in bytes, uint8 [n, 256]
 */
export function buildMlp(
  layers: readonly MlpLayer[],
  precision: MlpPrecision,
  sample: Uint8Array,
): Uint8Array {
  const graph = new OnnxGraph();
  const quantized = precision === 'uint8' || precision === 'int8';
  const data = precision === 'float32' ? bytesOf(Float32Array.from(BYTE_BITS)) : precisionBytes(precision);
  const table = graph.constant('byte_bits', { type: precision, dims: [256, 8], data });
  const bits = unpackBits(graph, 'fingerprints', table);
  const last = quantized
    ? addByteLayers(graph, layers, bits, precision, runMlpReference(layers, sample))
    : addFloatLayers(graph, layers, bits, precision);
  graph.node('Cast', [last], { to: ELEMENT_TYPES.float32 }, 'outputs');
  return graph.finish(
    `mlp-${precision}`,
    [{ name: 'fingerprints', type: 'uint8', dims: ['n', MLP_WIDTHS[0] / 8] }],
    [{ name: 'outputs', type: 'float32', dims: ['n', MLP_WIDTHS[MLP_WIDTHS.length - 1]] }],
  );
}

function precisionBytes(precision: 'float16' | 'uint8' | 'int8'): Uint8Array {
  return precision === 'float16' ? bytesOf(toFloat16Bits(BYTE_BITS)) : Uint8Array.from(BYTE_BITS);
}

function addFloatLayers(
  graph: OnnxGraph,
  layers: readonly MlpLayer[],
  bits: string,
  type: 'float32' | 'float16',
): string {
  const constant = (name: string, values: Float32Array, dims: number[]) =>
    graph.constant(name, {
      type,
      dims,
      data: bytesOf(type === 'float16' ? toFloat16Bits(values) : values),
    });
  let values = bits;
  for (const [i, { inputs, outputs, weights, biases }] of layers.entries()) {
    values = graph.node('Gemm', [
      values,
      constant(`weights_${i}`, weights, [inputs, outputs]),
      constant(`biases_${i}`, biases, [outputs]),
    ]);
    if (i < layers.length - 1) values = graph.node('Relu', [values]);
  }
  return values;
}

/**
 *     bytes x weights -> int32 -> Cast -> * (scale of activations * scale of each output) -> + bias -> Relu -> QuantizeLinear
 */
function addByteLayers(
  graph: OnnxGraph,
  layers: readonly MlpLayer[],
  bits: string,
  type: 'uint8' | 'int8',
  activations: readonly Float64Array[],
): string {
  let bytes = bits;
  let activationScale = 1;
  let values = bits;
  const zero = graph.constant('zero_point', { type, dims: [], data: Uint8Array.of(0) });
  for (const [i, layer] of layers.entries()) {
    const { data, scales } = quantizeWeights(layer);
    const dims = [layer.inputs, layer.outputs];
    const weights = graph.constant(`weights_${i}`, { type: 'int8', dims, data: bytesOf(data) });
    const product = graph.node('Cast', [graph.node('MatMulInteger', [bytes, weights])], {
      to: ELEMENT_TYPES.float32,
    });
    const unit = activationScale;
    const scale = graph.float32(
      `scales_${i}`,
      scales.map((s) => s * unit),
    );
    const scaled = graph.node('Mul', [product, scale]);
    values = graph.node('Add', [scaled, graph.float32(`biases_${i}`, layer.biases)]);
    if (i === layers.length - 1) break;
    activationScale = activations[i].reduce((most, value) => Math.max(most, value), 0) / LEVELS[type];
    const step = graph.float32(`step_${i}`, [activationScale], []);
    bytes = graph.node('QuantizeLinear', [graph.node('Relu', [values]), step, zero]);
  }
  return values;
}

/** Weights as int8, one scale for each output. */
function quantizeWeights({ outputs, weights }: MlpLayer): { data: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(outputs);
  for (const [at, weight] of weights.entries()) {
    scales[at % outputs] = Math.max(scales[at % outputs], Math.abs(weight) / 127);
  }
  return { data: Int8Array.from(weights, (weight, at) => Math.round(weight / scales[at % outputs])), scales };
}
