import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FeatureBatch } from '../../src/core/compound.ts';
import { rejectReason } from '../../src/core/rejects.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { openFeatures } from '../../src/flows/features.ts';
import { createEngine } from '../../src/main.ts';
import { openTable } from '../../src/store/compound-table.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';

/** An engine whose chemistry is the real one, but refuses the first compound with a reason of the test's choice. */
function engineRefusing(reason: string): Engine {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  return {
    ...engine,
    async createFeaturizer() {
      const featurizer = await engine.createFeaturizer();
      return {
        contract: featurizer.contract,
        async featurize(inputs, options): Promise<FeatureBatch> {
          const features = await featurizer.featurize(inputs, options);
          return { ...features, reasons: [reason, ...features.reasons.slice(1)] };
        },
        [Symbol.asyncDispose]: () => featurizer[Symbol.asyncDispose](),
      };
    },
  };
}

async function featurizeTwice(reason: string) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.csv'), 'smiles\nCCO\nCCN\n');
  const workspace = await openWorkspace(join(folder, 'ws'));
  const reused: boolean[] = [];
  for (const engine of [engineRefusing(reason), createEngine({ threads: 1, devices: ['cpu'] })]) {
    await using table = await openTable(join(folder, 'a.csv'), { spoolFolder: workspace.tmp });
    const source = await openFeatures(engine, table, workspace);
    for await (const { features } of source.batches) expect(features.count).toBe(2);
    reused.push(source.reused);
  }
  return reused;
}

test.each(['TIMEOUT', 'TOOLKIT_FAILED'] as const)(
  'features with a %s are used once and not kept',
  async (code) => {
    expect(await featurizeTwice(rejectReason(code))).toEqual([false, false]);
  },
);

test('features with a compound refused for its own sake are kept', async () => {
  expect(await featurizeTwice(rejectReason('SYNTAX'))).toEqual([false, true]);
});
