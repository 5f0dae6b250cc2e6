import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import type { BoostedTrees } from './boosted-trees.ts';
import type { Tree } from './grow-tree.ts';
import { ELEMENT_TYPES, type OnnxGraph, TREE_DOMAIN } from './onnx.ts';

/**
 * The trees' score, float32 [n].
 * @param bits name of the bits, uint8 [n, 3072]
 */
export function addBoostedTrees(graph: OnnxGraph, { trees, scale }: BoostedTrees, bits: string): string {
  const sum = addTreeSum(graph, trees, bits, 'tree');
  const scaled = graph.node('Mul', [sum, graph.float32('tree_spread', [scale.spread])]);
  return graph.node('Add', [scaled, graph.float32('tree_center', [scale.center])]);
}

/**
 * The sum of the trees' leaves, float32 [n]. They read the descriptors as given and the bits that any of them splits on:
 *
 *     [descriptors float32 [n, 43] | used bits float32 [n, u]] -> TreeEnsembleRegressor
 *
 * @param bits name of the bits, uint8 [n, 3072]
 * @param name the constants' names begin with it
 */
export function addTreeSum(graph: OnnxGraph, trees: readonly Tree[], bits: string, name: string): string {
  const used = [...new Set(trees.flatMap((tree) => tree.features))]
    .filter((feature) => feature >= DESCRIPTOR_COUNT)
    .sort((a, b) => a - b);
  const columnOf = new Map(used.map((feature, k) => [feature, DESCRIPTOR_COUNT + k]));
  const chosen = graph.int64(
    `${name}_bits`,
    used.map((feature) => feature - DESCRIPTOR_COUNT),
  );
  const picked = graph.node('Cast', [graph.node('Gather', [bits, chosen], { axis: 1 })], {
    to: ELEMENT_TYPES.float32,
  });
  const inputs = graph.node('Concat', ['descriptors', picked], { axis: 1 });

  const nodes = trees.flatMap((tree, t) =>
    tree.features.map((feature, node) => ({ t, node, feature, tree })),
  );
  const leaves = nodes.filter(({ feature }) => feature < 0);
  const sum = graph.node(
    'TreeEnsembleRegressor',
    [inputs],
    {
      n_targets: 1,
      nodes_treeids: nodes.map(({ t }) => t),
      nodes_nodeids: nodes.map(({ node }) => node),
      nodes_featureids: nodes.map(({ feature }) => columnOf.get(feature) ?? Math.max(0, feature)),
      nodes_values: Float32Array.from(nodes, ({ tree, node }) => tree.thresholds[node]),
      nodes_modes: nodes.map(({ feature }) => (feature < 0 ? 'LEAF' : 'BRANCH_LEQ')),
      nodes_truenodeids: nodes.map(({ tree, node }) => tree.lefts[node]),
      nodes_falsenodeids: nodes.map(({ tree, node }) => tree.rights[node]),
      target_treeids: leaves.map(({ t }) => t),
      target_nodeids: leaves.map(({ node }) => node),
      target_ids: leaves.map(() => 0),
      target_weights: Float32Array.from(leaves, ({ tree, node }) => tree.values[node]),
    },
    `${name}_sum`,
    TREE_DOMAIN,
  );
  return graph.node('Reshape', [sum, graph.int64(`${name}_flat`, [-1])]);
}
