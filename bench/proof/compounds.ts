/** Rows of a raw file of ../shared/data as one side of a drift check, with their labels. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/core/hash.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { readSample } from '../../src/flows/drift/read-sample.ts';
import { takeRows } from '../../src/flows/drift/take-rows.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { openTable } from '../../src/store/compound-table.ts';
import { openWorkspace } from '../../src/store/workspace.ts';

/** Where a proof's data come from and its features are kept. */
export interface ProofPlace {
  readonly engine: Engine;
  readonly shared: string;
  readonly workspace: string;
}

/** How labels are read from a file. */
export interface RawFile {
  readonly smiles: string;
  /** Column of the measured value; absent where the file has none. */
  readonly value?: string;
  /** IC50 in nM becomes pIC50. */
  readonly isPotency?: boolean;
  readonly relation?: string;
  readonly document?: string;
}

/** The raw files of the cases, by path below shared/data. */
export const RAW_FILES: Readonly<Record<string, RawFile>> = {
  'raw/pharmabench/dated/chembl_cyp_raw_data.csv.gz': {
    smiles: 'Smiles',
    value: 'Standard Value',
    isPotency: true,
    relation: 'Standard Relation',
    document: 'Document ChEMBL ID',
  },
  'raw/aqsoldb/data_curated.csv.gz': { smiles: 'SMILES', value: 'Solubility' },
  'raw/aqsoldb/sources/dataset-A.csv.gz': { smiles: 'SMILES', value: 'Solubility' },
  'raw/aqsoldb/sources/dataset-C.csv.gz': { smiles: 'SMILES', value: 'Solubility' },
  'raw/aqsoldb/sources/dataset-D.csv.gz': { smiles: 'SMILES', value: 'Solubility' },
  'raw/biogen/ADME_public_set_3521.csv.gz': { smiles: 'SMILES', value: 'LOG HLM_CLint (mL/min/kg)' },
  'raw/pharmabench/hum_mic_cl_reg_final_data.csv.gz': { smiles: 'Smiles_unify', value: 'value' },
  'raw/pharmabench/rat_mic_cl_reg_final_data.csv.gz': { smiles: 'Smiles_unify', value: 'value' },
  'raw/pharmabench/logd_reg_final_data.csv.gz': { smiles: 'Smiles_unify', value: 'value' },
  'raw/pharmabench/ames_cls_final_data.csv.gz': { smiles: 'Smiles_unify', value: 'value' },
  'raw/library/library-220k.csv.gz': { smiles: 'smiles' },
};

/** Compounds with what was measured of them; entry i of every array is one compound. */
export interface Compounds {
  /** Clusters are scaffolds. */
  readonly sample: DriftSample;
  /** Rows of the raw file. */
  readonly rows: readonly number[];
  /** NaN where there is none. */
  readonly values: Float64Array;
  /** 1 where the value is a bound. */
  readonly censored: Uint8Array;
  /** '' where the file names none. */
  readonly documents: readonly string[];
}

/**
 * Features of some rows of a raw file; kept in the workspace. Rows that the engine rejects are left out.
 * @param value  another column of values than the file's usual one
 */
export async function readCompounds(
  { engine, shared, workspace: folder }: ProofPlace,
  file: string,
  rows: readonly number[],
  value?: string,
): Promise<Compounds> {
  const raw = RAW_FILES[file];
  const workspace = await openWorkspace(folder);
  const columns = [raw.smiles, value ?? raw.value ?? '', raw.relation ?? '', raw.document ?? ''];
  await using table = await openTable(join(shared, 'data', file), {
    smilesColumn: raw.smiles,
    spoolFolder: workspace.tmp,
  });
  const named = columns.filter((column) => column !== '');
  const cells = await table.cells(named);
  const cell = (column: string, row: number) => (column === '' ? '' : cells[named.indexOf(column)][row]);
  const lines = rows.map((row) => [String(row), ...columns.map((column) => cell(column, row))].map(quoted));
  const text = `id,smiles,value,relation,document\n${lines.map((line) => `${line.join(',')}\n`).join('')}`;
  const path = join(workspace.path, `proof-${sha256(text).slice(0, 16)}.csv`);
  writeFileSync(path, text);
  const sample = await readSample(engine, path, workspace, {
    smilesColumn: 'smiles',
    idColumn: 'id',
    covariates: ['value', 'relation', 'document'],
    cluster: 'scaffold',
  });
  const column = (name: string) => sample.covariates.get(name) ?? [];
  return {
    sample: { ...sample, covariates: new Map() },
    rows: sample.ids.map(Number),
    values: Float64Array.from(column('value'), (text) => modelledValue(text, raw.isPotency ?? false)),
    censored: Uint8Array.from(column('relation'), (text) => (raw.relation && text !== "'='" ? 1 : 0)),
    documents: column('document'),
  };
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

function modelledValue(text: string, isPotency: boolean): number {
  if (text.trim() === '') return Number.NaN;
  return isPotency ? 9 - Math.log10(Number(text)) : Number(text);
}

/** What rows belong together by. */
export type ClusterBy = 'scaffold' | 'document' | 'rows';

/** Some compounds, by their places, as a side of its own with a hash of its own. */
export function takeCompounds(
  from: Compounds,
  places: readonly number[],
  name: string,
  clusterBy: ClusterBy = 'scaffold',
): Compounds {
  const taken = takeRows(from.sample, places, name);
  const documents = places.map((place) => from.documents[place]);
  const clusters = { scaffold: taken.clusters, document: documents, rows: null }[clusterBy];
  // Distances of a reference are kept by its hash.
  const hash = sha256(`${from.sample.hash} ${clusterBy} ${places.join(' ')}`);
  return {
    sample: { ...taken, hash, clusters },
    rows: places.map((place) => from.rows[place]),
    values: Float64Array.from(places, (place) => from.values[place]),
    censored: Uint8Array.from(places, (place) => from.censored[place]),
    documents,
  };
}

/** The same compounds, other clusters. */
export function clustered(from: Compounds, clusterBy: ClusterBy): Compounds {
  return takeCompounds(from, [...from.rows.keys()], from.sample.name, clusterBy);
}

/** Places of rows of the raw file; rows that the engine rejected are left out. */
export function placesOf(from: Compounds, rows: readonly number[]): number[] {
  const placeOf = new Map(from.rows.map((row, place) => [row, place]));
  return rows.flatMap((row) => placeOf.get(row) ?? []);
}
