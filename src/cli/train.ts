import { join } from 'node:path';
import type { Command } from 'commander';
import { curateDataset } from '../flows/curate-dataset.ts';
import { countReasons } from '../flows/curation-report.ts';
import type { Dataset } from '../flows/dataset.ts';
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
  curationReport?: string;
  datasetOnly?: boolean;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer train solubility --data ../shared/data
  assayer train herg --models /tmp/models --json
  assayer train herg --dataset-only --curation-report herg-dropped.csv
`;

/** `assayer train`: from public assay data to a model artifact with its card. */
export function addTrainCommand(program: Command, context: CommandContext): void {
  program
    .command('train')
    .description('Train one endpoint: dataset, features, model, calibration, test figures, artifact, card.')
    .argument('<endpoint>', 'solubility, herg, ames, ...; docs/endpoints.md lists all')
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
    .option('--curation-report <file>', 'write every raw row that is not used, with the reason')
    .option('--dataset-only', 'make the dataset and its curation report, train nothing')
    .option('--json', 'print the manifest (with --dataset-only: the counts) instead of a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string, options: TrainOptions) => {
      const recipe = recipeOf(endpoint);
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const request = {
        recipe,
        dataFolder: options.data ?? join(process.env.ASSAYER_SHARED ?? '../shared', 'data'),
        workspace: options.workspace,
        curationReport: options.curationReport ?? null,
      };
      let last = '';
      const onStep = (step: string) => {
        if (step !== last && !options.json) process.stderr.write(`${step}\n`);
        last = step;
      };
      const { signal } = context;
      if (options.datasetOnly) {
        const dataset = await curateDataset(engine, request, {
          signal,
          onProgress: () => onStep('features'),
        });
        process.stdout.write(`${options.json ? datasetJson(dataset) : datasetText(dataset)}\n`);
        return;
      }
      const summary = await train(
        engine,
        {
          ...request,
          version: options.modelVersion,
          modelsFolder: options.models,
          seed: options.seed,
          replace: options.replace === true,
        },
        { signal, onStep },
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(summary.manifest)}\n` : `${trainText(summary)}\n`,
      );
    });
}

function datasetJson({ hash, files, rawRows, conflictCompounds, counts, dropped }: Dataset): string {
  return JSON.stringify({ hash, files, rawRows, conflictCompounds, counts, dropped: countReasons(dropped) });
}

/** A sum: each row of the raw file is in one line. */
function datasetText({ hash, rawRows, conflictCompounds, dropped, ...parts }: Dataset): string {
  const lines: [string, number][] = [
    ['training', parts.train.y.length],
    ['training, only a bound is known', parts.trainBounds.y.length],
    ['test', parts.test.y.length],
    ['test, only a bound is known', parts.testBounds.y.length],
    ...Object.entries(countReasons(dropped)).map(([reason, n]): [string, number] => [
      `dropped: ${reason}`,
      n,
    ]),
    ['raw rows', rawRows],
  ];
  const rows = lines.map(([name, n]) => [name, n.toLocaleString('en')]);
  const conflicts = `${conflictCompounds} compounds whose rows contradict each other`;
  return `${textTable(['part', 'rows'], rows)}\n\n${conflicts}\ndataset  ${hash}`;
}

function trainText({ manifest, folder }: TrainSummary): string {
  const figures = Object.entries(manifest.metrics).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(4),
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
  ]);
  return `${textTable(['test figure', 'value', '95 % interval'], figures)}\n\nartifact ${manifest.hash}\nwritten  ${folder}`;
}
