import { type Command, Option } from 'commander';
import { isFrozen, isRefused, stateText, withholdsOutside } from '../core/monitoring-state.ts';
import type { WorkRecord } from '../flows/lineage.ts';
import { type ScreenSummary, screen } from '../flows/screen.ts';
import { INPUT_FORMATS, type TableFormat } from '../store/table-format.ts';
import { count, devices, list } from './options.ts';
import { durationText, progressLine } from './progress.ts';
import type { CommandContext } from './run.ts';

interface ScreenOptions {
  out: string;
  endpoints?: string[];
  models: string;
  workspace: string;
  format?: TableFormat;
  smilesColumn?: string;
  idColumn?: string;
  rejects?: string;
  notes?: boolean;
  device?: string[];
  threads?: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer screen compounds.csv --out predictions.parquet
  assayer screen library.sdf.gz --endpoints herg,ames --out hits.csv --rejects rejected.csv
  cat compounds.smi | assayer screen - --format smi --out - > predictions.csv
`;

/** `assayer screen`: compounds in, predictions out. */
export function addScreenCommand(program: Command, context: CommandContext): void {
  program
    .command('screen')
    .description(
      'Predict every compound of a table with every model: value, interval, domain, nearest neighbour.',
    )
    .argument(
      '<input>',
      'CSV, TSV, SMI, SDF, Parquet, Arrow or JSON lines, each also gzipped; - for standard input',
    )
    .requiredOption(
      '-o, --out <file>',
      'output: .csv, .tsv, .parquet, .arrow, .jsonl (text also .gz); - for CSV on standard output',
    )
    .option(
      '-e, --endpoints <list>',
      'endpoints (what the workspace releases, else the newest version), or endpoint@version, separated by commas (default: all)',
      list,
    )
    .option('--models <folder>', 'folder of model artifacts', context.modelsFolder)
    .option(
      '--workspace <folder>',
      'folder that keeps feature sets between screens, releases, and what monitoring has frozen',
      '.assayer',
    )
    .addOption(
      new Option('--format <format>', 'format of the input, where its name does not tell').choices(
        INPUT_FORMATS,
      ),
    )
    .option('--smiles-column <name>', 'column that holds the SMILES (default: by name, else by content)')
    .option('--id-column <name>', 'column that holds the ids (default: by name, else the row number)')
    .option('--rejects <file>', 'also write the rejected rows, with reasons, to this file')
    .option('--notes', 'add a last column with what standardization did')
    .option(
      '--device <list>',
      'devices to try, in order, of cuda, cuda:1, webgpu, cpu (default: cuda,cpu)',
      devices,
    )
    .option('--threads <n>', 'threads for chemistry and inference (default: all cores)', count)
    .option('--json', 'print the lineage record instead of a summary')
    .addHelpText('after', EXAMPLES)
    .action(async (input: string, options: ScreenOptions) => {
      const progress = progressLine('screening', !options.json);
      const engine = await context.engine({
        ...(options.threads && { threads: options.threads }),
        ...(options.device && { devices: options.device }),
      });
      try {
        const summary = await screen(
          engine,
          {
            input,
            output: options.out,
            models: options.endpoints ?? [],
            modelsFolder: options.models,
            workspace: options.workspace,
            ...(options.format && { format: options.format }),
            ...(options.smilesColumn && { smilesColumn: options.smilesColumn }),
            ...(options.idColumn && { idColumn: options.idColumn }),
            ...(options.rejects && { rejects: options.rejects }),
            ...(options.notes && { notes: true }),
          },
          { signal: context.signal, onProgress: progress.update },
        );
        progress.clear();
        present(summary, options);
      } finally {
        progress.clear();
      }
    });
}

/** Predictions own standard output with `--out -`; the summary then goes to standard error. */
function present(summary: ScreenSummary, options: ScreenOptions): void {
  const warning = frozenWarning(summary.lineage.work.models);
  if (warning) {
    const text = options.json
      ? JSON.stringify({ warning: { message: warning } })
      : `assayer: warning: ${warning}`;
    process.stderr.write(`${text}\n`);
  }
  const stream = options.out === '-' ? process.stderr : process.stdout;
  stream.write(
    options.json ? `${JSON.stringify(summary.lineage)}\n` : `${summaryText(summary, options.device)}\n`,
  );
}

/** What must not be overlooked in a batch job whose exit code is 0; null where nothing is frozen. */
export function frozenWarning(models: WorkRecord['models']): string | null {
  const told = models.flatMap(({ endpoint, version, states = [] }) => {
    if (!isFrozen(states)) return [];
    const effect = isRefused(states)
      ? 'refuses to answer, so its columns are empty'
      : withholdsOutside(states)
        ? 'gives no value outside its domain'
        : 'answers with a mark';
    return [`${endpoint}@${version} is frozen and ${effect} (${endpoint}_state says why)`];
  });
  return told.length > 0 ? `${told.join('; ')}.` : null;
}

/**
 * The lines a person reads after a screen.
 * @param named  devices that the caller asked for: only then is it news that one of them was not used
 */
export function summaryText(
  { lineage, columnsChosen, releasedInstead }: ScreenSummary,
  named: readonly string[] = [],
): string {
  const { counts, work, output, featureSet, devices, refusals } = lineage;
  const seconds = (Date.parse(lineage.finishedAt) - Date.parse(lineage.startedAt)) / 1000;
  const rate = Math.round(counts.rows / Math.max(seconds, 0.001));
  const names = work.models.map((model) => `${model.endpoint}@${model.version} (${model.unit})`);
  const weak = work.models.filter((model) => model.lowEvidence).map((model) => model.endpoint);
  const uncalibrated = work.models.filter((model) => !model.calibrated).map((model) => model.endpoint);
  const unreleased = work.models
    .filter(({ released }) => released === false)
    .map(({ endpoint, version }) => `${endpoint}@${version}`);
  return [
    `${counts.rows.toLocaleString('en')} compounds: ${counts.accepted.toLocaleString('en')} predicted, ${counts.rejected.toLocaleString('en')} rejected`,
    `columns    ${columnsChosen}`,
    `models     ${names.join(', ')}`,
    ...(weak.length > 0
      ? [`weak       ${weak.join(', ')}: low evidence, few training rows (see the card)`]
      : []),
    ...(uncalibrated.length > 0
      ? [`uncalibrated  ${uncalibrated.join(', ')}: no intervals, and probabilities as the model gives them`]
      : []),
    ...(unreleased.length > 0
      ? [`not released  ${unreleased.join(', ')}; this workspace releases ${releasedInstead.join(', ')}`]
      : []),
    ...work.models.flatMap(({ endpoint, version, states }) =>
      states ? [`state      ${endpoint}@${version}: ${stateText(states)}`] : [],
    ),
    `device     ${[...new Set(Object.values(devices))].join(', ')}; features ${featureSet.reused ? 'reused' : 'computed'}${featureSet.sha256 ? ` (${featureSet.sha256.slice(0, 12)})` : ', not kept'}`,
    ...refusals
      .filter(({ device }) => named.includes(device))
      .map(({ device, reason }) => `not used   ${device}: ${reason}`),
    `time       ${durationText(Math.round(seconds))}, ${rate.toLocaleString('en')} compounds/s`,
    ...(output && output.path !== '-'
      ? [
          `output     ${output.path}`,
          `pedigree   ${output.path}.lineage.json (work ${lineage.workHash.slice(0, 12)})`,
        ]
      : []),
  ].join('\n');
}
