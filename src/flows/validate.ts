import { join } from 'node:path';
import type { Manifest } from '../core/artifact.ts';
import { comparisonVersions, requireComparable } from '../core/comparison-versions.ts';
import { AssayerError } from '../core/errors.ts';
import { throwIfCancelled } from '../store/file-error.ts';
import { openWorkspace } from '../store/workspace.ts';
import { buildDataset, type Dataset } from './dataset.ts';
import type { Engine } from './engine.ts';
import { fitModel } from './fit-model.ts';
import { type ModelArtifact, type ModelEntry, readModel, requireContract, selectModels } from './models.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';
import { readSplit } from './split.ts';
import { type Comparison, compareResults } from './validation/compare.ts';
import { type Pool, poolRows } from './validation/pool.ts';
import { provenanceOf } from './validation/provenance.ts';
import type { Provenance } from './validation/provenance-rule.ts';
import { rawRowsOf } from './validation/raw-rows.ts';
import { type Fit, partPool, refitSplit } from './validation/refit.ts';
import type { ImpossibleSplit, SplitName, SplitReport, Validation } from './validation/report-schema.ts';
import { scoreArtifact } from './validation/score-artifact.ts';
import { reportSplit, type SplitResult } from './validation/split-report.ts';
import {
  nextWeekSplit,
  randomSplit,
  type SplitRule,
  scaffoldSplit,
  sourceSplit,
  timeSplit,
} from './validation/split-rules.ts';
import { roundFigures } from './validation/validation-files.ts';

const RULES: Readonly<Record<Exclude<SplitName, 'fixed'>, SplitRule>> = {
  random: randomSplit,
  scaffold: scaffoldSplit,
  time: timeSplit,
  source: sourceSplit,
  'next-week': nextWeekSplit,
};

export interface ValidateRequest {
  readonly recipe: DatasetRecipe;
  /** `endpoint` (its newest version) or `endpoint@version`. */
  readonly model: string;
  readonly modelsFolder: string;
  /** Folder that holds the raw file and the split of the recipe. */
  readonly dataFolder: string;
  readonly workspace: string;
  /** The fixed split is always scored: it says whether the artifact is what its manifest says. */
  readonly splits: readonly SplitName[];
  /** Another artifact to set beside this one on the fixed rows; null for none. */
  readonly against: string | null;
  /** How provenance is found; tests replace it. */
  readonly findProvenance?: typeof provenanceOf;
  /** How models of other splits are fitted; tests replace it. */
  readonly fitWith?: Fit;
}

export interface ValidateSummary {
  readonly validation: Validation;
  /** The artifact and its test rows with answers, for plots. */
  readonly entry: ModelEntry;
  readonly artifact: ModelArtifact;
  readonly fixed: SplitResult;
  readonly comparison: Comparison | null;
  /** How long each split took, by its title; no part of the validation. */
  readonly durationsMs: Readonly<Record<string, number>>;
}

/** Called with the split at work, what is done there, and the share of it that is done where that is known. */
export type ValidateProgress = (split: SplitName, step: string, share: number | null) => void;

/**
 * Measures a model artifact: itself on the test rows of its recipe, and its whole procedure of fitting on other splits of
 * the same rows, as far as the data allow them.
 * @throws ERR_USAGE for an imported model, ERR_MODEL_NOT_FOUND, ERR_MODEL_CORRUPT, ERR_CONTRACT_MISMATCH, ERR_NOT_COMPARABLE, what buildDataset and
 *   fitModel throw, ERR_CANCELLED
 */
