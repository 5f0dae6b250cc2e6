import type { PlattCalibration } from '../core/artifact.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BITS } from '../core/fingerprint.ts';
import type { AssayLimits } from './assay-limits.ts';
import { toFloat16Bits } from './float16.ts';
import type { GaussianProcess } from './gaussian-process.ts';
import {
  addBits,
  addEncodedDescriptors,
  MODEL_INPUTS,
  MODEL_OUTPUTS,
  type UnpackedBits,
} from './graph-inputs.ts';
import { addOutput } from './graph-output.ts';
import { bytesOf, ELEMENT_TYPES, OnnxGraph, readInitializer, type Tensor } from './onnx.ts';
import { listSetBits, type SetBits } from './set-bits.ts';
import { LONGEST, packBits, SKIP, unpackBits } from './training-bits.ts';

/** Constants that are read back from the file. */
const BIT_GAPS = 'training_bit_gaps';
const BIT_COUNTS = 'training_bit_counts';

/**
 * One ONNX graph (opset 17): `fingerprints` uint8 [n, 384] and `descriptors` float32 [n, 43] in, `prediction`
 * float32 [n] out: a probability where a calibration is given, else on the modelled scale. Training fingerprints
 * are kept as the distances between set bits of the matrix read row by row (training-bits.ts), about a byte a bit;
 * they are unpacked by nodes without inputs, which ONNX Runtime computes once, when it loads the model.
 *
 *     fingerprints -> bits [n, 3072] -x training bits-> shared [n, N] -> T = shared / (sizes - shared)
 *     descriptors -> x [n, 43] -x training z-> 1 + D / 2 [n, N]
 *     prediction = mean + sum over N of weight * (radial + product * T) / (1 + D / 2)
 *
 * Same model, calibration and assay limits, same bytes.
 */
export function exportGaussianProcess(
  model: GaussianProcess,
  calibration: PlattCalibration | null,
  limits: AssayLimits | null = null,
): Uint8Array {
  const graph = new OnnxGraph();
  const score = addGaussianProcess(
    graph,
    model,
    addBits(graph),
    addEncodedDescriptors(graph, model.encoding),
  );
  addOutput(graph, score, { calibration, limits });
  return graph.finish('gaussian-process', MODEL_INPUTS, MODEL_OUTPUTS);
}

/**
 * The process's score, float32 [n]; not yet held within limits.
 * @param encoded name of the encoded descriptors, float64 [n, 43]
 */
export function addGaussianProcess(
  graph: OnnxGraph,
  model: GaussianProcess,
  unpacked: UnpackedBits,
  encoded: string,
): string {
  const sets = listSetBits(model.fingerprints);
  const similarity = addTanimoto(graph, sets, unpacked);
  const distance = addDistance(graph, model, encoded);
  const { radial, product } = model.kernel;
  const ratio = graph.float64('radial_by_product', [radial / product]);
  const kernel = graph.node('Div', [graph.node('Add', [similarity, ratio]), distance]);
  const scaledWeights = model.weights.map((weight) => weight * product);
  const weights = graph.float64('weights', scaledWeights, [sets.count, 1]);
  const column = graph.node('Cast', [graph.node('MatMul', [kernel, weights])], {
    to: ELEMENT_TYPES.float32,
  });
  const sum = graph.node('Reshape', [column, graph.int64('flat', [-1])]);
  return graph.node('Add', [sum, graph.float32('mean', [model.mean])]);
}

/** Tanimoto similarity to every training row, float32 [n, N]; integers until the one division. */
function addTanimoto(graph: OnnxGraph, sets: SetBits, { bytes, bits }: UnpackedBits): string {
  const training = addTrainingBits(graph, sets);
  const shared = graph.node('Cast', [graph.node('MatMulInteger', [bits, training])], {
    to: ELEMENT_TYPES.float32,
  });
  const popcounts = graph.float32(
    'byte_popcounts',
    Array.from({ length: 256 }, (_, byte) => popcount(byte)),
  );
  const queryCounts = graph.node('ReduceSum', [
    graph.node('Gather', [popcounts, bytes]),
    graph.int64('columns', [1]),
  ]);
  const trainingCounts = graph.node('Cast', [BIT_COUNTS], { to: ELEMENT_TYPES.float32 });
  const counts = graph.node('Add', [queryCounts, trainingCounts]);
  const similarity = graph.node('Div', [shared, graph.node('Sub', [counts, shared])]);
  return graph.node('Cast', [similarity], { to: ELEMENT_TYPES.float64 });
}

/**
 * The training bits as int8 [3072, N], unpacked from distances. Signed, because processors multiply unsigned by signed
 * bytes in one instruction: the product takes half the time of unsigned by unsigned. Sums of 0 and 1 stay exact.
 */
