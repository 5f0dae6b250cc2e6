import { join } from 'node:path';
import type { Command } from 'commander';
import { recipeOf, type TrainSummary, train } from '../flows/train.ts';
import { count } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface TrainOptions {
  data?: string;
  models: string;
  modelVersion: string;
  workspace: string;
  seed: number;
  replace?: boolean;
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer train solubility --data ../shared/data
  assayer train herg --models /tmp/models --json
`;

/** `assayer train`: from public assay data to a model artifact with its card. */
export function addTrainCommand(program: Command, context: CommandContext): void {
  program
    .command('train')
    .description('Train one endpoint: dataset, features, model, calibration, test figures, artifact, card.')
    .argument('<endpoint>', 'solubility, herg or ames')
    .option(
      '--data <folder>',
      'folder with raw/ and splits/ (default: $ASSAYER_SHARED/data, else ../shared/data)',
    )
    .option('--models <folder>', 'folder to write <endpoint>/<version>/ into', context.modelsFolder)
    .option('--model-version <n>', 'version of the artifact', '1')
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer')
    .option('--seed <n>', 'seed of every random choice', count, 1)
    .option('--replace', 'take the place of another artifact of this version')
    .option('--threads <n>', 'threads for chemistry (default: all cores)', count)
    .option('--json', 'print the manifest instead of a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string, options: TrainOptions) => {
      const recipe = recipeOf(endpoint);
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      let last = '';
      const summary = await train(
        engine,
        {
          recipe,
          version: options.modelVersion,
          dataFolder: options.data ?? join(process.env.ASSAYER_SHARED ?? '../shared', 'data'),
          modelsFolder: options.models,
          workspace: options.workspace,
          seed: options.seed,
          replace: options.replace === true,
        },
        {
          signal: context.signal,
          onStep: (step) => {
            if (step !== last && !options.json) process.stderr.write(`${step}\n`);
            last = step;
          },
        },
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(summary.manifest)}\n` : `${trainText(summary)}\n`,
      );
    });
}

function trainText({ manifest, folder }: TrainSummary): string {
  const figures = Object.entries(manifest.metrics).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(4),
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
  ]);
  return `${textTable(['test figure', 'value', '95 % interval'], figures)}\n\nartifact ${manifest.hash}\nwritten  ${folder}`;
}
