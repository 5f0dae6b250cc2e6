import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import { createEngine } from '../../src/main.ts';
import { decodeReference, encodeReference } from '../../src/store/reference.ts';
import { failedChecks, ReleaseBench, resign, wordsOf } from './release-fixtures.ts';

/** Test rows that were trained on, and a model of an older feature contract; both really trained. */
let bench: ReleaseBench;
let leaky: string;
beforeAll(async () => {
  bench = new ReleaseBench();
  // Every tenth test row is a training row too; the test rows themselves stay, with their labels.
  const leaked = bench.rows.filter(({ part }, i) => part === 'train' || i % 10 === 0);
  const asTraining = leaked.map((row) => ({ ...row, part: 'train' as const }));
  const stay = bench.rows.filter(({ part }, i) => part === 'test' && i % 10 !== 0);
  leaky = await bench.train('1', [...asTraining, ...stay]);
  const engine = createEngine({ threads: 2, devices: ['cpu'] });
  const { contract } = engine;
  const toolkit = { ...contract.toolkit, version: '2022.9.3' };
  await bench.train('2', undefined, { engine: { ...engine, contract: { ...contract, toolkit } } });
});
afterAll(() => bench[Symbol.dispose]());

test('test rows that were trained on are caught by leakage, each by its InChIKey', async () => {
  const summary = await bench.release('1');
  expect(failedChecks(summary)).toContain('leakage');
  expect(wordsOf(summary, 'leakage')).toMatch(/^\d+ of 205 evaluation compounds were trained on/);
  const { evidence } = summary.decision.checks.find(({ check }) => check === 'leakage')!;
  expect((evidence.compounds as string[]).every((key) => /^[A-Z]{14}-[A-Z]{10}-[A-Z]$/.test(key))).toBe(true);
});

test('taking the names out of the reference does not hide them: their fingerprints are in the graph', async () => {
  const path = join(leaky, 'reference.arrow');
  const reference = decodeReference(readFileSync(path));
  const { rows } = await bench.evaluation();
  const asked = new Set(rows.accepted.inchikeys);
  const inchikeys = reference.inchikeys.map((key) => (asked.has(key) ? '' : key));
  expect(inchikeys.filter((key) => key === '').length).toBeGreaterThan(10);
  const bytes = encodeReference({ ...reference, inchikeys });
  writeFileSync(path, bytes);
  resign(leaky, bench.recipe, (manifest) => ({
    ...manifest,
    files: { ...manifest.files, 'reference.arrow': sha256(bytes) },
  }));
  const summary = await bench.release('1');
  expect(failedChecks(summary)).toContain('leakage');
  expect(wordsOf(summary, 'leakage')).toMatch(/of another name, 0 in the shared split/);
});

test('a model of another feature contract is caught by contract, and is not run on features it does not know', async () => {
  const summary = await bench.release('2');
  expect(failedChecks(summary)).toContain('contract');
  expect(wordsOf(summary, 'contract')).toMatch(
    /other features than the engine makes: they differ in toolkit/,
  );
  expect(wordsOf(summary, 'baseline')).toMatch(/^Not measured: the model was trained on other features/);
  for (const check of ['contract', 'integrity'] as const) {
    const waivers = [`${check}=everybody knows that it does not matter here`];
    await expect(bench.release('2', { waivers })).rejects.toMatchObject({ code: 'ERR_RELEASE_WAIVER' });
  }
});
