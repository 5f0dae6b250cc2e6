import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { identity } from '../core/hash.ts';
import { openTable } from '../store/compound-table.ts';
import type { Workspace } from '../store/workspace.ts';
import type { Engine, Progress } from './engine.ts';
import { openFeatures } from './features.ts';
import { linkedGroups } from './linked-groups.ts';
import type { DatasetRecipe } from './recipes.ts';
import { RowCollector, selectRows } from './row-collector.ts';
import { readSplit, type SplitRow } from './split.ts';

/** Compounds with labels and features; row i of every array is one compound, in the order of the raw file. */
export interface LabelledRows {
  readonly inchikeys: string[];
  /** Canonical SMILES of the parent's scaffold; empty when acyclic. */
  readonly scaffolds: string[];
  /** Whether the record was one component as written. */
  readonly whole: boolean[];
  /** uint8 [n, 384]. */
  readonly fingerprints: Uint8Array;
  /** float32 [n, 43]. */
  readonly descriptors: Float32Array;
  /** Modelled scale; 0 or 1 for classes. */
  readonly y: Float64Array;
  /** Scaffold number from the split file; of training rows, the groups to hold out together (linked-groups.ts). */
  readonly groups: Int32Array;
}

/** Below these, held-out calibration and its quantiles are not worth their name. */
const LEAST_TRAINING_ROWS = 50;
const LEAST_GROUPS = 20;

/** A dataset made by a recipe: features of the train and test rows, and what was left out. */
export interface Dataset {
  readonly hash: string;
  /** SHA-256 of the files it was made from, by path below the data folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly splitHash: string;
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  /** Labels of test rows whose compound was rejected: they are scored as the training mean. */
  readonly rejectedTestY: Float64Array;
  readonly rejectedTestGroups: Int32Array;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Makes a dataset: reads the raw compounds, featurizes them, joins the labels of the split file, and drops from
 * training what was rejected, what carries only a bound, and what stands in the test rows as the same parent.
 * @throws ERR_DATA_NOT_FOUND, ERR_DATA_MISMATCH
 */
export async function buildDataset(
  engine: Engine,
  recipe: DatasetRecipe,
  dataFolder: string,
  workspace: Workspace,
  options: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<Dataset> {
  const { signal, onProgress } = options;
  const endpoint = recipe.endpoint.id;
  const rawPath = join(dataFolder, recipe.rawFile);
  const splitPath = join(dataFolder, recipe.splitFile);
  for (const path of [rawPath, splitPath]) {
    if (!existsSync(path)) throw new AssayerError('ERR_DATA_NOT_FOUND', { endpoint, path });
  }
  const split = await readSplit(splitPath, endpoint);
  await using table = await openTable(rawPath, {
    smilesColumn: recipe.smilesColumn,
    spoolFolder: workspace.tmp,
    signal,
  });

  const kept = new Map(split.rows.map((row) => [row.row, row]));
  const train = new RowCollector();
  const test = new RowCollector();
  const rejectedTest: SplitRow[] = [];
  let censored = 0;
  let rejectedTrain = 0;
  const source = await openFeatures(engine, table, workspace, signal);
  for await (const { compounds, features } of source.batches) {
    for (let i = 0; i < features.count; i++) {
      const row = kept.get(compounds.rows[i]);
      if (!row) continue;
      kept.delete(row.row);
      if (row.relation !== '=') censored++;
      else if (features.reasons[i] === null) {
        (row.part === 'test' ? test : train).add(row, compounds.inputs[i], features, i);
      } else if (row.part === 'test') rejectedTest.push(row);
      else rejectedTrain++;
    }
    const rows = compounds.rows[features.count - 1] + 1;
    onProgress?.(rows, source.share(rows));
  }
  if (kept.size) {
    const problem = `the split names row ${[...kept.keys()][0]}, which the raw file does not have`;
    throw new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem, path: rawPath });
  }

  const testRows = test.rows();
  const candidates = train.rows();
  const testKeys = new Set(testRows.inchikeys.filter((key) => key !== ''));
  const leaked = candidates.inchikeys.map((key) => testKeys.has(key));
  const apart = selectRows(
    candidates,
    leaked.map((leak) => !leak),
  );
  const clean: LabelledRows = { ...apart, groups: linkedGroups(apart) };
  requireTrainable(recipe, clean, testRows, splitPath);
  const files = { [recipe.rawFile]: table.sha256, [recipe.splitFile]: split.sha256 };
  const { endpoint: definition, ...how } = recipe;
  return {
    hash: identity({ schema: 'assayer.dataset/1', endpoint: definition, how, files }),
    files,
    splitHash: split.sha256,
    train: clean,
    test: testRows,
    rejectedTestY: Float64Array.from(rejectedTest, (row) => row.y),
    rejectedTestGroups: Int32Array.from(rejectedTest, (row) => row.group),
    counts: {
      kept: split.rows.length,
      censoredLeftOut: censored,
      train: clean.inchikeys.length,
      trainRejected: rejectedTrain,
      trainDroppedAsSameParentInTest: leaked.filter(Boolean).length,
      trainParents: new Set(clean.inchikeys).size,
      trainGroups: new Set(clean.groups).size,
      test: testRows.inchikeys.length + rejectedTest.length,
      testRejected: rejectedTest.length,
      testWithScaffoldInTrain: countShared(testRows.scaffolds, clean.scaffolds),
      testWithFingerprintInTrain: countShared(fingerprintTexts(testRows), fingerprintTexts(clean)),
    },
  };
}

/** How many of the texts (empty ones aside) occur among the others. */
function countShared(texts: readonly string[], others: readonly string[]): number {
  const known = new Set(others);
  return texts.filter((text) => text !== '' && known.has(text)).length;
}

function fingerprintTexts({ fingerprints, y }: LabelledRows): string[] {
  const bytes = Buffer.from(fingerprints.buffer, fingerprints.byteOffset, fingerprints.byteLength);
  return Array.from(y, (_, i) =>
    bytes.toString('latin1', i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
  );
}

/**
 * Refuses data on which calibration or test figures would mean nothing.
 * @throws ERR_DATA_MISMATCH
 */
function requireTrainable(
  { endpoint }: DatasetRecipe,
  train: LabelledRows,
  test: LabelledRows,
  path: string,
): void {
  const groups = new Set(train.groups).size;
  const refuse = (problem: string) =>
    new AssayerError('ERR_DATA_MISMATCH', { endpoint: endpoint.id, problem, path });
  if (train.y.length < LEAST_TRAINING_ROWS || groups < LEAST_GROUPS) {
    throw refuse(
      `${train.y.length} usable training rows in ${groups} scaffold groups are too few (at least ${LEAST_TRAINING_ROWS} in ${LEAST_GROUPS})`,
    );
  }
  if (test.y.length === 0) throw refuse('there are no test rows');
  for (const [part, rows] of Object.entries({ training: train, test })) {
    if (endpoint.kind === 'classification' && new Set(rows.y).size < 2) {
      throw refuse(`the ${part} rows are all of one class`);
    }
  }
}