export async function validate(
  engine: Engine,
  request: ValidateRequest,
  options: { signal?: AbortSignal; onStep?: ValidateProgress } = {},
): Promise<ValidateSummary> {
  const { recipe, dataFolder } = request;
  const { signal } = options;
  const onStep = options.onStep ?? (() => undefined);
  const { entry, artifact } = await chooseModel(engine, request.modelsFolder, request.model);
  const other =
    request.against === null ? null : await chooseModel(engine, request.modelsFolder, request.against);
  for (const { manifest } of [artifact, ...(other ? [other.artifact] : [])]) requireTrainedHere(manifest);
  if (other) requireComparable(artifact.manifest, other.artifact.manifest);

  const workspace = await openWorkspace(request.workspace);
  const dataset = await buildDataset(engine, recipe, dataFolder, workspace, {
    ...(signal && { signal }),
    onProgress: (_, share) => onStep('fixed', 'features', share),
  });
  const raw = rawRowsOf(dataset, await readSplit(recipe, join(dataFolder, recipe.splitFile)));
  const findProvenance = request.findProvenance ?? provenanceOf;
  const provenance = await findProvenance(recipe, dataFolder, workspace, signal);

  const durationsMs: Record<string, number> = {};
  const timed = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
    throwIfCancelled(signal);
    const started = performance.now();
    const result = await work();
    durationsMs[title] = performance.now() - started;
    return result;
  };
  onStep('fixed', 'figures', null);
  const { fixed, report } = await timed('fixed', async () => {
    const scored = await scoreArtifact(engine, entry, artifact, dataset, raw, provenance);
    return { fixed: scored, report: reportSplit(scored) };
  });
  const comparison = other
    ? compareResults(
        artifact.manifest,
        fixed,
        other.artifact.manifest,
        await scoreArtifact(engine, other.entry, other.artifact, dataset, raw, provenance),
      )
    : null;

  const pool = poolRows(dataset, raw);
  const reports: SplitReport[] = [report];
  const impossible: ImpossibleSplit[] = [];
  const { seed, sourceHash } = artifact.manifest.trainer;
  for (const [name, rule] of Object.entries(RULES) as [keyof typeof RULES, SplitRule][]) {
    if (!request.splits.includes(name)) continue;
    onStep(name, 'rows', null);
    const partings = rule(pool, provenance, recipe.endpoint.kind);
    if (typeof partings === 'string') {
      impossible.push({ split: name, reason: partings });
      continue;
    }
    for (const parting of partings) {
      const title = parting.heldOut === null ? name : `${name}: ${parting.heldOut}`;
      const parts = partPool(pool, parting, recipe.endpoint.kind);
      if (typeof parts === 'string') {
        const reason = parting.heldOut === null ? parts : `${parting.heldOut}: ${parts}`;
        impossible.push({ split: name, reason });
        continue;
      }
      const onProgress = (step: string, share: number | null) => onStep(name, step, share);
      const refit = { seed, fitWith: request.fitWith ?? fitModel, onProgress, ...(signal && { signal }) };
      reports.push(
        await timed(title, async () =>
          reportSplit(
            await refitSplit(engine, recipe, { split: name, pool, provenance, parting, parts }, refit),
          ),
        ),
      );
    }
  }
  const validation = roundFigures({
    schema: 'assayer.validation/1',
    model: { endpoint: entry.endpoint, version: entry.version, hash: artifact.manifest.hash },
    versions: comparisonVersions(artifact.manifest),
    kind: recipe.endpoint.kind,
    modelledScale: recipe.endpoint.modelledScale,
    testCompoundsInTraining: countShared(dataset, artifact),
    refits:
      reports.length === 1
        ? null
        : {
            trainerSourceHash: engine.trainerSourceHash,
            sameTrainer: engine.trainerSourceHash === sourceHash,
            seed,
          },
    provenance: knownOrigin(pool, provenance),
    splits: reports,
    impossible,
  });
  return { validation, entry, artifact, fixed, comparison, durationsMs };
}

/**
 * An imported artifact keeps hashes of its evaluation rows, not the rows, and no way to fit it anew.
 * @throws ERR_USAGE
 */
export function requireTrainedHere({ endpoint, version, trainer }: Manifest): void {
  if (trainer.name !== 'imported') return;
  const model = `${endpoint.id}@${version}`;
  const problem = `${model} was imported. validate scores the test rows of a recipe and fits models anew, and an imported model has neither: its own evaluation table gave its figures (assayer models show ${model}). For figures on other rows import its file again with another --evaluation table.`;
  throw new AssayerError('ERR_USAGE', { problem });
}

async function chooseModel(
  engine: Engine,
  modelsFolder: string,
  name: string,
): Promise<{ entry: ModelEntry; artifact: ModelArtifact }> {
  const [entry] = await selectModels(modelsFolder, [name]);
  const artifact = await readModel(entry);
  requireContract(artifact.manifest, engine.contract);
  return { entry, artifact };
}

/** Test compounds among the training compounds that an artifact holds. */
function countShared({ test }: Dataset, { reference }: ModelArtifact): number {
  const known = new Set(reference.inchikeys);
  return new Set(test.inchikeys.filter((key) => key !== '' && known.has(key))).size;
}

/** How much is known of where rows come from, in words. */
function knownOrigin({ rawRows }: Pool, { years, origin, source }: Provenance): string[] {
  const share = (labels: readonly unknown[]) => {
    const known = [...rawRows].filter((row) => labels[row] !== null).length;
    return `${known} of ${rawRows.length} rows`;
  };
  return [
    typeof years === 'string' ? `year: ${years}` : `year: known for ${share(years)}`,
    ...origin.map(({ by, labels }) => `${by}: known for ${share(labels)}`),
    ...(typeof source === 'string' ? [`source: ${source}`] : []),
  ];
}
