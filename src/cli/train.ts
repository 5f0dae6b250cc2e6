import type { Command } from 'commander';
import { AssayerError } from '../core/errors.ts';
import { APPROVED_LIKE } from '../flows/approved-like.ts';
import { curateDataset } from '../flows/curate-dataset.ts';
import { countReasons } from '../flows/curation-report.ts';
import type { Dataset } from '../flows/dataset.ts';
import type { Engine } from '../flows/engine.ts';
import { readManifest, selectModels } from '../flows/models.ts';
import { recipeOf, type TrainSummary, train } from '../flows/train.ts';
import { type Verification, verifyArtifact } from '../flows/verify-artifact.ts';
import { metricTable } from './metric-text.ts';
import { count, dataFolderOf, list } from './options.ts';
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
  verify?: string[];
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer train solubility --data ../shared/data
  assayer train herg --models /tmp/models --json
  assayer train --verify ppb
  assayer train herg --dataset-only --curation-report herg-dropped.csv
`;

/** `assayer train`: from public assay data to a model artifact with its card. */
export function addTrainCommand(program: Command, context: CommandContext): void {
  program
    .command('train')
    .description('Train one endpoint: dataset, features, model, calibration, test figures, artifact, card.')
    .argument('[endpoint]', 'solubility, herg, ames, ...; docs/endpoints.md lists all')
    .option(
      '--data <folder>',
      'folder with raw/ and splits/ (default: $ASSAYER_SHARED/data, else ../shared/data from here)',
    )
    .option('--models <folder>', 'folder to write <endpoint>/<version>/ into', context.modelsFolder)
    .option('--model-version <n>', 'version of the artifact', '1')
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer')
    .option('--seed <n>', 'seed of every random choice', count, 1)
    .option('--replace', 'take the place of another artifact of this version')
    .option('--threads <n>', 'threads for chemistry (default: all cores)', count)
    .option('--curation-report <file>', 'write every raw row that is not used, with the reason')
    .option('--dataset-only', 'make the dataset and its curation report, train nothing')
    .option('--verify <models>', 'make these again, write nothing, and compare: ppb,herg@1, or all', list)
    .option('--json', 'print the manifest (with --dataset-only: the counts) instead of a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string | undefined, options: TrainOptions) => {
      if ((endpoint === undefined) === (options.verify === undefined)) {
        throw new AssayerError('ERR_USAGE', {
          problem: 'Name one endpoint to train, or models to --verify.',
        });
      }
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const place = {
        // Absolute, so that a message about a missing file tells which folder was meant.
        dataFolder: dataFolderOf(options.data),
        workspace: options.workspace,
      };
      if (endpoint === undefined) return verify(engine, options, place, context.signal);
      const request = {
        ...place,
        recipe: recipeOf(endpoint),
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
          drugs: APPROVED_LIKE,
          replace: options.replace === true,
        },
        { signal, onStep },
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(summary.manifest)}\n` : `${trainText(summary)}\n`,
      );
    });
}

/** Makes models again, one line each; fails at the end where one was not reproduced. */
async function verify(
  engine: Engine,
  options: TrainOptions,
  place: { dataFolder: string; workspace: string },
  signal: AbortSignal,
): Promise<void> {
  const names = options.verify?.join() === 'all' ? [] : (options.verify ?? []);
  const failed: Verification[] = [];
  for (const entry of await selectModels(options.models, names)) {
    if ((await readManifest(entry)).trainer.name === 'imported') {
      process.stderr.write(`${entry.endpoint}@${entry.version} was imported: it cannot be made here\n`);
      continue;
    }
    const request = { ...place, drugs: APPROVED_LIKE };
    const verification = await verifyArtifact(engine, entry, recipeOf(entry.endpoint), request, { signal });
    const { model, hash, differs } = verification;
    const told = differs.length === 0 ? 'the same bytes' : `differs: ${differs.join(', ')}`;
    const line = options.json ? JSON.stringify(verification) : `${model}  ${hash.slice(0, 12)}  ${told}`;
    process.stdout.write(`${line}\n`);
    if (differs.length > 0) failed.push(verification);
  }
  if (failed.length === 0) return;
  const [{ model, hash, rebuiltHash, differs }] = failed;
  const details = {
    model,
    hash: hash.slice(0, 12),
    rebuilt: rebuiltHash.slice(0, 12),
    differs: differs.join(', '),
  };
  throw new AssayerError('ERR_NOT_REPRODUCED', details);
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
  return `${metricTable(manifest)}\n\nartifact ${manifest.hash}\nwritten  ${folder}`;
}
