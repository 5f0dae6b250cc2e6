import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { identity } from '../core/hash.ts';
import type { Workspace } from '../store/workspace.ts';
import { applySplit, type DatasetRow } from './apply-split.ts';
import { type CuratedRow, curate, type DroppedRow, type DropReason } from './curation.ts';
import type { Engine, Progress } from './engine.ts';
import { linkedGroups } from './linked-groups.ts';
import { readRecords } from './read-records.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';
import { requireDifferentCompounds, requireTrainable } from './require-trainable.ts';
import { RowCollector, selectRows } from './row-collector.ts';
import { readSplit } from './split.ts';

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
  /** int8 [n]: -1 the true value is at or below y, 0 it is y, 1 it is at or above y. */
  readonly relation: Int8Array;
  /** Scaffold number from the split file; of training rows, the groups to hold out together (linked-groups.ts). */
  readonly groups: Int32Array;
}

/** A dataset made by a recipe: features of the train and test rows, and what was left out. */
export interface Dataset {
  readonly hash: string;
  /** SHA-256 of the files it was made from (inside the gzip), by path below the data folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly versions: DatasetVersions;
  /** Rows with a value; at an assay limit it is a bound too (`relation`), but it was published as a value. */
  readonly train: LabelledRows;
  /** Rows for which only a bound was published; their groups are of one count with those of `train`. */
  readonly trainBounds: LabelledRows;
  /** Rows with a value: those that figures are scored on. */
  readonly test: LabelledRows;
  readonly testBounds: LabelledRows;
  /** Labels of test rows whose compound was rejected: they are scored as the training mean. */
  readonly rejectedTestY: Float64Array;
  readonly rejectedTestGroups: Int32Array;
  readonly counts: Readonly<Record<string, number>>;
  /** Every row of the raw file that is in none of the parts above, in their order. */
  readonly dropped: readonly DroppedRow[];
  readonly rawRows: number;
  readonly conflictCompounds: number;
}

/** What of a dataset has a version of its own (core/comparison-versions.ts): hashes. */
export interface DatasetVersions {
  /** Where the labels come from and what they mean. */
  readonly assaySource: string;
  /** The compounds that have a label, before the split. */
  readonly compounds: string;
  readonly split: string;
  /** The rows that figures are scored on, with their labels. */
  readonly evaluation: string;
}

/**
 * Makes a dataset: reads the raw file, featurizes its compounds, curates them (curation.ts), takes each one's part from
 * the split file, and drops from training what was rejected and what stands in the test rows as the same parent.
 * @throws ERR_DATA_NOT_FOUND, ERR_DATA_SOURCE, ERR_DATA_COLUMN, ERR_DATA_UNITS, ERR_DATA_LABELS, ERR_DATA_MISMATCH,
 *   ERR_DATA_DUPLICATES, ERR_DATA_TOO_FEW, ERR_DATA_ONE_CLASS, ERR_CANCELLED
 */
