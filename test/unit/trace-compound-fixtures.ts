import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { EndpointDefinition } from '../../src/core/endpoint.ts';
import type { Featurizer } from '../../src/core/ports.ts';
import type { StoredResult } from '../../src/core/trace.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { type LineageRecord, workHash } from '../../src/flows/lineage.ts';
import { screenColumns } from '../../src/flows/screen-columns.ts';
import { createEngine } from '../../src/main.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';

export const FORMATS = ['csv', 'tsv', 'jsonl', 'csv.gz', 'tsv.gz', 'jsonl.gz', 'parquet', 'arrow'] as const;

/** A folder that goes when the test file is done. */
export const folder: string = mkdtempSync(join(tmpdir(), 'assayer-trace-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A path where nothing is yet. */
export function freshPath(name: string): string {
  return join(folder, `${count++}-${name}`);
}

/** Its featurizer is started once, since that takes longer than what a test asks of it; it ends with the test file. */
export const engine: Engine = patient(createEngine({ devices: ['cpu'], threads: 1 }));

function patient(made: Engine): Engine {
  let started: Promise<Featurizer> | null = null;
  afterAll(async () => (await started)?.[Symbol.asyncDispose]());
  return {
    ...made,
    async createFeaturizer() {
      started ??= made.createFeaturizer();
      const featurizer = await started;
      return {
        contract: featurizer.contract,
        featurize: (inputs, options) => featurizer.featurize(inputs, options),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

export function freshWorkspace(): Promise<Workspace> {
  return openWorkspace(freshPath('workspace'));
}

/** A row of a result as far as these tests go. */
export interface Row {
  readonly id: string;
  readonly inchikey: string | null;
  readonly value: number | null;
}

const ENDPOINT = { id: 'herg', unit: 'nM' } as EndpointDefinition;
const COLUMNS = screenColumns([ENDPOINT], { lowEvidence: false, notes: false });

/** Writes rows as a screen with one model does; a row without InChIKey is a rejected one. @returns what its record says */
export async function writeResult(path: string, rows: readonly Row[]): Promise<StoredResult> {
  const writer = await createTableWriter(path, COLUMNS, { metadata: {} });
  const accepted = <T>(of: (row: Row) => T) => rows.map((row) => (row.inchikey === null ? null : of(row)));
  const columns = {
    row: rows.map((_, i) => i),
    id: rows.map(({ id }) => id),
    input: rows.map(({ id }) => `SMILES of ${id}`),
    smiles: accepted(() => 'C'),
    inchikey: rows.map(({ inchikey }) => inchikey),
    status: rows.map(({ inchikey }) => (inchikey === null ? 'rejected' : 'ok')),
    reason: rows.map(({ inchikey }) => (inchikey === null ? 'PARSE: no' : null)),
    herg: rows.map(({ value }) => value),
    herg_low: accepted(({ value }) => value! - 1),
    herg_high: accepted(({ value }) => value! + 1),
    herg_percentile: accepted(() => 12.5),
    herg_in_domain: accepted(({ value }) => value! > 0),
    herg_nn_similarity: accepted(() => 0.7),
    herg_nn_id: accepted(() => inchikeyOf(9)),
    herg_nn_value: accepted(() => 100),
  };
  await writer.write(columns, rows.length);
  return { ...(await writer.finish()), path, format: writer.format };
}

/** A run's record for a result of `writeResult`. */
export function runOf(output: StoredResult, change: Partial<LineageRecord> = {}): LineageRecord {
  const work: LineageRecord['work'] = {
    schema: 'assayer.work/1',
    engine: '0.1.0',
    contract: 'c'.repeat(64),
    input: { sha256: 'd'.repeat(64), format: 'csv', smilesColumn: 'smiles', idColumn: 'id' },
    models: [
      {
        endpoint: 'herg',
        version: '3',
        hash: 'a'.repeat(64),
        unit: 'nM',
        lowEvidence: false,
        calibrated: true,
        released: true,
      },
    ],
    notes: false,
  };
  return {
    schema: 'assayer.lineage/1',
    run: `run-${count++}`,
    work,
    workHash: workHash(work),
    input: 'in.csv',
    output,
    rejects: null,
    featureSet: { sha256: null, reused: false },
    devices: { herg: 'cpu' },
    refusals: [],
    environment: {},
    counts: { rows: 0, accepted: 0, rejected: 0 },
    startedAt: '2026-11-01T00:00:00.000Z',
    finishedAt: '2026-11-01T00:00:01.000Z',
    ...change,
  };
}

/** An InChIKey made up from a number. */
export function inchikeyOf(i: number): string {
  const letters = [...i.toString(26)].map((digit) => String.fromCharCode(65 + Number.parseInt(digit, 26)));
  return `${letters.join('').padStart(14, 'A')}-UHFFFAOYSA-N`;
}
