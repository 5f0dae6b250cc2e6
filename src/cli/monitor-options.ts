import { type Command, InvalidArgumentError } from 'commander';
import type { Approver } from '../core/release.ts';
import { requireApprover } from '../flows/gate/approver.ts';
import type { Acted, ActOptions } from '../flows/monitor/act.ts';
import { openRegistry, type Registry } from '../flows/registry/open-registry.ts';
import { count } from './options.ts';
import type { CommandContext } from './run.ts';

/** Where a command finds its registry. */
export interface RegistryPlace {
  workspace: string;
  team?: string;
  models: string;
  threads?: number;
  json?: boolean;
}

/** Options of every command that opens the registry. */
export function addRegistryOptions(command: Command, { modelsFolder }: CommandContext): Command {
  return command
    .option('--workspace <folder>', 'folder of the registry', '.assayer')
    .option('--team <name>', 'in whose name things are recorded (default: $ASSAYER_TEAM, else shared)')
    .option('--models <folder>', 'folder of model artifacts', modelsFolder)
    .option('--threads <n>', 'threads (default: all cores)', count)
    .option('--json', 'print the result as JSON');
}

/** Opens the registry of a command: in the workspace, or on the server of DATABASE_URL. What was refused is told. */
export async function openPlace(
  { workspace, team = process.env.ASSAYER_TEAM, models, threads, json }: RegistryPlace,
  { engine, signal }: CommandContext,
): Promise<Registry> {
  const url = process.env.DATABASE_URL;
  const registry = await openRegistry(await engine(threads ? { threads } : {}), workspace, {
    modelsFolder: models,
    signal,
    ...(url && { url }),
    ...(team && { team }),
  });
  const { refused, notes } = registry.intake;
  const told = [...refused.map(({ path, reason }) => `${path} was not taken in: ${reason}`), ...notes];
  if (!json) for (const line of told) process.stderr.write(`${line}\n`);
  return registry;
}

/** What acting on decisions takes from the environment. */
export function actOptions({ signal }: CommandContext): Omit<ActOptions, 'onStep'> {
  const webhooks = process.env.ASSAYER_WEBHOOKS;
  return { signal, ...(webhooks !== undefined && { webhooks }) };
}

/** Reads `Name <mail>`. */
export function person(text: string): Approver {
  return requireApprover(text);
}

/** Reads a time between checks, `7d` or `12h`. @returns days */
export function days(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([dh])$/.exec(text.trim()) ?? [];
  const value = Number(number) / (unit === 'h' ? 24 : 1);
  if (value > 0) return value;
  throw new InvalidArgumentError('Give days or hours, such as 7d or 12h.');
}

/** Decisions in words, and who was told. */
export function actedText({ decisions, told }: Acted): string[] {
  return [
    ...decisions.flatMap(({ id, judged, outcome, inWords }) => [
      `decision ${id.slice(0, 12)} on the ${judged.kind === 'event' ? 'event' : 'check'} of ${judged.time}: ${outcome}`,
      `  ${inWords}`,
    ]),
    ...told.map(({ outcome }) => outcome.inWords),
  ];
}