export async function buildDataset(
  engine: Engine,
  recipe: DatasetRecipe,
  dataFolder: string,
  workspace: Workspace,
  options: { signal?: AbortSignal; onProgress?: Progress } = {},
): Promise<Dataset> {
  const endpoint = recipe.endpoint.id;
  const rawPath = join(dataFolder, recipe.rawFile);
  const splitPath = join(dataFolder, recipe.splitFile);
  for (const path of [rawPath, splitPath]) {
    if (!existsSync(path)) throw new AssayerError('ERR_DATA_NOT_FOUND', { endpoint, path });
  }
  const split = await readSplit(recipe, splitPath);
  const named = new Set(split.map(({ row }) => row));
  const collector = new RowCollector();
  const records = await readRecords(
    engine,
    recipe,
    rawPath,
    workspace,
    (row, input, features, i) => {
      if (named.has(row)) collector.add(row, input, features, i);
    },
    options,
  );
  const curation = curate(recipe, records, rawPath);
  requireDifferentCompounds(recipe, curation, rawPath);
  const { rows, dropped: outside } = applySplit(recipe, curation, split, splitPath);
  const accepted = rows.filter(({ record }) => record.refusal === null);
  const rejected = rows.filter(({ record }) => record.refusal !== null);
  const part = (wanted: DatasetRow['part']) => accepted.filter((row) => row.part === wanted);

  const testLabels = part('test');
  const testAll = collector.rows(testLabels);
  const testKeys = new Set(testAll.inchikeys.filter((key) => key !== ''));
  const candidates = part('train');
  const leaks = collector.rows(candidates).inchikeys.map((key) => testKeys.has(key));
  const trainLabels = candidates.filter((_, i) => !leaks[i]);
  const unlinked = collector.rows(trainLabels);
  const trainAll: LabelledRows = { ...unlinked, groups: linkedGroups(unlinked) };
  const train = selectRows(trainAll, trainLabels.map(isValue));
  const test = selectRows(testAll, testLabels.map(isValue));
  requireTrainable(recipe, train, test, splitPath);

  const scoredRejects = rejected.filter((row) => row.part === 'test' && isValue(row));
  const dropped = [
    ...curation.dropped,
    ...outside,
    ...rejected.map((row) => drop(row, 'rejected', row.record.refusal ?? '')),
    ...candidates.filter((_, i) => leaks[i]).map((row) => drop(row, 'same-parent-in-test', '')),
  ].sort((a, b) => a.record.row - b.record.row);
  requireEveryRow(records.length, trainLabels.length + testLabels.length + dropped.length);
  const files = { [recipe.rawFile]: recipe.rawSha256, [recipe.splitFile]: recipe.splitSha256 };
  const { endpoint: definition, ...how } = recipe;
  const scored = [...testLabels.filter(isValue), ...scoredRejects];
  return {
    hash: identity({ schema: 'assayer.dataset/2', endpoint: definition, how, files }),
    files,
    versions: {
      assaySource: assaySourceOf(recipe),
      compounds: identity(rows.map(({ record }) => record.inchikey ?? record.input).sort()),
      split: recipe.splitSha256,
      evaluation: identity({
        source: recipe.rawSha256,
        rows: scored.map(({ record, y }) => [record.row, y]).sort(([a], [b]) => a - b),
      }),
    },
    train,
    trainBounds: selectRows(trainAll, trainLabels.map(isBoundOnly)),
    test,
    testBounds: selectRows(testAll, testLabels.map(isBoundOnly)),
    rejectedTestY: Float64Array.from(scoredRejects, ({ y }) => y),
    rejectedTestGroups: Int32Array.from(scoredRejects, ({ group }) => group),
    counts: {
      kept: rows.length,
      train: train.y.length,
      trainBounds: trainLabels.filter(isBoundOnly).length,
      trainRejected: rejected.filter((row) => row.part === 'train' && isValue(row)).length,
      trainDroppedAsSameParentInTest: leaks.filter(Boolean).length,
      trainParents: new Set(train.inchikeys).size,
      trainGroups: new Set(train.groups).size,
      test: test.y.length + scoredRejects.length,
      testBounds: testLabels.filter(isBoundOnly).length,
      testRejected: scoredRejects.length,
      testWithScaffoldInTrain: countShared(test.scaffolds, train.scaffolds),
      testWithFingerprintInTrain: countShared(fingerprintTexts(test), fingerprintTexts(train)),
    },
    dropped,
    rawRows: records.length,
    conflictCompounds: curation.conflictCompounds,
  };
}

const isBoundOnly = ({ isBound }: CuratedRow): boolean => isBound;
const isValue = ({ isBound }: CuratedRow): boolean => !isBound;

function drop({ record }: CuratedRow, reason: DropReason, detail: string): DroppedRow {
  return { record, reason, detail, keptRow: null };
}

/** Counts must add up to the raw file: a row that is in no part and in no report was lost. */
function requireEveryRow(raw: number, told: number): void {
  if (raw === told) return;
  const problem = `curation tells of ${told} rows of ${raw}`;
  throw new AssayerError('ERR_INTERNAL', { problem });
}

function assaySourceOf(recipe: DatasetRecipe): string {
  const { rawSha256, valueColumn, relationColumn, units, plausible, assayLimits, endpoint } = recipe;
  const { assay, species, unit, transform, kind } = endpoint;
  const labels = { valueColumn, relationColumn, units, plausible, assayLimits };
  return identity({ rawSha256, labels, assay, species, unit, transform, kind });
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
