import { type Command, Option } from 'commander';
import { type ImportSummary, importModel } from '../flows/import-model.ts';
import { OUTPUT_KINDS, type OutputKind } from '../onnx/model-output.ts';
import { count } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface ImportOptions {
  endpoint: string;
  definition?: string;
  contract: string;
  inputs?: string;
  output?: string;
  outputKind?: OutputKind;
  training: string;
  evaluation: string;
  calibration?: string;
  smilesColumn?: string;
  valueColumn?: string;
  source: string;
  licence: string;
  modelVersion: string;
  models: string;
  workspace: string;
  replace?: boolean;
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Inputs: fingerprints (uint8, 384 packed bytes), bits (3,072), morgan (the first 2,048 of them), descriptors (43). Without
--inputs they are told by their number of columns.

Examples:
  assayer models import forest.onnx --endpoint ames --contract current --training train.csv --evaluation test.csv \\
    --models ./models --model-version 2
  assayer models import boosted.onnx --endpoint ppb --contract current --inputs X=morgan+descriptors \\
    --training train.csv --evaluation test.csv --calibration held-out.csv --models ./models
`;

/** `assayer models import`: an ONNX file from elsewhere as a model like the others. */
export function addModelsImportCommand(models: Command, context: CommandContext): void {
  models
    .command('import')
    .argument('<file>', 'ONNX file, as scikit-learn (skl2onnx) or PyTorch write it')
    .description('Check an ONNX model from elsewhere, measure it on an evaluation set, and add it.')
    .requiredOption('--endpoint <id>', 'endpoint that it predicts')
    .option('--definition <file>', 'JSON file that defines the endpoint, where it is a new one')
    .requiredOption(
      '--contract <file>',
      'feature contract that it was trained under (JSON, or a manifest), or current',
    )
    .option('--inputs <list>', 'what each input is: name=morgan+descriptors,other=bits')
    .option('--output <name>', 'output that holds the prediction, or name:column (default: found)')
    .addOption(
      new Option(
        '--output-kind <kind>',
        'value on the modelled scale, probability of class 1, or its logit',
      ).choices(OUTPUT_KINDS),
    )
    .requiredOption('--training <table>', 'the compounds that it was trained on, with their values')
    .requiredOption('--evaluation <table>', 'the compounds to measure it on, with their values')
    .option('--calibration <table>', 'held-out compounds to calibrate it with (default: no calibration)')
    .option('--smiles-column <name>', 'column of the tables that holds the SMILES (default: found)')
    .option(
      '--value-column <name>',
      "column with values in the endpoint's unit, 0 or 1 for classes (default: value)",
    )
    .option('--source <text>', 'where the training data come from', 'not stated')
    .option('--licence <text>', 'licence of the training data', 'not stated')
    .option('--model-version <n>', 'version of the artifact', '1')
    .option('--models <folder>', 'folder to write <endpoint>/<version>/ into', context.modelsFolder)
    .option('--workspace <folder>', 'folder that keeps feature sets', '.assayer')
    .option('--replace', 'take the place of another artifact of this version')
    .option('--threads <n>', 'threads for chemistry and inference (default: all cores)', count)
    .option('--json', 'print the manifest instead of a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ImportOptions) => {
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const { endpoint, contract, training, evaluation, source, licence, workspace } = options;
      const summary = await importModel(
        engine,
        {
          model: file,
          endpoint,
          definition: options.definition ?? null,
          contract,
          inputs: options.inputs ?? '',
          output: options.output ?? '',
          outputKind: options.outputKind ?? '',
          training,
          evaluation,
          calibration: options.calibration ?? null,
          ...(options.smilesColumn && { smilesColumn: options.smilesColumn }),
          ...(options.valueColumn && { valueColumn: options.valueColumn }),
          source,
          licence,
          version: options.modelVersion,
          modelsFolder: options.models,
          workspace,
          replace: options.replace === true,
        },
        {
          signal: context.signal,
          onStep: (step) => {
            if (!options.json) process.stderr.write(`${step}\n`);
          },
        },
      );
      process.stdout.write(`${options.json ? JSON.stringify(summary.manifest) : importText(summary)}\n`);
    });
}

/** The lines a person reads after an import. */
export function importText({ manifest, folder, rows }: ImportSummary): string {
  const { parameters } = manifest.trainer;
  const { counts } = manifest.dataset;
  const figures = Object.entries(manifest.metrics).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(4),
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
  ]);
  const left = (n: number, where: string) => (n > 0 ? `, ${n} left out because they stand ${where}` : '');
  const calibrated = rows.calibration
    ? `${counts.calibration} rows${left(rows.calibrationElsewhere, 'in another table')}`
    : 'none: no intervals, probabilities as the model gives them';
  return [
    `model        ${parameters.producer}, opset ${parameters.opset ?? '-'}; ${parameters.operators}`,
    `inputs       ${parameters.inputs}`,
    `output       ${parameters.output} (${parameters.outputKind})`,
    `training     ${counts.train} rows, ${counts.trainRejected} rejected; ${rows.training.how}`,
    `evaluation   ${counts.test} rows${left(rows.evaluationInTraining, 'in the training table')}`,
    `calibration  ${calibrated}`,
    '',
    textTable(['figure', 'value', '95 % interval'], figures),
    '',
    `artifact     ${manifest.hash}`,
    `written      ${folder}`,
  ].join('\n');
}
