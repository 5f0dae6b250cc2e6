import { OnnxGraph, type ValueShape } from '../../src/trainers/onnx.ts';
import { BYTE_BITS, unpackBits } from '../infer/unpack-bits.ts';

export const TILE_KERNELS = ['tanimoto', 'rbf-bits', 'rbf-features'] as const;
export const TILE_PASSES = ['rows', 'columns'] as const;
export type TileKernel = (typeof TILE_KERNELS)[number];
export type TilePass = (typeof TILE_PASSES)[number];

/**
 * One tile of MMD's two passes, in float32, of operations that ONNX Runtime's CPU, CUDA and WebGPU providers all have. A tile
 * is the kernel matrix between i query rows and j target rows; a row with itself counts 0.
 *
 *     rows      K -> query_sums [i], target_sums [j]
 *     columns   C = K - query_terms - target_terms; labels A (bits, a row for each column) -> for each column the sum over
 *               the tile of A_i C A_j: (A_queries x C) * A_targets, summed over j -> sums [columns]
 *
 * Inputs besides: `queries` and `targets`, packed rows uint8 [i, bytes], or for rbf-features float32 [i, d] in two parts each
 * (high + low) already divided by bandwidth * sqrt 2; `query_rows` int32 [i, 1] and `target_rows` int32 [1, j], the place of
 * each row in the pooled samples; for rbf-bits `factor` float32 [1], -1 / (2 bandwidth^2).
 */
export function tileGraph(kernel: TileKernel, pass: TilePass): Uint8Array {
  const graph = new OnnxGraph();
  const inputs: ValueShape[] = [
    { name: 'query_rows', type: 'int32', dims: ['i', 1] },
    { name: 'target_rows', type: 'int32', dims: [1, 'j'] },
  ];
  const readsBits = kernel !== 'rbf-features' || pass === 'columns';
  const table = readsBits ? graph.float32('byte_bits', BYTE_BITS, [256, 8]) : '';
  const values =
    kernel === 'rbf-features' ? addFeatureKernel(graph, inputs) : addBitKernel(graph, inputs, kernel, table);
  const same = graph.node('Equal', ['query_rows', 'target_rows']);
  const zero = graph.float32('zero', [0]);
  const withoutSelf = (matrix: string) => graph.node('Where', [same, zero, matrix]);
  if (pass === 'rows') {
    const matrix = withoutSelf(values);
    addSum(graph, matrix, 1, 'query_sums');
    addSum(graph, matrix, 0, 'target_sums');
    return graph.finish(`mmd-${kernel}-rows`, inputs, [
      { name: 'query_sums', type: 'float32', dims: ['i'] },
      { name: 'target_sums', type: 'float32', dims: ['j'] },
    ]);
  }
  inputs.push(
    { name: 'query_terms', type: 'float32', dims: ['i', 1] },
    { name: 'target_terms', type: 'float32', dims: [1, 'j'] },
    { name: 'query_labels', type: 'uint8', dims: ['columns', 'query_label_bytes'] },
    { name: 'target_labels', type: 'uint8', dims: ['columns', 'target_label_bytes'] },
  );
  const centred = withoutSelf(
    graph.node('Sub', [graph.node('Sub', [values, 'query_terms']), 'target_terms']),
  );
  const inQueries = unpackBits(graph, 'query_labels', table);
  const inTargets = unpackBits(graph, 'target_labels', table);
  const carried = graph.node('MatMul', [inQueries, centred]);
  addSum(graph, graph.node('Mul', [carried, inTargets]), 1, 'sums');
  return graph.finish(`mmd-${kernel}-columns`, inputs, [
    { name: 'sums', type: 'float32', dims: ['columns'] },
  ]);
}

function addSum(graph: OnnxGraph, matrix: string, axis: number, output: string): void {
  graph.node('ReduceSum', [matrix, graph.int64(`${output}_axis`, [axis])], { keepdims: 0 }, output);
}

/** c / (a + b - c), 1 when both are empty; or exp(factor (a + b - 2c)). Counts stay below 2^24, so they are exact. */
function addBitKernel(
  graph: OnnxGraph,
  inputs: ValueShape[],
  kernel: 'tanimoto' | 'rbf-bits',
  table: string,
): string {
  inputs.push(
    { name: 'queries', type: 'uint8', dims: ['i', 'bytes'] },
    { name: 'targets', type: 'uint8', dims: ['j', 'bytes'] },
  );
  const queries = unpackBits(graph, 'queries', table);
  const targets = unpackBits(graph, 'targets', table);
  const shared = graph.node('Gemm', [queries, targets], { transB: 1 });
  const axis = graph.int64('bit_axis', [1]);
  const inQuery = graph.node('ReduceSum', [queries, axis], { keepdims: 1 });
  const inTarget = graph.node('ReduceSum', [targets, axis], { keepdims: 1 });
  const counts = graph.node('Add', [inQuery, graph.node('Transpose', [inTarget], { perm: [1, 0] })]);
  const union = graph.node('Sub', [counts, shared]);
  if (kernel === 'tanimoto') {
    const bothEmpty = graph.node('Relu', [graph.node('Sub', [graph.float32('one', [1]), union])]);
    return graph.node('Div', [graph.node('Add', [shared, bothEmpty]), graph.node('Add', [union, bothEmpty])]);
  }
  inputs.push({ name: 'factor', type: 'float32', dims: [1] });
  return graph.node('Exp', [graph.node('Mul', [graph.node('Sub', [union, shared]), 'factor'])]);
}

/**
 * exp(-|x - y|^2), by differences: |x|^2 + |y|^2 - 2xy would lose the distance of near rows far from the mean. In two parts,
 * for the same reason: float32 alone would round large values before they are subtracted.
 */
function addFeatureKernel(graph: OnnxGraph, inputs: ValueShape[]): string {
  for (const part of ['high', 'low']) {
    inputs.push(
      { name: `queries_${part}`, type: 'float32', dims: ['i', 'd'] },
      { name: `targets_${part}`, type: 'float32', dims: ['j', 'd'] },
    );
  }
  const overTargets = graph.int64('over_targets', [1]);
  const overQueries = graph.int64('over_queries', [0]);
  const differenceOf = (part: string) =>
    graph.node('Sub', [
      graph.node('Unsqueeze', [`queries_${part}`, overTargets]),
      graph.node('Unsqueeze', [`targets_${part}`, overQueries]),
    ]);
  const difference = graph.node('Add', [differenceOf('high'), differenceOf('low')]);
  const squares = graph.node('Mul', [difference, difference]);
  const distance = graph.node('ReduceSum', [squares, graph.int64('feature_axis', [2])], { keepdims: 0 });
  return graph.node('Exp', [graph.node('Neg', [distance])]);
}
