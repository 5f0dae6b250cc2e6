import { join } from 'node:path';
import type { Command } from 'commander';
import { type PullSummary, pullBundle } from '../flows/federation/pull-bundle.ts';
import { type PushSummary, pushBundle } from '../flows/federation/push-bundle.ts';
import { openKeys } from '../registry/keys.ts';
import { list } from './options.ts';
import { addRegistryOptions, openRegistryOf, type RegistryPlace } from './registry-options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

interface PushOptions extends RegistryPlace {
  to: string;
  endpoints?: string[];
  withModels?: boolean;
}

interface PullOptions extends RegistryPlace {
  trust?: string;
  variant?: string;
  skipConflicts?: boolean;
}

const PUSH_EXAMPLES = `
Examples:
  assayer registry push --to shared.bundle
  assayer registry push --to ./outgoing --endpoints herg,ames --with-models

Definitions, label standards, contracts, policies and the cards of released models leave, never compounds or labels. Only
--with-models adds the models themselves, whose reference holds InChIKeys and measured values of the training compounds.
`;

const PULL_EXAMPLES = `
Examples:
  assayer registry pull shared.bundle --trust 3f0c...e1
  assayer registry pull shared.bundle --skip-conflicts
  assayer registry pull shared.bundle --variant site-b
`;

/** `assayer registry push` and `pull`: what registries share, in signed bundles. */
export function addBundleCommands(registry: Command, context: CommandContext): void {
  addRegistryOptions(registry.command('push'), context)
    .description('Write what this registry shares with others as one signed file.')
    .requiredOption('--to <file or folder>', 'where to write the bundle')
    .option('--endpoints <names>', 'only the releases of these endpoints (default: all)', list)
    .option('--with-models', 'the models too, with the reference that holds their training compounds')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', PUSH_EXAMPLES)
    .action(async ({ to, endpoints = [], withModels, ...options }: PushOptions) => {
      await using opened = await openRegistryOf(context, await context.engine({ threads: 1 }), options);
      const keys = await openKeys(join(opened.workspace.path, 'keys'));
      const request = {
        to,
        endpoints,
        team: opened.team,
        withModels: withModels === true,
        modelsFolder: options.models,
      };
      const summary = await pushBundle(opened, keys, request, context.signal);
      process.stdout.write(`${options.json ? pushJson(summary) : pushText(summary)}\n`);
    });
  addRegistryOptions(registry.command('pull'), context)
    .description('Take in what another registry shares; nothing is merged, conflicts are told one by one.')
    .argument('<bundle>', 'the file')
    .option('--trust <fingerprint>', 'of the key that signed it, as its sender confirmed it by another way')
    .option('--variant <name>', 'declare other meanings of known endpoints as variants of that name')
    .option('--skip-conflicts', 'take what is in no conflict')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', PULL_EXAMPLES)
    .action(async (path: string, { trust, variant, skipConflicts, ...options }: PullOptions) => {
      await using opened = await openRegistryOf(context, await context.engine({ threads: 1 }), options);
      const keys = await openKeys(join(opened.workspace.path, 'keys'));
      const request = {
        path,
        trust: trust?.toLowerCase() ?? null,
        variant: variant ?? null,
        skipConflicts: skipConflicts === true,
        modelsFolder: options.models,
      };
      const summary = await pullBundle(opened, keys, request, context.signal);
      process.stdout.write(`${options.json ? pullJson(summary) : pullText(summary)}\n`);
    });
}

function pushJson({ path, hash, bundle }: PushSummary): string {
  const entries = bundle.entries.map(({ kind, name, hash: of }) => ({ kind, name, hash: of }));
  return JSON.stringify({ path, hash, key: bundle.key, entries });
}

function pushText({ path, hash, bundle }: PushSummary): string {
  const rows = bundle.entries.map(({ kind, name, hash: of, files }) => [
    kind,
    name,
    of.slice(0, 12),
    files.map((file) => file.name).join(', '),
  ]);
  return [
    textTable(['kind', 'name', 'hash', 'files'], rows),
    '',
    `written  ${path}`,
    `bundle   ${hash}`,
    `key      ${bundle.key}`,
    'Tell the fingerprint of the key to whoever pulls, by another way than the bundle takes.',
  ].join('\n');
}

function pullJson({ hash, bundle, taken, kept, present, conflicts, remarks, written }: PullSummary): string {
  const named = (entries: PullSummary['taken']) =>
    entries.map(({ kind, name, hash: of }) => ({ kind, name, hash: of }));
  const lists = { taken: named(taken), kept: named(kept), present: named(present) };
  return JSON.stringify({ hash, key: bundle.key, ...lists, conflicts, remarks, written });
}

function pullText({ hash, bundle, taken, kept, present, conflicts, remarks, written }: PullSummary): string {
  const rows = [
    ...taken.map(({ kind, name, hash: of }) => ['recorded', kind, name, of.slice(0, 12)]),
    ...kept.map(({ kind, name, hash: of }) => ['kept as a file', kind, name, of.slice(0, 12)]),
    ...present.map(({ kind, name, hash: of }) => ['known already', kind, name, of.slice(0, 12)]),
    ...conflicts.map(({ kind, name, theirs }) => ['not taken', kind, name, theirs.slice(0, 12)]),
  ];
  return [
    textTable(['outcome', 'kind', 'name', 'hash'], rows),
    ...conflicts.map(({ kind, name, inWords }) => `\nNot taken: ${kind} ${name}: ${inWords}.`),
    ...remarks.map((remark) => `\nRemark: ${remark}.`),
    '',
    ...written.map((path) => `written  ${path}`),
    `bundle   ${hash}`,
    `signed   by ${bundle.key} at ${bundle.time}`,
  ].join('\n');
}
