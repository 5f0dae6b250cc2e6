import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MODELS_FOLDER, modelsReadme } from '../../bench/models-readme.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';

test('models/README.md holds what the manifests say, and every endpoint (npm run models:readme)', async () => {
  const text = readFileSync(join(MODELS_FOLDER, 'README.md'), 'utf8');
  expect(text).toBe(await modelsReadme());
  const lines = [...text.matchAll(/^\| \[`(.+?)`\]/gm)].map((match) => match[1]);
  expect(lines).toEqual(Object.keys(DATASET_RECIPES).sort());
});
