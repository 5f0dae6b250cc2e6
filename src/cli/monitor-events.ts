import { type Command, InvalidArgumentError, Option } from 'commander';
import { isoTime } from '../core/iso-time.ts';
import type { FrozenState } from '../core/monitor-decision.ts';
import type { Approver } from '../core/release.ts';
import type { Acted } from '../flows/monitor/act.ts';
import { confirmChange, reportChange, resumeMonitor } from '../flows/monitor/events.ts';
import {
  actedText,
  actOptions,
  addRegistryOptions,
  openPlace,
  person,
  type RegistryPlace,
} from './monitor-options.ts';
import type { CommandContext } from './run.ts';

interface ReportOptions extends RegistryPlace {
  change: string;
  since: string;
  by: Approver;
  assay?: string;
}

interface ConfirmOptions extends RegistryPlace {
  by: Approver;
  reason: string;
}

interface ResumeOptions extends RegistryPlace {
  scope: FrozenState;
  approver: Approver;
  reason: string;
}

const SCOPES: readonly FrozenState[] = ['comparisons-frozen', 'release-frozen', 'out-of-domain-frozen'];

const EXAMPLES = `
Examples:
  assayer monitor event report herg --change "new plate reader" --since 2026-11-01 --by "Ada Example <ada@example.org>"
  assayer monitor event confirm change-1a2b3c4d --reason "in the log book" --by "Bob Example <bob@example.org>"
  assayer monitor resume herg --scope release-frozen --approver "Ada Example <ada@example.org>" --reason "labels were wrong"
`;

/** `assayer monitor event` and `resume`: what people say. */
export function addMonitorEventCommands(monitor: Command, context: CommandContext): void {
  const event = monitor
    .command('event')
    .description('Changes of an assay: reported by one person, confirmed by another.')
    .addHelpText('after', EXAMPLES);
  addRegistryOptions(event.command('report').argument('<endpoint>'), context)
    .description('Report that an assay or its protocol has changed.')
    .requiredOption('--change <words>', 'what is another one now')
    .requiredOption('--since <day>', 'from when on results are of the changed assay', since)
    .requiredOption('--by <person>', 'who says so: "Name <mail>"', person)
    .option('--assay <name>', 'which assay (default: the only one of the endpoint)')
    .action(async (endpoint: string, options: ReportOptions) => {
      await using registry = await openPlace(options, context);
      const { change, since: from, by, assay } = options;
      const request = { endpoint, change, since: from, by, ...(assay && { assay }) };
      const { event: id, ...acted } = await reportChange(registry, request, actOptions(context));
      print(
        options,
        [`event ${id} reported; somebody else confirms it with assayer monitor event confirm`],
        acted,
        {
          event: id,
        },
      );
    });
  addRegistryOptions(event.command('confirm').argument('<event>'), context)
    .description('Confirm a change that somebody else reported.')
    .requiredOption('--reason <words>', 'how it is known')
    .requiredOption('--by <person>', 'who confirms it: "Name <mail>"', person)
    .action(async (id: string, { by, reason, ...options }: ConfirmOptions) => {
      await using registry = await openPlace(options, context);
      const acted = await confirmChange(registry, id, { by, reason }, actOptions(context));
      print(options, [`event ${id} confirmed`], acted, { event: id });
    });
  addRegistryOptions(monitor.command('resume').argument('<monitor>'), context)
    .description('End a freeze, in the name of a person who answers for it.')
    .addOption(new Option('--scope <state>', 'what is resumed').choices(SCOPES).makeOptionMandatory())
    .requiredOption('--approver <person>', 'who answers for it: "Name <mail>"', person)
    .requiredOption('--reason <words>', 'why')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string, { scope, approver, reason, ...options }: ResumeOptions) => {
      await using registry = await openPlace(options, context);
      const request = { monitor: id, scope, approver, reason };
      const { record, ...acted } = await resumeMonitor(registry, request, actOptions(context));
      print(options, [`${scope} of monitor ${id} ended by ${approver.name}: ${reason}`], acted, {
        record: record.hash,
      });
    });
}

function print({ json }: RegistryPlace, lines: string[], acted: Acted, found: object): void {
  process.stdout.write(
    `${json ? JSON.stringify({ ...found, ...acted }) : [...lines, ...actedText(acted)].join('\n')}\n`,
  );
}

/** Reads a day or a time with its zone. @returns ISO 8601 in UTC */
function since(text: string): string {
  const time = isoTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time !== null) return time;
  throw new InvalidArgumentError('Give a day such as 2026-11-01, or a time with its zone.');
}
