import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
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

test('a page that cannot be written is told before anything is computed, with its option', async () => {
  const cwd = temporaryFolder();
  // Were the inputs read first, that they are missing would be told.
  const args = ['drift', '--reference', 'none.csv', '--batch', 'none.csv', '--html', 'nowhere/page.html'];
  const { code, stderr } = await assayer(args, { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('nowhere/page.html of --html cannot be written: its folder does not exist');
  expect(stderr).not.toContain('--out');
});

test('a check that could judge nothing ends with code 3 where asked to, and says which columns it took', async () => {
  const cwd = temporaryFolder();
  write(cwd, 'reference.csv', COMPOUNDS.slice(0, 30));
  write(cwd, 'batch.csv', COMPOUNDS.slice(30, 31));
  const args = ['drift', '--reference', 'reference.csv', '--batch', 'batch.csv', '--fail-on-drift'];
  const told = await assayer([...args, '--fail-on-not-evaluable', '--html', 'page.html'], { cwd });
  expect(told.code).toBe(3);
  expect(told.stdout.split('\n')[0]).toContain('this batch of 1 compound:');
  expect(told.stdout).toMatch(
    /^batch +batch\.csv .*: 1 compound in 1 cluster, 0 rejected; SMILES "smiles" by name; id "name" by name$/m,
  );
  expect(readdirSync(cwd).filter((name) => name.includes('page'))).toEqual(['page.html']);
});

test('a reference that is neither a file nor a model is called that, and a folder a folder', async () => {
  const cwd = temporaryFolder();
  write(cwd, 'batch.csv', COMPOUNDS.slice(0, 30));
  const neither = await assayer(['drift', '--reference', 'hergg', '--batch', 'batch.csv'], { cwd });
  expect(neither.code).toBe(2);
  expect(neither.stderr).toContain('There is no model hergg (and no file of that name)');
  mkdirSync(join(cwd, 'my'));
  const folder = await assayer(['drift', '--reference', 'my', '--batch', 'batch.csv'], { cwd });
  expect(folder.code).toBe(2);
  expect(folder.stderr).toContain('Input my cannot be read: it is a directory');
});
