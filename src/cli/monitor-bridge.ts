import { type Command, InvalidArgumentError } from 'commander';
import { type BridgeReport, checkBridge } from '../flows/drift/bridge.ts';
import { foldText } from '../flows/drift/bridge-words.ts';
import { recordBridge } from '../flows/monitor/events.ts';
import { actedText, actOptions, openPlace } from './monitor-options.ts';
import { probability } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface BridgeOptions {
  before: string;
  after: string;
  margin: number;
  id?: string;
  alpha: number;
  log10?: boolean;
  failOnChange?: boolean;
  record?: string;
  workspace: string;
  team?: string;
  models: string;
  json?: boolean;
}

/** Differences shown to people; --json has all. */
const SHOWN_PAIRS = 10;
const LONGEST_NAME = 40;
/** Exit code where a change was found and --fail-on-change was given. */
const CHANGE_FOUND = 3;

const EXAMPLES = `
Values are compared in log units: give columns of log10 values (pIC50, logS), or columns as measured with --log10.

Examples:
  assayer monitor bridge controls.csv --before old_pIC50 --after new_pIC50 --margin 0.3 --id compound
  assayer monitor bridge controls.csv --before old_nM --after new_nM --log10 --margin 0.3 --fail-on-change
  assayer monitor bridge controls.csv --before old_pIC50 --after new_pIC50 --margin 0.3 --record herg
`;

/** `assayer monitor bridge`: whether an assay still measures what it measured, by compounds measured twice. */
export function addBridgeCommand(monitor: Command, context: CommandContext): void {
  monitor
    .command('bridge')
    .argument('<pairs>', 'CSV or TSV, a row for each compound')
    .description('Compare controls measured before and after an assay or protocol change.')
    .requiredOption('--before <column>', 'values before the change')
    .requiredOption('--after <column>', 'values of the same compounds after it')
    .requiredOption(
      '--margin <log units>',
      'largest mean difference that does not matter, agreed in advance (0.3 is twofold)',
      positive,
    )
    .option('--id <column>', 'column of names')
    .option(
      '--alpha <p>',
      'level of the test for a change, and of the test for equivalence',
      probability,
      0.05,
    )
    .option('--log10', 'take the log10 of the values, which are as measured')
    .option('--fail-on-change', `end with exit code ${CHANGE_FOUND} where the assay changed`)
    .option('--record <monitor>', 'record the verdict for a monitor, and act by its policy')
    .option('--workspace <folder>', 'folder of the registry, with --record', '.assayer')
    .option('--team <name>', 'in whose name it is recorded (default: $ASSAYER_TEAM, else shared)')
    .option('--models <folder>', 'folder of model artifacts, with --record', context.modelsFolder)
    .option('--json', 'print all figures and pairs as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, { id, ...options }: BridgeOptions) => {
      const { before, after, margin, alpha, log10 = false } = options;
      const report = await checkBridge(
        { path, before, after, margin, alpha, log10, ...(id !== undefined && { idColumn: id }) },
        context.signal,
      );
      process.stdout.write(`${options.json ? JSON.stringify(report) : bridgeText(report)}\n`);
      if (options.record !== undefined) await record(options.record, report, options, context);
      if (options.failOnChange && report.state === 'changed') context.exitCode = CHANGE_FOUND;
    });
}

/** Tells on standard error what was decided: with --json standard output holds the report alone. */
async function record(
  monitor: string,
  report: BridgeReport,
  options: BridgeOptions,
  context: CommandContext,
): Promise<void> {
  await using registry = await openPlace(options, context);
  const acted = await recordBridge(registry, monitor, report, actOptions(context));
  process.stderr.write(`recorded for monitor ${monitor}\n${actedText(acted).join('\n')}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number above 0, such as 0.3 for twofold.');
}

function bridgeText({ inWords, settings, figures, pairs }: BridgeReport): string {
  const { lower, upper } = figures.agreement;
  const rows = pairs
    .slice(0, SHOWN_PAIRS)
    .map(({ id, before, after, difference }) => [
      id.length > LONGEST_NAME ? `${id.slice(0, LONGEST_NAME - 3)}...` : id,
      before.toFixed(2),
      after.toFixed(2),
      difference.toFixed(2),
      foldText(difference),
      difference < lower.value || difference > upper.value ? 'outside' : '',
    ]);
  return [
    ...inWords,
    '',
    pairs.length > SHOWN_PAIRS
      ? `The ${SHOWN_PAIRS} largest of ${pairs.length} differences, in log units`
      : 'All differences, in log units',
    textTable(['compound', 'before', 'after', 'difference', 'fold', 'limits of agreement'], rows),
    '',
    `settings   margin ${settings.margin} log units, alpha ${settings.alpha}`,
  ].join('\n');
}
