import { type Command, InvalidArgumentError } from 'commander';
import type { PeriodLength } from '../flows/drift/periods.ts';
import { type Replay, type ReplayLook, replay } from '../flows/drift/replay.ts';
import { addComparisonOptions, type ComparisonOptions } from './comparison-options.ts';
import { addMonitorCommands } from './monitor-add.ts';
import { addBridgeCommand } from './monitor-bridge.ts';
import { addMonitorCheckCommands } from './monitor-check.ts';
import { addMonitorEventCommands } from './monitor-events.ts';
import { addMonitorWorkCommand } from './monitor-work.ts';
import { count, list, probability } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface ReplayOptions extends ComparisonOptions {
  by: PeriodLength;
  reference?: string;
  endpoint?: string[];
  labels?: string;
  dateColumn: string;
  cluster: string;
  alpha: number;
  permutations: number;
  json?: boolean;
}

const EXAMPLES = `
Examples:
  assayer monitor replay submissions.csv --by month --date-column submitted
  assayer monitor replay submissions.csv --by week --reference herg
  assayer monitor replay library.smi --by 1000 --json
`;

/** `assayer monitor`: what would have been seen, and when. */
export function addMonitorCommand(program: Command, context: CommandContext): void {
  const monitor = program
    .command('monitor')
    .description('Watch a stream of compounds.')
    .addHelpText('after', EXAMPLES);
  addMonitorCommands(monitor, context);
  addMonitorCheckCommands(monitor, context);
  addMonitorEventCommands(monitor, context);
  addMonitorWorkCommand(monitor, context);
  addBridgeCommand(monitor, context);
  const command = monitor
    .command('replay')
    .argument('<stream>', 'dated or ordered file of compounds')
    .description('Play a stream back in periods, and show when each statistic fires.')
    .requiredOption('--by <period>', 'day, week, month, or a number of rows', period)
    .option('--reference <file or model>', 'what to compare with (default: the first period)')
    .option('--endpoint <models>', 'also look at the answers of these models, or of all', list)
    .option('--labels <file>', 'measured values with their days, for a model as the reference')
    .option('--date-column <name>', 'column of dates, such as 2026-03-31', 'date')
    .option('--cluster <unit>', 'what belongs together: scaffold, none, or a column', 'scaffold')
    .option('--alpha <p>', 'false-alarm probability over all looks', probability, 0.05)
    .option('--permutations <n>', 'permutations of each test, more where the looks need it', count, 999);
  addComparisonOptions(command, context)
    .option('--json', 'print every look with its verdicts as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (stream: string, options: ReplayOptions) => {
      const engine = await context.engine(options.threads ? { threads: options.threads } : {});
      const { by, dateColumn, cluster, alpha, permutations, seed, smilesColumn, idColumn } = options;
      const request = {
        stream,
        reference: options.reference ?? null,
        by,
        dateColumn,
        cluster,
        alpha,
        permutations,
        seed,
        modelsFolder: options.models,
        workspace: options.workspace,
        ...(options.endpoint && { endpoints: options.endpoint }),
        ...(options.labels && { labels: options.labels }),
        ...(smilesColumn && { smilesColumn }),
        ...(idColumn && { idColumn }),
      };
      const onLook = ({ period, rows }: ReplayLook) => {
        if (!options.json) process.stderr.write(`${period}: ${rows} compounds\n`);
      };
      const played = await replay(engine, request, { signal: context.signal, onLook });
      process.stdout.write(`${options.json ? JSON.stringify(played) : replayText(played)}\n`);
    });
}

function period(text: string): PeriodLength {
  if (text === 'day' || text === 'week' || text === 'month') return text;
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1) return rows;
  throw new InvalidArgumentError('Give day, week, month, or a whole number of rows.');
}

/** The sequential test fires where compounds lie nearer, too. */
function way({ alarm, shift }: NonNullable<ReplayLook['sequential']>): string {
  if (!alarm || shift === null) return '';
  return shift > 0 ? ' (farther)' : ' (nearer)';
}

/** One line for each look: p of each stream, an exclamation mark where it fires. */
function replayText({ looks, streams, level, settings, firstAlarm }: Replay): string {
  const mark = (p: number, fires: boolean) => `${Number(p.toPrecision(2))}${fires ? ' !' : ''}`;
  const rows = looks.map(({ period: name, rows: n, verdicts, sequential }) => [
    name,
    String(n),
    ...verdicts
      .filter(({ stream }) => streams.includes(stream))
      .map(({ p, state, reason }) => (p === null ? (reason ?? '') : mark(p, state === 'drift'))),
    sequential ? `${mark(sequential.anytimeP, sequential.alarm)}${way(sequential)}` : 'not judged',
  ]);
  const first = Object.entries(firstAlarm).map(([name, when]) => `${name.padEnd(12)} ${when ?? 'never'}`);
  return [
    textTable(['period', 'compounds', ...streams, 'sequential (anytime p)'], rows),
    '',
    'first fired',
    ...first,
    '',
    `Each test fires at p <= ${Number(level.toPrecision(3))} (alpha ${settings.alpha} over ${looks.length} looks and ${streams.length} streams, ${settings.permutations} permutations);`,
    `the sequential test of distances at ${settings.alpha}, however often it is looked at. Act on one of the two ways, not on both.`,
  ].join('\n');
}
