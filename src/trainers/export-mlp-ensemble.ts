import type { PlattCalibration } from '../core/artifact.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS } from '../core/fingerprint.ts';
import type { AssayLimits } from './assay-limits.ts';
import { addBits, addEncodedDescriptors, MODEL_INPUTS, MODEL_OUTPUTS } from './graph-inputs.ts';
import { addOutput } from './graph-output.ts';
import type { MlpEnsemble } from './mlp-ensemble.ts';
import { bytesOf, ELEMENT_TYPES, OnnxGraph } from './onnx.ts';

/**
 * One ONNX graph (opset 17) with the inputs and the output of the Gaussian process's. The first layers of all members
 * stand side by side, so that the bits are unpacked and multiplied once:
 *
 *     fingerprints -> bits [n, 3072] -x codes int8 [3072, members * units]-> whole numbers * scales
 *     descriptors -> z [n, 43] -x dense-> added, and the bias
 *     -> rectified -> [members, n, units] -x later layers, one matrix a member-> mean over members
 *
 * Same model, calibration and assay limits, same bytes.
 */
export function exportMlpEnsemble(
  model: MlpEnsemble,
  calibration: PlattCalibration | null,
  limits: AssayLimits | null = null,
): Uint8Array {
  const graph = new OnnxGraph();
  const score = addMlpEnsemble(
    graph,
    model,
    addBits(graph).bits,
    addEncodedDescriptors(graph, model.encoding),
  );
  addOutput(graph, score, { calibration, limits });
  return graph.finish('mlp-ensemble', MODEL_INPUTS, MODEL_OUTPUTS);
}

/**
 * The ensemble's score, float32 [n].
 * @param bits    name of the bits, uint8 [n, 3072]
 * @param encoded name of the encoded descriptors, float64 [n, 43]
 */
export function addMlpEnsemble(graph: OnnxGraph, model: MlpEnsemble, bits: string, encoded: string): string {
  const { members } = model;
  const count = members.length;
  const [units] = model.hidden;
  const width = count * units;
  const codes = new Int8Array(FINGERPRINT_BITS * width);
  const dense = new Float32Array(DESCRIPTOR_COUNT * width);
  const bias = new Float32Array(width);
  members.forEach((member, m) => {
    for (let bit = 0; bit < FINGERPRINT_BITS; bit++) {
      codes.set(member.codes.subarray(bit * units, (bit + 1) * units), bit * width + m * units);
    }
    for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
      dense.set(member.dense.subarray(d * units, (d + 1) * units), d * width + m * units);
    }
    bias.set(member.dense.subarray(DESCRIPTOR_COUNT * units), m * units);
  });
  const table = graph.constant('mlp_codes', {
    type: 'int8',
    dims: [FINGERPRINT_BITS, width],
    data: bytesOf(codes),
  });
  const counted = graph.node('Cast', [graph.node('MatMulInteger', [bits, table])], {
    to: ELEMENT_TYPES.float32,
  });
  const scales = graph.float32(
    'mlp_scales',
    members.flatMap((member) => [...member.scales]),
  );
  const z = graph.node('Cast', [encoded], { to: ELEMENT_TYPES.float32 });
  const fromDense = graph.node('Gemm', [
    z,
    graph.float32('mlp_dense', dense, [DESCRIPTOR_COUNT, width]),
    graph.float32('mlp_bias', bias),
  ]);
  const sums = graph.node('Add', [graph.node('Mul', [counted, scales]), fromDense]);

  let inputs = units;
  let values = graph.node(
    'Transpose',
    [graph.node('Reshape', [graph.node('Relu', [sums]), graph.int64('mlp_split', [-1, count, units])])],
    { perm: [1, 0, 2] },
  );
  const outputsOf = [...model.hidden.slice(1), 1];
  outputsOf.forEach((outputs, at) => {
    const matrix = new Float32Array(count * inputs * outputs);
    const offsets = new Float32Array(count * outputs);
    members.forEach(({ layers }, m) => {
      matrix.set(layers[at].subarray(0, inputs * outputs), m * inputs * outputs);
      offsets.set(layers[at].subarray(inputs * outputs), m * outputs);
    });
    const product = graph.node('MatMul', [
      values,
      graph.float32(`mlp_weights_${at}`, matrix, [count, inputs, outputs]),
    ]);
    const added = graph.node('Add', [product, graph.float32(`mlp_bias_${at}`, offsets, [count, 1, outputs])]);
    values = at < outputsOf.length - 1 ? graph.node('Relu', [added]) : added;
    inputs = outputs;
  });
  const mean = graph.node('ReduceMean', [values], { axes: [0, 2], keepdims: 0 });
  const spread = graph.float32('mlp_spread', [model.scale.spread]);
  return graph.node('Add', [
    graph.node('Mul', [mean, spread]),
    graph.float32('mlp_center', [model.scale.center]),
  ]);
}
