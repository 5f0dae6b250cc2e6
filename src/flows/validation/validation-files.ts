import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../core/artifact.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { ARTIFACT_FILES } from '../../store/artifact-folder.ts';
import { outputError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import { modelCard } from '../card.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import { writeText } from '../write-text.ts';
import { SPLIT_NAMES, type Validation } from './report-schema.ts';
import { reportText } from './report-text.ts';

/** Folder beside an artifact's files that holds its validation; no part of the artifact's identity. */
export const VALIDATION_FOLDER = 'validation';
const REPORT = 'validation.json';
/** Digits of a figure that are kept: more would be noise. */
const DIGITS = 6;

/** A validation with its figures rounded to what is written, so that a card made of it and of its file is the same. */
export function roundFigures(validation: Validation): Validation {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
  return JSON.parse(JSON.stringify(validation, rounded)) as Validation;
}

/** validation.json as text: the same validation gives the same bytes. */
export function validationJson(validation: Validation): string {
  return `${JSON.stringify(validation, null, 1)}\n`;
}

/**
 * Writes validation.json, report.md and the plots into a folder.
 * @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function writeValidation(
  folder: string,
  validation: Validation,
  plots: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  await makeFolder(folder).catch((cause) => {
    throw outputError(folder, cause);
  });
  const files = {
    ...plots,
    'report.md': reportText(validation, Object.keys(plots)),
    [REPORT]: validationJson(validation),
  };
  for (const [name, text] of Object.entries(files)) await writeText(join(folder, name), text, signal);
}

/**
 * Puts a validation beside its artifact and writes the card anew with it. Splits of an earlier validation of the same
 * artifact by the same trainer that were not scored this time stay.
 * @returns what was written
 * @throws what readValidation and writeValidation throw
 */
export async function attachValidation(
  folder: string,
  manifest: Manifest,
  recipe: DatasetRecipe,
  validation: Validation,
  plots: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Validation> {
  const earlier = await readValidation(folder, manifest);
  const merged = earlier === null ? validation : mergeSplits(earlier, validation);
  await writeValidation(join(folder, VALIDATION_FOLDER), merged, plots, signal);
  await writeText(join(folder, ARTIFACT_FILES.card), modelCard(manifest, recipe, merged), signal);
  return merged;
}

/**
 * The validation attached to an artifact; null where there is none, or one of another artifact that lay there before.
 * @throws ERR_MODEL_CORRUPT where it cannot be read
 */
export async function readValidation(folder: string, manifest: Manifest): Promise<Validation | null> {
  const path = join(folder, VALIDATION_FOLDER, REPORT);
  if (!existsSync(path)) return null;
  let validation: Validation;
  try {
    validation = JSON.parse(await readFile(path, 'utf8')) as Validation;
    if (validation.schema !== 'assayer.validation/1') throw new Error('it is no validation');
  } catch (cause) {
    const model = `${manifest.endpoint.id}@${manifest.version}`;
    throw new AssayerError('ERR_MODEL_CORRUPT', { model, path, problem: describeCause(cause) }, { cause });
  }
  return validation.model.hash === manifest.hash ? validation : null;
}

/** The later validation with those splits of the earlier one that it lacks. */
export function mergeSplits(earlier: Validation, later: Validation): Validation {
  const trainers = [earlier, later].flatMap(({ refits }) => refits?.trainerSourceHash ?? []);
  if (earlier.model.hash !== later.model.hash || new Set(trainers).size > 1) return later;
  const told = new Set([...later.splits, ...later.impossible].map(({ split }) => split));
  const inOrder = <T extends { readonly split: (typeof SPLIT_NAMES)[number] }>(
    old: readonly T[],
    fresh: readonly T[],
  ) =>
    [...old.filter(({ split }) => !told.has(split)), ...fresh].sort(
      (a, b) => SPLIT_NAMES.indexOf(a.split) - SPLIT_NAMES.indexOf(b.split),
    );
  return {
    ...later,
    refits: later.refits ?? earlier.refits,
    splits: inOrder(earlier.splits, later.splits),
    impossible: inOrder(earlier.impossible, later.impossible),
  };
}
