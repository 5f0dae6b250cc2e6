import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelCard } from '../../src/flows/card.ts';
import { KNOWN_MISSES, knownMissTexts } from '../../src/flows/known-misses.ts';
import { listModels, readManifest, readModel } from '../../src/flows/models.ts';
import { screen } from '../../src/flows/screen.ts';
import { recipeOf } from '../../src/flows/train.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { engine, writeTable } from './import-fixtures.ts';

const modelsFolder = new URL('../../models', import.meta.url).pathname;
const entryOf = async (endpoint: string) =>
  (await listModels(modelsFolder)).find((entry) => entry.endpoint === endpoint)!;

test('each known miss is what the shipped model answers, and its card says so', async () => {
  const folder = temporaryFolder();
  for (const [endpoint, { artifact, misses }] of Object.entries(KNOWN_MISSES)) {
    const manifest = await readManifest(await entryOf(endpoint));
    expect([endpoint, manifest.hash]).toEqual([endpoint, artifact]);
    const input = writeTable(
      folder,
      `${endpoint}.csv`,
      misses.map(({ smiles }) => [smiles, 0]),
    );
    const output = join(folder, `${endpoint}-out.csv`);
    await screen(engine, { input, output, models: [endpoint], modelsFolder, workspace: join(folder, 'ws') });
    const rows = readCsv(output);
    misses.forEach(({ name, predicted }, i) => {
      const answers = ['', '_low', '_high'].map((end) => rows[i][`${endpoint}${end}`]);
      const rounded = predicted.map((text, k) => Number(answers[k]).toFixed(text.split('.')[1]?.length ?? 0));
      expect([name, ...rounded]).toEqual([name, ...predicted]);
      if (predicted.length === 1) expect(answers[1]).toBe('');
    });
    const texts = knownMissTexts(manifest);
    const card = modelCard(manifest, recipeOf(endpoint));
    const [, weakSpots] = card.split('## Weak spots');
    expect(texts).toHaveLength(misses.length);
    for (const text of texts) expect(weakSpots).toContain(`- ${text}`);
  }
});

test('another artifact of the endpoint, and an endpoint without any, have no known misses', async () => {
  const manifest = await readManifest(await entryOf('ppb'));
  expect(knownMissTexts({ ...manifest, hash: '0'.repeat(64) })).toEqual([]);
  expect(knownMissTexts({ ...manifest, endpoint: { ...manifest.endpoint, id: 'constructor' } })).toEqual([]);
});

/** Labels of a compound's training rows by the first block of the InChIKey, which stereoisomers share. */
async function labelsOf(endpoint: string, skeleton: string): Promise<Record<string, number>> {
  const { reference } = await readModel(await entryOf(endpoint));
  const rows = reference.inchikeys.flatMap((key, i) =>
    key.startsWith(skeleton) ? [[key, reference.values[i]] as const] : [],
  );
  return Object.fromEntries(rows);
}

test('what the texts say of training rows is so', async () => {
  // Paroxetine and terfenadine: only a stereoisomer, labelled inactive.
  expect(await labelsOf('cyp2d6-inhibition', 'AHOUBRCZNHFOSL')).toEqual({ 'AHOUBRCZNHFOSL-WMLDXEAASA-N': 0 });
  expect(Object.values(await labelsOf('cyp3a4-inhibition', 'GUGOEEXESWIERI'))).toEqual([0]);
  expect(await labelsOf('bbb', 'RDOIQAHITMMDAJ')).toEqual({ 'RDOIQAHITMMDAJ-UHFFFAOYSA-N': 1 });
  const { 'RWTNPBWLLIMQHL-UHFFFAOYSA-N': flat, ...isomers } = await labelsOf('bbb', 'RWTNPBWLLIMQHL');
  expect(flat).toBe(1);
  expect(Object.values(isomers)).toEqual([0, 0]);
});
