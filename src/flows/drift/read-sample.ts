import { contractDifference, contractHash, type FeatureContract } from '../../core/contract.ts';
import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import { openTable } from '../../store/compound-table.ts';
import { openFeatureSetFile } from '../../store/feature-set.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { openFeatures } from '../features.ts';
import type { DriftSample } from './drift-sample.ts';

export interface ReadSampleOptions {
  readonly smilesColumn?: string;
  readonly idColumn?: string;
  /** Columns to read beside the compounds. */
  readonly covariates: readonly string[];
  /** 'scaffold', 'none', or a column of the file. */
  readonly cluster: string;
  readonly signal?: AbortSignal;
}

/**
 * Reads a file of compounds, or a stored feature set, as one side of a drift check. Rejected rows are counted and left out.
 * Compounds without rings have no scaffold: each of them is a cluster of its own; a row with an empty cell in the cluster's
 * column, too. Of a feature set made under another contract no row is read, and `mismatch` says why.
 * @throws what openTable, openFeatures and openFeatureSetFile throw
 */
export async function readSample(
  engine: Engine,
  path: string,
  workspace: Workspace,
  { smilesColumn, idColumn, covariates, cluster, signal }: ReadSampleOptions,
): Promise<DriftSample> {
  const stored = await openFeatureSetFile(path, signal);
  const mismatch = stored && mismatchOf(engine, path, stored.contract);
  const named = stored ? { smilesColumn: 'smiles', idColumn: 'id' } : { smilesColumn, idColumn };
  await using table = await openTable(path, { ...named, spoolFolder: workspace.tmp, signal });
  const byColumn = cluster !== 'scaffold' && cluster !== 'none';
  const columns = byColumn ? [...covariates, cluster] : covariates;
  const cells = columns.length > 0 ? await table.cells(columns, signal) : [];
  const ids: string[] = [];
  const inchikeys: string[] = [];
  const smiles: string[] = [];
  const clusters: string[] = [];
  const series: string[] = [];
  const kept: string[][] = covariates.map(() => []);
  const fingerprints: Uint8Array[] = [];
  const descriptors: Float32Array[] = [];
  let rejected = 0;
  const source = stored
    ? stored.batches(signal)
    : (await openFeatures(engine, table, workspace, signal)).batches;
  for await (const { compounds, features } of mismatch ? [] : source) {
    for (let i = 0; i < features.count; i++) {
      if (features.reasons[i] !== null) {
        rejected++;
        continue;
      }
      const row = compounds.rows[i];
      ids.push(compounds.ids[i]);
      inchikeys.push(features.inchikeys[i]);
      smiles.push(features.smiles[i]);
      for (const [k, column] of kept.entries()) column.push(cells[k][row]);
      const label = byColumn ? cells[covariates.length][row] : features.scaffolds[i];
      clusters.push(label === '' ? `row ${row} of ${table.sha256}` : label);
      series.push(cluster === 'none' ? compounds.ids[i] : label);
      // A copy: the batch's memory is taken up by the next one.
      fingerprints.push(features.fingerprints.slice(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES));
      descriptors.push(features.descriptors.slice(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT));
    }
  }
  const numbers = new Float64Array(ids.length * DESCRIPTOR_COUNT);
  for (const [i, row] of descriptors.entries()) numbers.set(row, i * DESCRIPTOR_COUNT);
  const packed = new Uint8Array(ids.length * FINGERPRINT_BYTES);
  for (const [i, row] of fingerprints.entries()) packed.set(row, i * FINGERPRINT_BYTES);
  return {
    name: path,
    hash: table.sha256,
    rejected,
    // The columns of a feature set are its own.
    ...(!stored && { how: table.how }),
    ids,
    ...(mismatch && { mismatch }),
    numbered: stored?.numbered ?? table.idColumn === null,
    inchikeys,
    smiles,
    fingerprints: packed,
    descriptors: numbers,
    covariates: new Map(covariates.map((column, k) => [column, kept[k]])),
    clusters: cluster === 'none' ? null : clusters,
    series,
  };
}

/** Why a feature set cannot be compared with what this engine makes; null where it can. */
function mismatchOf({ contract: own }: Engine, path: string, contract: FeatureContract): string | null {
  const [made, needed] = [contract, own].map(contractHash);
  if (made === needed) return null;
  return `${path} was made under feature contract ${made.slice(0, 12)}, this engine makes ${needed.slice(0, 12)} (${contractDifference(own, contract)}); give the file of compounds that it was made from`;
}
