import type { Command } from 'commander';
import type { DriftReport } from '../core/drift.ts';
import { type LabelsTaken, takeLabels } from '../flows/monitor/labels-intake.ts';
import { type Checked, checkMonitor } from '../flows/monitor/monitor-check.ts';
import { writeText } from '../flows/write-text.ts';
import {
  actedText,
  actOptions,
  addRegistryOptions,
  openPlace,
  type RegistryPlace,
} from './monitor-options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface CheckOptions extends RegistryPlace {
  batch: string;
  labels?: string;
  assay?: string;
  smilesColumn?: string;
  idColumn?: string;
  html?: string;
}

const EXAMPLES = `
Examples:
  assayer monitor check herg --batch this-week.csv
  assayer monitor check herg --batch this-week.csv --labels measured.csv --html report.html
  assayer monitor labels herg measured.csv
`;

/** `assayer monitor check` and `labels`: what monitors are fed. */
export function addMonitorCheckCommands(monitor: Command, context: CommandContext): void {
  addRegistryOptions(monitor.command('check').argument('<monitor>'), context)
    .description('Check a batch, record what was found, and act by the policy.')
    .requiredOption('--batch <file>', 'compounds')
    .option(
      '--labels <file>',
      'measured values that are recorded first: id or inchikey, value, submitted, measured',
    )
    .option('--assay <name>', 'assay of these labels (default: the only one of the endpoint)')
    .option('--smiles-column <name>', 'column of SMILES')
    .option('--id-column <name>', 'column of ids')
    .option('--html <file>', 'write the report as one self-contained page')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, options: CheckOptions) => {
      await using registry = await openPlace(options, context);
      const { batch, labels, assay, smilesColumn, idColumn, models, html } = options;
      const checked = await checkMonitor(
        registry,
        {
          monitor: id,
          batch,
          modelsFolder: models,
          ...(labels && { labels }),
          ...(assay && { assay }),
          ...(smilesColumn && { smilesColumn }),
          ...(idColumn && { idColumn }),
        },
        {
          ...actOptions(context),
          onProgress: (step) => !options.json && process.stderr.write(`${step}\n`),
        },
      );
      if (html) await writeText(html, await context.driftReportHtml(checked.report), context.signal);
      process.stdout.write(`${options.json ? checkedJson(checked) : checkedText(checked)}\n`);
    });
  addRegistryOptions(monitor.command('labels').argument('<endpoint>').argument('<file>'), context)
    .description('Record measured values and days of submission; every version is kept.')
    .option('--assay <name>', 'assay that they are of (default: the only one of the endpoint)')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string, path: string, options: RegistryPlace & { assay?: string }) => {
      await using registry = await openPlace(options, context);
      const { assay } = options;
      const taken = await takeLabels(registry, { endpoint, path, ...(assay && { assay }) }, context.signal);
      process.stdout.write(`${options.json ? JSON.stringify(taken) : takenText(taken)}\n`);
    });
}

function checkedJson({ watched, report, evidence, path, labels, known, decisions, told }: Checked): string {
  return JSON.stringify({
    monitor: watched.monitor.id,
    state: report.state,
    path,
    evidence,
    labels,
    known,
    decisions,
    told,
  });
}

function checkedText({ watched, report, evidence, path, labels, known, decisions, told }: Checked): string {
  const { sequential, loss } = evidence;
  const capital = (logWealth: number) => Number(Math.exp(logWealth).toPrecision(3)).toLocaleString('en');
  return [
    `monitor  ${watched.monitor.id}, watching ${watched.model}`,
    ...(labels ? [takenText(labels)] : []),
    ...(known
      ? [`         of this batch ${known.labelled} labels are known, and ${known.waiting} are awaited`]
      : []),
    '',
    report.inWords,
    '',
    verdictTable(report),
    '',
    ...(sequential ? [`sequential test of distances: capital ${capital(sequential.logWealth)}`] : []),
    ...(loss
      ? [`risk process: ${capital(loss.logWealth)}, with an excess of ${loss.toleratedExcess} tolerated`]
      : []),
    `evidence ${evidence.id.slice(0, 12)} of ${evidence.time}`,
    `report   ${path}`,
    '',
    ...actedText({ decisions, told }),
  ].join('\n');
}

function verdictTable({ verdicts }: DriftReport): string {
  const rows = verdicts
    .filter(({ state }) => state !== 'forecast')
    .map(({ stream, state, reason, p }) => [
      stream,
      reason ? `${state}: ${reason}` : state,
      p === null ? '' : String(Number(p.toPrecision(2))),
    ]);
  return textTable(['stream', 'verdict', 'p'], rows);
}

function takenText({ assay, rows, labels, revisions, submissions }: LabelsTaken): string {
  return `labels   ${rows} rows of ${assay}: ${labels} values recorded (${revisions} revised), ${submissions} submissions`;
}
