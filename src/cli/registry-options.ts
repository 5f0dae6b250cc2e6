import type { Command } from 'commander';
import type { Engine } from '../flows/engine.ts';
import type { IntakeReport } from '../flows/registry/intake.ts';
import type { Registry } from '../flows/registry/open-registry.ts';
import type { CommandContext } from './run.ts';

/** What every command that opens the registry is given. */
export interface RegistryPlace {
  workspace: string;
  models: string;
  team?: string;
  json?: boolean;
}

/** Options of a command that opens the registry; a server is named by DATABASE_URL. */
export function addRegistryOptions(command: Command, context: CommandContext): Command {
  return command
    .option(
      '--workspace <folder>',
      'folder whose registry is asked (a server in its place: $DATABASE_URL)',
      '.assayer',
    )
    .option('--models <folder>', 'folder of the artifacts that runs and releases name', context.modelsFolder)
    .option('--team <name>', 'team in whose name records are added (default: $ASSAYER_TEAM, else all teams)');
}

/**
 * Opens the registry that a command names, and tells on standard error what was taken in and what could not be.
 * @throws as openRegistry
 */
export async function openRegistryOf(
  context: CommandContext,
  engine: Engine,
  { workspace, models, team, json }: RegistryPlace,
): Promise<Registry> {
  const { openRegistry } = await import('../flows/registry/open-registry.ts');
  const url = process.env.DATABASE_URL;
  const named = team ?? process.env.ASSAYER_TEAM;
  const registry = await openRegistry(engine, workspace, {
    modelsFolder: models,
    signal: context.signal,
    ...(url && { url }),
    ...(named && { team: named }),
  });
  for (const line of intakeLines(registry.intake)) {
    process.stderr.write(`${json ? JSON.stringify({ note: line }) : `assayer: ${line}`}\n`);
  }
  return registry;
}

function intakeLines({ runs, releases, artifacts, refused, notes }: IntakeReport): string[] {
  const taken = [counted(runs, 'run'), counted(releases, 'release'), counted(artifacts, 'artifact')];
  const some = taken.filter((text) => text !== null);
  return [
    ...(some.length > 0 ? [`taken into the registry: ${some.join(', ')}`] : []),
    ...refused.map(({ path, reason }) => `not taken in: ${path}: ${reason}`),
    ...notes,
  ];
}

function counted(count: number, what: string): string | null {
  return count === 0 ? null : `${count} ${what}${count === 1 ? '' : 's'}`;
}
