import { refusedOperator } from './operators.ts';
import type { GraphConstant, GraphNode, GraphValue, OnnxModel } from './read-model.ts';

/** The part of a graph that one of its tensors is computed from. */
export interface LivePart {
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly GraphConstant[];
  readonly inputs: readonly GraphValue[];
}

/**
 * What a tensor of a graph is computed from; the rest of the file (labels beside probabilities, say) is not run.
 * Nodes stand in the order they are computed in, as ONNX wants it.
 */
export function livePart(model: OnnxModel, tensor: string): LivePart {
  const needed = new Set([tensor]);
  const nodes: GraphNode[] = [];
  for (const node of model.nodes.toReversed()) {
    if (!node.outputs.some((output) => output !== '' && needed.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return {
    nodes: nodes.reverse(),
    constants: model.constants.filter(({ name }) => needed.has(name)),
    inputs: model.inputs.filter(({ name }) => needed.has(name)),
  };
}

/** What of a part of a graph cannot be imported, in words; null when nothing. */
export function refusedPart({ nodes, constants }: LivePart): string | null {
  const external = constants.find(({ isExternal }) => isExternal);
  if (external) return externalData(`constant ${external.name}`);
  for (const node of nodes) {
    const refused = refusedOperator(node);
    if (refused !== null) return refused;
    const { hasGraph, hasSparseTensor, isExternal } = node.holds;
    if (isExternal) return externalData(`operator ${node.operation}`);
    const inside = hasGraph ? 'a graph' : hasSparseTensor ? 'a sparse tensor' : null;
    if (inside !== null) return `operator ${node.operation} holds ${inside} of its own, which is not taken`;
  }
  return null;
}

function externalData(what: string): string {
  return `${what} has its numbers in another file. Save the model as one file (torch.onnx.export: external_data=False; onnx.save: save_as_external_data=False)`;
}
