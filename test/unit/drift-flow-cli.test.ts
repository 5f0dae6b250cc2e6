import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import { assayer, temporaryFolder } from '../assayer.ts';
import { COMPOUNDS, STRANGERS } from './drift-flow-fixtures.ts';

const write = (folder: string, name: string, lines: readonly string[], head = 'name,smiles') =>
  writeFileSync(join(folder, name), `${[head, ...lines].join('\n')}\n`);

test('drift ends with code 3 where asked to, and its command gives the same report again', async () => {
  const cwd = temporaryFolder();
  write(cwd, 'last year.csv', COMPOUNDS.slice(0, 120));
  write(cwd, 'batch.csv', STRANGERS);
  const args = [
    'drift',
    '--reference',
    'last year.csv',
    '--batch',
    'batch.csv',
    '--permutations',
    '199',
    '--json',
  ];
  const first = await assayer([...args, '--seed', '7', '--fail-on-drift'], { cwd });
  expect(first.stderr).toBe('');
  expect(first.code).toBe(3);
  const report = JSON.parse(first.stdout) as DriftReport;
  expect(report).toMatchObject({
    schema: 'assayer.drift/1',
    state: 'drift',
    models: [],
    reference: { name: 'last year.csv', rows: 120, rejected: 0 },
    batch: { name: 'batch.csv', rows: 36, clusters: 6 },
    settings: { alpha: 0.05, permutations: 199, seed: 7, cluster: 'scaffold', covariates: [] },
  });
  expect(report.command).toContain("--reference 'last year.csv' --batch batch.csv");

  const words = [...report.command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const again = await assayer([...words.slice(1), '--json'], { cwd });
  expect(again.code).toBe(0);
  expect(again.stdout).toBe(first.stdout);
});

test('a report for people has the verdict first, and a replay tells when each stream first fired', async () => {
  const cwd = temporaryFolder();
  write(cwd, 'reference.csv', COMPOUNDS.slice(0, 60));
  write(cwd, 'batch.csv', COMPOUNDS.slice(60, 65));
  const small = await assayer(['drift', '--reference', 'reference.csv', '--batch', 'batch.csv'], { cwd });
  expect(small.code).toBe(0);
  expect(small.stdout.split('\n')[0]).toBe(
    'Nothing could be judged about this batch of 5 compounds: there are too few compounds.',
  );
  expect(small.stdout).toContain('not evaluable (too-few-compounds)');

  const dated = [
    ...COMPOUNDS.slice(0, 60).map((line) => `${line},2026-01-01`),
    ...STRANGERS.map((line) => `${line},2026-02-01`),
  ];
  write(cwd, 'stream.csv', dated, 'name,smiles,date');
  const played = await assayer(['monitor', 'replay', 'stream.csv', '--by', 'month'], { cwd });
  expect(played.code).toBe(0);
  expect(played.stdout).toMatch(/^chemistry +2026-02$/m);
});

test('a call that cannot be used ends with code 2 and says what to do', async () => {
  const cwd = temporaryFolder();
  const { code, stderr } = await assayer(['drift', '--reference', 'none.csv', '--batch', 'none.csv'], {
    cwd,
  });
  expect(code).toBe(2);
  expect(stderr).toContain('ERR_INPUT_NOT_FOUND');
});
