import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS, FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { DESCRIPTOR_CLIP, type DescriptorEncoding } from './descriptor-encoding.ts';
import { ELEMENT_TYPES, type OnnxGraph, type ValueShape } from './onnx.ts';

/** What every model of this engine takes and gives. */
export const MODEL_INPUTS: readonly ValueShape[] = [
  { name: 'fingerprints', type: 'uint8', dims: ['n', FINGERPRINT_BYTES] },
  { name: 'descriptors', type: 'float32', dims: ['n', DESCRIPTOR_COUNT] },
];
export const MODEL_OUTPUTS: readonly ValueShape[] = [{ name: 'prediction', type: 'float32', dims: ['n'] }];
/** What a model gives after its prediction where it predicts the spread. */
export const SPREAD_OUTPUT: ValueShape = { name: 'spread', type: 'float32', dims: ['n'] };

/** Names of the unpacked fingerprints: the bytes as int32 [n, 384] and the bits as uint8 [n, 3072]. */
export interface UnpackedBits {
  readonly bytes: string;
  readonly bits: string;
}

/** Unpacks the fingerprints: each byte picks its eight bits from a table. */
export function addBits(graph: OnnxGraph): UnpackedBits {
  const bytes = graph.node('Cast', ['fingerprints'], { to: ELEMENT_TYPES.int32 });
  // The bits of every byte, lowest first: uint8 [256, 8].
  const data = Uint8Array.from({ length: 256 * 8 }, (_, at) => ((at >> 3) >> (at & 7)) & 1);
  const table = graph.constant('byte_bits', { type: 'uint8', dims: [256, 8], data });
  const bits = graph.node('Reshape', [
    graph.node('Gather', [table, bytes]),
    graph.int64('bit_shape', [-1, FINGERPRINT_BITS]),
  ]);
  return { bytes, bits };
}

/** The descriptors as descriptor-encoding.ts has them, float64 [n, 43]. */
export function addEncodedDescriptors(graph: OnnxGraph, encoding: DescriptorEncoding): string {
  const one = graph.float64('one', [1], []);
  const descriptors = graph.node('Cast', ['descriptors'], { to: ELEMENT_TYPES.float64 });
  const magnitude = graph.node('Log', [graph.node('Add', [graph.node('Abs', [descriptors]), one])]);
  const signed = graph.node('Mul', [graph.node('Sign', [descriptors]), magnitude]);
  const standardized = graph.node('Mul', [
    graph.node('Sub', [signed, graph.float64('means', Float64Array.from(encoding.means))]),
    graph.float64('scales', Float64Array.from(encoding.scales)),
  ]);
  return graph.node('Clip', [
    standardized,
    graph.float64('least', [-DESCRIPTOR_CLIP], []),
    graph.float64('most', [DESCRIPTOR_CLIP], []),
  ]);
}
