import { ELEMENT_TYPES, type OnnxGraph } from '../../src/trainers/onnx.ts';

/** Bit k of byte b, lowest first, is element [b, k]. */
export const BYTE_BITS: readonly number[] = Array.from(
  { length: 256 * 8 },
  (_, at) => ((at >> 3) >> (at & 7)) & 1,
);

/**
 * Nodes that turn packed rows, uint8 [n, bytes], into one number a bit, [n, 8 * bytes], of the table's type: a table look-up
 * by byte. CUDA and WebGPU have no BitShift on bytes, and WebGPU's BitwiseAnd is slower than the look-up.
 *
 *     bytes -> Cast int32 -> Gather from [256, 8] -> [n, bytes, 8] -> Reshape [n, 8 * bytes]
 *
 * @param table  name of a constant [256, 8] holding BYTE_BITS
 */
export function unpackBits(graph: OnnxGraph, packed: string, table: string): string {
  const bytes = graph.node('Cast', [packed], { to: ELEMENT_TYPES.int32 });
  const gathered = graph.node('Gather', [table, bytes]);
  return graph.node('Reshape', [gathered, graph.int64(`${gathered}_flat`, [0, -1])]);
}
