// The neighbours of two drugs among the example compounds. In a checkout: npx node examples/neighbors.mjs (Node 24)
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// In a project that has Assayer installed: from 'assayer'.
import { buildIndex, createEngine, openIndex } from '../src/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'assayer-'));
const engine = createEngine();
const input = { path: fileURLToPath(new URL('compounds.csv', import.meta.url)), workspace: folder };
await buildIndex(engine, { index: join(folder, 'examples.index'), input });

{
  await using index = await openIndex(join(folder, 'examples.index'), { engine });
  const queries = ['CC(=O)Oc1ccccc1C(=O)O', 'CN1CCC[C@H]1c1cccnc1', 'not a SMILES'];
  const hits = await index.nearest(queries, 3);
  for (const [i, { reason, neighbors }] of hits.entries()) {
    console.log(queries[i]);
    if (reason !== null) console.log(`  ${reason}`);
    for (const { id, similarity } of neighbors) console.log(`  ${similarity.toFixed(3)}  ${id}`);
  }
  const similar = await index.within(queries, 0.4, { metric: 'dice' });
  console.log('Dice at least 0.4:', similar.map(({ neighbors }) => neighbors.length).join(', '));
}
await rm(folder, { recursive: true });
