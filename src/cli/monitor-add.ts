import type { Command } from 'commander';
import {
  addMonitor,
  type MonitorStanding,
  monitorStandings,
  recordedMonitor,
} from '../flows/monitor/monitors.ts';
import { addRegistryOptions, days, openPlace, type RegistryPlace } from './monitor-options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface AddOptions extends RegistryPlace {
  policy: string;
  name?: string;
  reference?: string;
  every: number;
  cluster: string;
}

const EXAMPLES = `
Examples:
  assayer monitor add herg --policy default
  assayer monitor add herg --policy default --name herg-site-b --reference site-b.csv --every 14d
  assayer monitor list
  assayer monitor decisions herg
`;

/** `assayer monitor add`, `list`, `show` and `decisions`. */
export function addMonitorCommands(monitor: Command, context: CommandContext): void {
  addRegistryOptions(
    monitor.command('add').argument('<endpoint>', 'what is released of it is watched'),
    context,
  )
    .description('Watch the released model of an endpoint under a policy.')
    .requiredOption('--policy <policy>', 'hash or name of a recorded policy')
    .option('--name <name>', 'what the monitor is called (default: the endpoint)')
    .option('--reference <file or model>', 'what batches are compared with (default: the released model)')
    .option('--every <time>', 'time between checks, such as 7d', days, 7)
    .option('--cluster <unit>', 'what belongs together: scaffold, none, or a column', 'scaffold')
    .addHelpText('after', EXAMPLES)
    .action(async (endpoint: string, { every, models, ...options }: AddOptions) => {
      await using registry = await openPlace({ ...options, models }, context);
      const { policy, cluster, name, reference } = options;
      const { record, isNew } = await addMonitor(registry, {
        endpoint,
        policy,
        cluster,
        everyDays: every,
        modelsFolder: models,
        ...(name !== undefined && { name }),
        ...(reference !== undefined && { reference }),
      });
      const { body, subject } = record;
      const text = [
        `monitor   ${subject}${isNew ? '' : ' (as it was)'}`,
        `watches   release ${body.release.slice(0, 12)} of ${endpoint}, ${body.schedule}`,
        `policy    ${body.policy.slice(0, 12)}`,
        `reference ${body.reference.slice(0, 12)}`,
      ].join('\n');
      process.stdout.write(`${options.json ? JSON.stringify(record) : text}\n`);
    });
  addRegistryOptions(monitor.command('list'), context)
    .description('List monitors: what is in force, and when the next check is due.')
    .action(async (options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const standings = await monitorStandings(registry.database);
      process.stdout.write(`${options.json ? JSON.stringify(standings.map(plain)) : listText(standings)}\n`);
    });
  addRegistryOptions(monitor.command('show').argument('<monitor>'), context)
    .description('Show how a monitor stands.')
    .action(async (id: string, options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const [standing] = await monitorStandings(registry.database, id);
      process.stdout.write(`${options.json ? JSON.stringify(plain(standing)) : showText(standing)}\n`);
    });
  addRegistryOptions(monitor.command('decisions').argument('<monitor>'), context)
    .description('Tell what was decided, in order, in words.')
    .action(async (id: string, options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const { history } = await recordedMonitor(registry.database, id);
      const story = history.decisions.map(({ time, outcome, rule, inWords }) => {
        const by = rule === null ? '' : ` by rule ${rule}`;
        return `${time}  ${outcome}${by}\n  ${inWords}`;
      });
      const text = story.length > 0 ? story.join('\n') : 'Nothing was decided yet: no check was made.';
      process.stdout.write(`${options.json ? JSON.stringify(history.decisions) : text}\n`);
    });
}

function plain({ monitor, current, inForce, lastCheck, due }: MonitorStanding) {
  const { policies, decisions, evidence, events } = monitor.history;
  return {
    monitor: monitor.id,
    ...current.body,
    policyName: policies[0]?.name ?? null,
    inForce,
    lastCheck,
    due,
    checks: evidence.length,
    events: events.length,
    decisions: decisions.length,
  };
}

const statesText = ({ inForce }: MonitorStanding): string =>
  inForce.map(({ state, since }) => `${state} since ${since.slice(0, 10)}`).join(', ') || 'normal';

function listText(standings: readonly MonitorStanding[]): string {
  if (standings.length === 0) return 'No monitors. Add one with assayer monitor add.';
  const rows = standings.map((one) => [
    one.monitor.id,
    one.current.body.endpoint,
    one.monitor.history.policies[0]?.name ?? '',
    statesText(one),
    one.lastCheck?.slice(0, 16) ?? 'never',
    one.due.slice(0, 16),
  ]);
  return textTable(['monitor', 'endpoint', 'policy', 'state', 'last check', 'next due'], rows);
}

function showText(standing: MonitorStanding): string {
  const { monitor, current, lastCheck, due } = standing;
  const { endpoint, release, reference, policy, schedule, cluster = 'scaffold' } = current.body;
  const { policies, evidence, decisions } = monitor.history;
  const last = decisions.at(-1);
  return [
    `monitor    ${monitor.id}`,
    `endpoint   ${endpoint}, release ${release.slice(0, 12)}`,
    `reference  ${reference.slice(0, 12)}, clusters by ${cluster}`,
    `policy     ${policies[0]?.name} ${policy.slice(0, 12)}, ${policies.length} versions`,
    `schedule   ${schedule}; last check ${lastCheck ?? 'never'}, next due ${due}`,
    `checks     ${evidence.length}`,
    `state      ${statesText(standing)}`,
    ...(last
      ? [`last decision ${last.id.slice(0, 12)} at ${last.time}: ${last.outcome}`, `  ${last.inWords}`]
      : []),
  ].join('\n');
}
