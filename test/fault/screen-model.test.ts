import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { contractHash } from '../../src/core/contract.ts';
import { sha256 } from '../../src/core/hash.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { assayer, copyOfModels, temporaryFolder } from '../assayer.ts';

/** Screens one compound with a copy of the models that `damage` has changed. */
async function screenWith(damage: (herg: string, models: string) => void, endpoints = 'herg') {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'a.csv'), 'smiles\nCCO\n');
  const models = copyOfModels(cwd);
  damage(join(models, 'herg', '1'), models);
  return assayer(['screen', 'a.csv', '--out', 'out.csv', '--models', models, '--endpoints', endpoints], {
    cwd,
  });
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

/** Changes a manifest; signs it again where `sign` says so, as somebody who knows how would. */
function editManifest(herg: string, edit: (manifest: Record<string, unknown>) => void, sign: boolean): void {
  const path = join(herg, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  edit(manifest);
  if (sign) manifest.hash = artifactHash(manifest as Manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

const DAMAGES: [what: string, damage: (herg: string, models: string) => void, code: string, says: RegExp][] =
  [
    [
      'a model that is not there',
      (_, models) => rmSync(join(models, 'herg'), { recursive: true }),
      'ERR_MODEL_NOT_FOUND',
      /Known: ames@1, bbb@1, .*, hlm-clearance@1, .*, tox21-sr-mmp@1/,
    ],
    [
      'an empty models folder',
      (_, models) => rmSync(models, { recursive: true }),
      'ERR_MODEL_NOT_FOUND',
      /Known: none/,
    ],
    [
      'a flipped bit in model.onnx',
      (herg) => flipByte(join(herg, 'model.onnx')),
      'ERR_MODEL_CORRUPT',
      /model\.onnx has hash/,
    ],
    [
      'a cut model.onnx',
      (herg) => truncateSync(join(herg, 'model.onnx'), 1000),
      'ERR_MODEL_CORRUPT',
      /model\.onnx/,
    ],
    [
      'a missing reference',
      (herg) => rmSync(join(herg, 'reference.arrow')),
      'ERR_MODEL_CORRUPT',
      /reference\.arrow/,
    ],
    [
      'a manifest that is no JSON',
      (herg) => truncateSync(join(herg, 'manifest.json'), 100),
      'ERR_MODEL_CORRUPT',
      /manifest\.json/,
    ],
    [
      'a narrowed interval in the manifest',
      (herg) =>
        editManifest(herg, (m) => ((m.calibration as { halfWidths: number[] }).halfWidths[0] = 0.01), false),
      'ERR_MODEL_CORRUPT',
      /manifest was changed/,
    ],
    [
      'another feature contract',
      (herg) =>
        editManifest(
          herg,
          (m) => {
            const contract = m.contract as Manifest['contract'];
            m.contract = { ...contract, toolkit: { ...contract.toolkit, version: '2022.9.3' } };
            m.contractHash = contractHash(m.contract as Manifest['contract']);
          },
          true,
        ),
      'ERR_CONTRACT_MISMATCH',
      /differ in toolkit/,
    ],
    [
      'a graph that ONNX Runtime cannot read',
      (herg) => {
        const graph = Buffer.from('this is no graph');
        writeFileSync(join(herg, 'model.onnx'), graph);
        editManifest(herg, (m) => ((m.files as Record<string, string>)['model.onnx'] = sha256(graph)), true);
      },
      'ERR_MODEL_CORRUPT',
      /herg@1/,
    ],
    [
      'a reference that is no Arrow file',
      (herg) => {
        const bytes = Buffer.from('this is no table');
        writeFileSync(join(herg, 'reference.arrow'), bytes);
        editManifest(
          herg,
          (m) => ((m.files as Record<string, string>)['reference.arrow'] = sha256(bytes)),
          true,
        );
      },
      'ERR_MODEL_CORRUPT',
      /reference\.arrow/,
    ],
  ];

test.each(DAMAGES)('%s is refused with its own code', async (_, damage, code, says) => {
  const run = await screenWith(damage);
  expect(run.stderr).toContain(code);
  expect(run.stderr).toMatch(says);
  expect(run.code).toBe(2);
});

test('an endpoint and a version that do not exist name what does', async () => {
  for (const name of ['hergg', 'herg@7']) {
    const run = await screenWith(() => undefined, name);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(`There is no model ${name}`)]);
  }
});

test('a list of models with a damaged one shows the others, and what is wrong with it', async () => {
  const cwd = temporaryFolder();
  const models = copyOfModels(cwd);
  truncateSync(join(models, 'herg', '1', 'manifest.json'), 100);
  flipByte(join(models, 'ames', '1', 'model.onnx'));
  const run = await assayer(['models', 'list', '--models', models], { cwd });
  expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('ERR_MODEL_CORRUPT')]);
  expect(run.stdout).toMatch(/^ames@1 .*damaged: model\.onnx has hash/m);
  expect(run.stdout).toMatch(/^bbb@1 .*AUROC 0\.\d{3} \(/m);
  expect(run.stdout).toMatch(/^herg@1 .*damaged: .*JSON/m);
  // ppb is shown as a fraction: its error is not one.
  expect(run.stdout).toMatch(/^ppb@1 +fraction bound .*MAE 0\.\d{3} log units \(/m);
  const json = await assayer(['models', 'list', '--models', models, '--json'], { cwd });
  expect(json.code).toBe(2);
  const lines: { endpoint?: { id: string } }[] = JSON.parse(json.stdout);
  expect(lines.map(({ endpoint }) => endpoint?.id)).toEqual(
    Object.keys(DATASET_RECIPES)
      .sort()
      .map((id) => (['ames', 'herg'].includes(id) ? undefined : id)),
  );
  expect(lines.filter(({ endpoint }) => !endpoint)[1]).toEqual({
    model: 'herg@1',
    problem: expect.stringContaining('JSON'),
  });
});

test('a folder without models is an error of the list, too', async () => {
  const run = await assayer(['models', 'list', '--models', '/nope'], { cwd: temporaryFolder() });
  expect([run.code, run.stdout]).toEqual([2, '']);
  expect(run.stderr).toContain('ERR_MODEL_NOT_FOUND: There is no model of any endpoint in /nope');
});

test('a model is shown with its training parameters in four digits, without those of each descriptor', async () => {
  const run = await assayer(['models', 'show', 'herg', '--details'], { cwd: temporaryFolder() });
  expect(run.code).toBe(0);
  const line = /^trainer .*$/m.exec(run.stdout)?.[0] ?? '';
  expect(line).toMatch(/ process\.noise=0\.\d+ .*and 43 relevances \(--json\)$/);
  expect(line).toMatch(/ process\.rows=\d{4} /);
  expect(line).not.toMatch(/\d\.\d{7}/);
  expect(run.stdout).toMatch(/^MAE +0\.\d{4} .* log units$/m);
  expect(run.stdout).toMatch(/^R2 +0\.\d{4} +0\.\d{4} to 0\.\d{4}$/m);
});

test('a model is shown by its card, once its files are known to be whole and the card to be its own', async () => {
  const cwd = temporaryFolder();
  const models = copyOfModels(cwd);
  const card = join(models, 'ames', '1', 'card.md');
  const show = () => assayer(['models', 'show', 'ames', '--models', models], { cwd });
  expect(await show()).toEqual({ code: 0, stdout: readFileSync(card, 'utf8'), stderr: '' });
  writeFileSync(card, readFileSync(join(models, 'bbb', '1', 'card.md')));
  expect(await show()).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/ERR_MODEL_CORRUPT.* card\.md is that of another artifact/),
  });
  rmSync(card);
  expect(await show()).toMatchObject({ code: 2, stderr: expect.stringContaining('card.md') });
  flipByte(join(models, 'ames', '1', 'reference.arrow'));
  const { stdout, stderr } = await show();
  expect([stdout, stderr]).toEqual(['', expect.stringContaining('reference.arrow has hash')]);
});
