import type { Command } from 'commander';
import { AssayerError } from '../core/errors.ts';
import { checkDrift } from '../flows/drift/check-drift.ts';
import { type OutputFile, openOutput } from '../store/output-file.ts';
import { addComparisonOptions, type ComparisonOptions } from './comparison-options.ts';
import { driftText } from './drift-text.ts';
import { count, list, probability } from './options.ts';
import type { CommandContext } from './run.ts';

interface DriftOptions extends ComparisonOptions {
  reference: string;
  batch: string;
  endpoint?: string[];
  labels?: string;
  covariates?: string[];
  cluster: string;
  alpha: number;
  permutations: number;
  html?: string;
  failOnDrift?: boolean;
  failOnNotEvaluable?: boolean;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer drift --reference herg --batch this-week.csv --html report.html
  assayer drift --reference last-year.parquet --batch this-week.csv --cluster series --covariates plate,site
  assayer drift --reference last-year.parquet --batch this-week.csv --endpoint all
  assayer drift --reference ames --batch this-week.csv --json --fail-on-drift
`;

/** Exit code where drift was found, or nothing could be judged, and the option that asks for it was given. */
const TOLD = 3;

/** `assayer drift`: whether a batch still is what a model was made for. */
export function addDriftCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('drift')
    .description('Compare a batch of compounds with a reference, or with what a model was trained on.')
    .requiredOption('--reference <file or model>', 'compounds, or a model by endpoint or endpoint@version')
    .requiredOption('--batch <file>', 'compounds to compare with it')
    .option(
      '--cluster <unit>',
      'what belongs together: scaffold, none, or a column of both files',
      'scaffold',
    )
    .option(
      '--endpoint <models>',
      'also look at the answers of these models, or of all (a model as reference: of that one)',
      list,
    )
    .option(
      '--labels <file>',
      'measured values of the batch: id, value, and relation, submitted, measured where known',
    )
    .option('--covariates <columns>', 'columns to compare beside the descriptors', list)
    .option('--alpha <p>', 'false-alarm probability of the whole check', probability, 0.05)
    .option('--permutations <n>', 'permutations of each test', count, 999);
  addComparisonOptions(command, context)
    .option('--html <file>', 'write the report as one self-contained page')
    .option('--fail-on-drift', `end with exit code ${TOLD} where drift was found`)
    .option('--fail-on-not-evaluable', `end with exit code ${TOLD} where nothing could be judged`)
    .option('--json', 'print the whole report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DriftOptions) => {
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const { reference, batch, cluster, alpha, permutations, seed, smilesColumn, idColumn } = options;
      // Before anything is computed, so that a place that cannot be written is told at once.
      await using page = options.html === undefined ? null : await openPage(options.html, context.signal);
      const report = await checkDrift(
        engine,
        {
          reference,
          batch,
          cluster,
          alpha,
          permutations,
          seed,
          covariates: options.covariates ?? [],
          modelsFolder: options.models,
          workspace: options.workspace,
          ...(options.endpoint && { endpoints: options.endpoint }),
          ...(options.labels && { labels: options.labels }),
          ...(smilesColumn && { smilesColumn }),
          ...(idColumn && { idColumn }),
          command: commandOf(options, context.modelsFolder),
        },
        { signal: context.signal, onStep: (step) => !options.json && process.stderr.write(`${step}\n`) },
      );
      if (page) {
        await page.write(Buffer.from(await context.driftReportHtml(report)));
        await page.commit();
      }
      process.stdout.write(`${options.json ? JSON.stringify(report) : driftText(report)}\n`);
      const isTold =
        (options.failOnDrift && report.state === 'drift') ||
        (options.failOnNotEvaluable && report.state === 'not-evaluable');
      if (isTold) context.exitCode = TOLD;
    });
}

/** Opens the page of --html. @throws ERR_OUTPUT_BUSY, ERR_OUTPUT_UNWRITABLE that names the option, ERR_CANCELLED */
async function openPage(path: string, signal: AbortSignal): Promise<OutputFile> {
  try {
    return await openOutput(path, signal);
  } catch (cause) {
    if (!(cause instanceof AssayerError) || cause.code !== 'ERR_OUTPUT_UNWRITABLE') throw cause;
    const problem = String(cause.details.problem);
    throw new AssayerError('ERR_OUTPUT_UNWRITABLE', { path: `${path} of --html`, problem }, { cause });
  }
}

/** The call that gives this report again, with every setting that changes it. */
function commandOf(options: DriftOptions, modelsFolder: string): string {
  const { reference, batch, cluster, alpha, permutations, seed, covariates, smilesColumn, idColumn } =
    options;
  const named: [string, string | undefined][] = [
    ['--reference', reference],
    ['--batch', batch],
    ['--cluster', cluster],
    ['--endpoint', options.endpoint?.join(',')],
    ['--labels', options.labels],
    ['--covariates', covariates?.join(',')],
    ['--alpha', String(alpha)],
    ['--permutations', String(permutations)],
    ['--seed', String(seed)],
    ['--smiles-column', smilesColumn],
    ['--id-column', idColumn],
    ['--models', options.models === modelsFolder ? undefined : options.models],
  ];
  const words = named.flatMap(([name, value]) => (value === undefined ? [] : [name, quoted(value)]));
  return ['assayer drift', ...words].join(' ');
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
