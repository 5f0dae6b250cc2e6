import { type Command, InvalidArgumentError } from 'commander';
import { readManifest, selectModels } from '../flows/models.ts';
import { recipeOf } from '../flows/train.ts';
import { requireTrainedHere, type ValidateSummary, validate } from '../flows/validate.ts';
import type { Comparison } from '../flows/validation/compare.ts';
import { figureText, percentText, shareText, titleOf } from '../flows/validation/figure-text.ts';
import { findingsOf } from '../flows/validation/findings.ts';
import { plotsOf } from '../flows/validation/plots/plots.ts';
import { SPLIT_NAMES, type SplitName, type Validation } from '../flows/validation/report-schema.ts';
import { attachValidation, writeValidation } from '../flows/validation/validation-files.ts';
import { count, dataFolderOf, list } from './options.ts';
import { durationText } from './progress.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface ValidateOptions {
  data?: string;
  models: string;
  workspace: string;
  splits: readonly SplitName[];
  against?: string;
  out?: string;
  attach?: boolean;
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Splits: fixed (always), random, scaffold, time, source, next-week. All but fixed fit the model anew; what the data do
not allow is listed with the reason.

Examples:
  assayer validate ppb --data ../shared/data
  assayer validate ppb --splits all --out ppb-validation
  assayer validate herg@1 --splits fixed,scaffold --attach
  assayer validate ppb@2 --against ppb@1 --json
`;

/** `assayer validate`: what a model is worth, on which rows, and where it is not to be trusted. */
export function addValidateCommand(program: Command, context: CommandContext): void {
  program
    .command('validate')
    .description(
      'Measure a model: figures with intervals by split, distance, source and series; plots; its card.',
    )
    .argument('<model>', 'endpoint (its newest version) or endpoint@version')
    .option(
      '--data <folder>',
      'folder with raw/ and splits/ (default: $ASSAYER_SHARED/data, else ../shared/data)',
    )
    .option('--models <folder>', 'folder of model artifacts', context.modelsFolder)
    .option('--splits <names>', 'splits to score, or all', splitNames, ['fixed'])
    .option('--against <model>', 'another artifact to set beside it, measured on the same rows')
    .option('--out <folder>', 'write validation.json, report.md and plots there')
    .option('--attach', "write them beside the artifact's files, and its card anew")
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer')
    .option('--threads <n>', 'threads for chemistry and predictions (default: all cores)', count)
    .option('--json', 'print the validation as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (model: string, options: ValidateOptions) => {
      // Before the recipe is looked for, which an imported endpoint need not have.
      const [chosen] = await selectModels(options.models, [model]);
      requireTrainedHere(await readManifest(chosen));
      const recipe = recipeOf(chosen.endpoint);
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const { signal } = context;
      let last = '';
      const summary = await validate(
        engine,
        {
          recipe,
          model,
          modelsFolder: options.models,
          dataFolder: dataFolderOf(options.data),
          workspace: options.workspace,
          splits: options.splits,
          against: options.against ?? null,
        },
        {
          signal,
          onStep: (split, step) => {
            const line = `${split}: ${step}`;
            if (line !== last && !options.json) process.stderr.write(`${line}\n`);
            last = line;
          },
        },
      );
      const { artifact, entry, fixed, comparison } = summary;
      const plots = plotsOf(artifact.manifest, fixed, summary.validation.splits[0]);
      if (options.out !== undefined) await writeValidation(options.out, summary.validation, plots, signal);
      const validation = options.attach
        ? await attachValidation(entry.folder, artifact.manifest, recipe, summary.validation, plots, signal)
        : summary.validation;
      const written = [...(options.out ? [options.out] : []), ...(options.attach ? [entry.folder] : [])];
      process.stdout.write(
        options.json
          ? `${JSON.stringify(comparison ? { ...validation, comparison } : validation)}\n`
          : `${validateText(validation, comparison, summary.durationsMs, written)}\n`,
      );
    });
}

/** Reads `fixed,scaffold` or `all`. */
function splitNames(text: string): SplitName[] {
  const names = list(text.toLowerCase());
  if (names.includes('all')) return [...SPLIT_NAMES];
  const unknown = names.find((name) => !(SPLIT_NAMES as readonly string[]).includes(name));
  if (unknown === undefined) return names as SplitName[];
  throw new InvalidArgumentError(`There is no split ${unknown}. Known: ${SPLIT_NAMES.join(', ')}, all.`);
}

function validateText(
  validation: Validation,
  comparison: Comparison | null,
  durationsMs: ValidateSummary['durationsMs'],
  written: readonly string[],
): string {
  const headline = validation.kind === 'regression' ? 'MAE' : 'AUROC';
  const promise = validation.kind === 'regression' ? 'in their interval' : 'positive (predicted)';
  const rows = validation.splits.map((report) => {
    const { counts, metrics, overall, domain } = report;
    const took = durationsMs[titleOf(report)];
    return [
      titleOf(report),
      String(counts.training + counts.trainingBounds),
      String(counts.test),
      figureText(metrics[headline]),
      validation.kind === 'regression'
        ? shareText(overall.observed)
        : `${shareText(overall.observed)}; ${percentText(overall.promised)}`,
      percentText(domain.share.value),
      took === undefined ? '' : durationText(Math.round(took / 1000)),
    ];
  });
  const { strengths, weakSpots } = findingsOf(validation);
  return [
    textTable(['split', 'trained on', 'scored', headline, promise, 'in domain', 'took'], rows),
    ...validation.impossible.map(({ split, reason }) => `${split}: not possible; ${reason}`),
    '',
    ...strengths.map((text) => `+ ${text}`),
    ...weakSpots.map((text) => `- ${text}`),
    ...(comparison ? ['', comparisonText(comparison)] : []),
    '',
    `artifact ${validation.model.hash}`,
    ...written.map((folder) => `written  ${folder}`),
  ].join('\n');
}

function comparisonText({ first, second, figures }: Comparison): string {
  const rows = Object.entries(figures).map(([name, { first: one, second: other, difference }]) => [
    name,
    one.toFixed(4),
    other.toFixed(4),
    `${difference.value.toFixed(4)} (${difference.low.toFixed(4)} to ${difference.high.toFixed(4)})`,
    difference.standardError.toFixed(4),
  ]);
  const header = ['figure', first.model, second.model, 'difference (95 %)', 'standard error'];
  return textTable(header, rows);
}
