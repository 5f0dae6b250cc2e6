/**
 * Writes the ONNX graphs of kernels/: node kernels/build-onnx.ts
 *
 * The files are committed; a test makes them again and compares the bytes.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TILE_KERNELS, TILE_PASSES, tileGraph } from './mmd/tile-graph.ts';

/** Every graph, by its path below kernels/. */
export function buildGraphs(): Map<string, Uint8Array> {
  const graphs = new Map<string, Uint8Array>();
  for (const kernel of TILE_KERNELS) {
    for (const pass of TILE_PASSES) graphs.set(`mmd/${kernel}-${pass}.onnx`, tileGraph(kernel, pass));
  }
  return graphs;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, bytes] of buildGraphs()) {
    writeFileSync(new URL(path, import.meta.url), bytes);
    console.log(`kernels/${path}: ${bytes.length} bytes`);
  }
}
