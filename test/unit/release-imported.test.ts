import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addReleaseCommand } from '../../src/cli/release.ts';
import type { ReleaseDecision } from '../../src/core/release.ts';
import { noShared, readShared, readSharedTable, shared } from '../shared.ts';
import { engine, goodModel, importIn, type TableRow, writeTable } from './import-fixtures.ts';

const read = (name: string) => readFileSync(new URL(`../data/imported/${name}`, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of plasma protein binding by the shared split, those of one neutral component without a bound. */
function bindingRows(part: string): TableRow[] {
  const raw = readShared('data/raw/pharmabench/ppb_reg_final_data.csv.gz').trimEnd().split('\n').slice(1);
  return readSharedTable('data/splits/ppb.csv.gz').flatMap(({ row, split, rel }) => {
    const [smiles, value] = raw[Number(row)].split(',');
    return split === part && rel === '=' && !/[.+-]/.test(smiles) ? [[smiles, value] as const] : [];
  });
}

/** Runs `assayer release <args>` in the folder. */
async function run(...args: string[]): Promise<void> {
  const program = new Command('assayer').exitOverride().configureOutput({ writeErr: () => undefined });
  // Subcommands take the settings of the program that they are made from.
  addReleaseCommand(program, {
    engine: async () => engine,
    modelsFolder: join(folder, 'models'),
    examplesFolder: '',
    driftReportHtml: async () => '',
    auditReportHtml: async () => '',
    signal: new AbortController().signal,
  });
  const who = ['--approver', 'Ada Example <ada@example.org>', '--workspace', join(folder, 'ws')];
  await program.parseAsync(['release', ...args, ...who], { from: 'user' });
}

/** Runs `assayer release <args> --json` dry; a refusal is printed before it is thrown. */
async function dryRun(...args: string[]): Promise<ReleaseDecision> {
  const written: string[] = [];
  const write = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await run(...args, '--dry-run', '--json').catch((cause: unknown) =>
      expect(cause).toMatchObject({ code: 'ERR_RELEASE_REFUSED' }),
    );
    return JSON.parse(written.join(''));
  } finally {
    write.mockRestore();
  }
}

const checkOf = ({ checks }: ReleaseDecision, name: string) => checks.find(({ check }) => check === name)!;

describe.skipIf(noShared)('a model of scikit-learn for a known endpoint', () => {
  test.each([
    ['boosted', 'X=morgan+descriptors'],
    ['ridge', 'X=descriptors+bits'],
  ])('%s passes integrity on the table of its import, and on the shared test rows', async (name, inputs) => {
    const columns = { smilesColumn: 'structure', valueColumn: 'logit' };
    const header = 'structure,logit';
    const train = bindingRows('train');
    const evaluation = writeTable(folder, 'own.csv', bindingRows('test').slice(0, 150), header);
    const change = {
      ...columns,
      endpoint: 'ppb',
      inputs,
      replace: true,
      training: writeTable(
        folder,
        'train.csv',
        train.filter((_, i) => i % 5 < 4),
        header,
      ),
      calibration: writeTable(
        folder,
        'held.csv',
        train.filter((_, i) => i % 5 === 4),
        header,
      ),
      evaluation,
    };
    const { manifest } = await importIn(folder, read(`${name}.onnx`), change);

    const named = ['--smiles-column', 'structure', '--value-column', 'logit'];
    const own = await dryRun('ppb', '--evaluation', evaluation, ...named);
    expect(own.evaluation).toMatchObject({ hash: manifest.evaluation.hash, rows: manifest.evaluation.rows });
    const compared = checkOf(own, 'integrity');
    expect(compared).toMatchObject({
      outcome: 'passed',
      words: expect.stringMatching(/gives the figures of its manifest/),
    });
    expect(compared.measurements.find((one) => one.name === 'MAE')).toMatchObject({
      bound: expect.stringMatching(/in the manifest/),
    });

    const ours = await dryRun('ppb', '--data', join(shared, 'data'));
    expect(ours.evaluation.rows).toBeGreaterThan(manifest.evaluation.rows);
    const fresh = checkOf(ours, 'integrity');
    expect(fresh).toMatchObject({ outcome: 'passed', words: expect.stringMatching(/measured afresh/) });
    const error = fresh.measurements.find((one) => one.name === 'MAE, measured here');
    expect(error?.bound).toBe('reported');
    expect(error?.value).not.toBeCloseTo(manifest.metrics.MAE.value, 3);
    // The shared dataset knows the training compounds, so on its rows the labels can be checked.
    expect([checkOf(own, 'labels').outcome, checkOf(ours, 'labels').outcome]).toEqual(['failed', 'passed']);
    expect(checkOf(ours, 'leakage').outcome).toBe('passed');
  });
});

test('an endpoint without shared test rows asks for the table, and a table and a data folder are not both taken', async () => {
  const endpoint = {
    id: 'permeability',
    title: 'Permeability',
    kind: 'regression',
    unit: 'log10(cm/s)',
    modelledScale: 'log10(cm/s)',
    transform: 'identity',
    direction: 'higher is better',
    assay: 'Made up.',
    species: 'none',
  };
  const definition = join(folder, 'endpoint.json');
  writeFileSync(definition, JSON.stringify(endpoint));
  await importIn(folder, goodModel, { endpoint: endpoint.id, definition });
  await expect(run('permeability')).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringContaining('no shared test rows of permeability. Name the table'),
  });
  const both = run('permeability', '--evaluation', 'own.csv', '--data', folder);
  await expect(both).rejects.toMatchObject({ code: 'commander.conflictingOption' });
});