function addTrainingBits(graph: OnnxGraph, sets: SetBits): string {
  const packed = packBits(sets);
  const counts = new Uint16Array(sets.count);
  for (let i = 0; i < sets.count; i++) counts[i] = sets.starts[i + 1] - sets.starts[i];
  const bytes = graph.constant(BIT_GAPS, { type: 'uint8', dims: [packed.length], data: packed });
  graph.constant(BIT_COUNTS, { type: 'uint16', dims: [1, sets.count], data: bytesOf(counts) });
  const scalar = (name: string, value: number) =>
    graph.constant(name, { type: 'int32', dims: [], data: bytesOf(Int32Array.of(value)) });
  const distances = graph.node('Cast', [bytes], { to: ELEMENT_TYPES.int32 });
  const steps = graph.node('Min', [distances, scalar('longest_step', LONGEST)]);
  const empty = graph.node(
    'ConstantOfShape',
    [graph.int64('training_size', [sets.count * FINGERPRINT_BITS])],
    {
      value: { type: 'int8', dims: [1], data: Uint8Array.of(0) },
    },
  );
  const flat = graph.node('ScatterElements', [
    empty,
    graph.node('CumSum', [steps, graph.int64('axis', [0], [])]),
    // A skip ends where no bit is set: it writes a 0 there, and never where another byte writes.
    graph.node('Cast', [graph.node('Less', [distances, scalar('skip', SKIP)])], { to: ELEMENT_TYPES.int8 }),
  ]);
  const rows = graph.node('Reshape', [flat, graph.int64('training_shape', [sets.count, FINGERPRINT_BITS])]);
  return graph.node('Transpose', [rows], { perm: [1, 0] });
}

/**
 * 1 + D / 2 to every training row, float32 [n, N], as one product [x, 1 + x'x / 2, 1] [-z, 1, z'z / 2]'. In float64
 * until D is there: neighbours have a small D as the difference of large numbers, and the weights magnify its error.
 */
function addDistance(graph: OnnxGraph, { kernel, z }: GaussianProcess, encoded: string): string {
  const size = z.length / DESCRIPTOR_COUNT;
  const roots = graph.float64('root_relevance', kernel.relevance.map(Math.sqrt));
  const one = graph.float64('distance_one', [1], []);
  const half = graph.float64('half', [0.5], []);
  const onRight = graph.int64('on_right', [0, 0, 0, 1]);
  const onLeft = graph.int64('on_left', [0, 1, 0, 0]);
  const halfSquare = (rows: string) =>
    graph.node('Mul', [graph.node('ReduceSumSquare', [rows], { axes: [1], keepdims: 1 }), half]);

  const double = { to: ELEMENT_TYPES.float64 };
  const x = graph.node('Mul', [encoded, roots]);
  const left = graph.node('Concat', [x, graph.node('Add', [halfSquare(x), one])], { axis: 1 });

  const halves = graph.constant('training_z', {
    type: 'float16',
    dims: [size, DESCRIPTOR_COUNT],
    data: bytesOf(toFloat16Bits(z)),
  });
  const trained = graph.node('Mul', [graph.node('Cast', [halves], double), roots]);
  const right = graph.node(
    'Concat',
    [graph.node('Neg', [trained]), graph.node('Pad', [halfSquare(trained), onLeft, one])],
    { axis: 1 },
  );
  return graph.node('MatMul', [
    graph.node('Pad', [left, onRight, one]),
    graph.node('Transpose', [right], { perm: [1, 0] }),
  ]);
}

function popcount(byte: number): number {
  return byte === 0 ? 0 : (byte & 1) + popcount(byte >> 1);
}

/**
 * The training fingerprints kept in a model file, in training order.
 * @returns uint8 [N, 384]
 * @throws ERR_MODEL_CORRUPT
 */
export function trainingFingerprints(onnx: Uint8Array): Uint8Array {
  const gaps = readConstant(onnx, BIT_GAPS);
  const counts = readConstant(onnx, BIT_COUNTS);
  try {
    return unpackBits(gaps, counts.length);
  } catch (cause) {
    throw corrupt('its training bits do not fit its training rows', cause);
  }
}

function readConstant(onnx: Uint8Array, name: string): Uint8Array | Uint16Array {
  let tensor: Tensor | undefined;
  try {
    tensor = readInitializer(onnx, name);
  } catch (cause) {
    throw corrupt('it is not an ONNX file', cause);
  }
  if (tensor?.type !== 'uint8' && tensor?.type !== 'uint16') throw corrupt(`it has no constant ${name}`);
  // Copied, since a view may begin at an odd byte; not by slice, which for a Buffer is a view again.
  const bytes = Uint8Array.from(tensor.data);
  return tensor.type === 'uint8' ? bytes : new Uint16Array(bytes.buffer);
}

function corrupt(problem: string, cause?: unknown): AssayerError {
  const details = { model: 'file', path: 'model.onnx', problem };
  return new AssayerError('ERR_MODEL_CORRUPT', details, { cause });
}
