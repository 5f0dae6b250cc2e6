import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildGraphs } from '../../kernels/build-onnx.ts';

const kernels = new URL('../../kernels/', import.meta.url);

test('the committed ONNX graphs are what their source makes', () => {
  const graphs = buildGraphs();
  const committed = readdirSync(kernels, { recursive: true, encoding: 'utf8' });
  expect(committed.filter((path) => path.endsWith('.onnx')).sort()).toEqual([...graphs.keys()].sort());
  for (const [path, bytes] of graphs) {
    const found = readFileSync(new URL(path, kernels));
    expect(found.equals(bytes), `${path}: run node kernels/build-onnx.ts`).toBe(true);
  }
});
