import { addTreeSum } from './export-boosted-trees.ts';
import type { OnnxGraph } from './onnx.ts';
import type { SpreadModel } from './spread.ts';

/**
 * The graph's output `spread`, float32 [n], from its output `prediction`.
 * @param bits name of the bits, uint8 [n, 3072]
 */
export function addSpread(graph: OnnxGraph, model: SpreadModel, bits: string): void {
  const { bends, slopes, lowest, highest } = model;
  const scalar = (name: string, value: number) => graph.float32(name, [value], []);
  let log = graph.node('Add', [
    addTreeSum(graph, model.trees, bits, 'spread'),
    scalar('spread_first', model.first),
  ]);
  if (slopes.length > 0) {
    const last = bends.length - 1;
    const ends = [scalar('spread_first_bend', bends[0]), scalar('spread_last_bend', bends[last])];
    const column = graph.node('Reshape', [
      graph.node('Clip', ['prediction', ...ends]),
      graph.int64('spread_column', [-1, 1]),
    ]);
    const past = graph.node('Relu', [
      graph.node('Sub', [column, graph.float32('spread_bends', Float32Array.from(bends.subarray(0, last)))]),
    ]);
    const curve = graph.node('MatMul', [past, graph.float32('spread_slopes', Float32Array.from(slopes))]);
    log = graph.node('Add', [log, curve]);
  }
  const held = graph.node('Clip', [log, scalar('spread_lowest', lowest), scalar('spread_highest', highest)]);
  graph.node('Exp', [held], {}, 'spread');
}
