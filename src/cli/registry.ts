import type { Command } from 'commander';
import { AssayerError } from '../core/errors.ts';
import type { SignedHead } from '../core/registry-records.ts';
import type { Registry } from '../flows/registry/open-registry.ts';
import { currentHead, type RegistryStatus, registryStatus } from '../flows/registry-status.ts';
import { type RegistryReport, verifyRegistry } from '../flows/verify-registry.ts';
import { postWebhook } from '../flows/webhook.ts';
import { anchorHead, readAnchors } from '../registry/heads.ts';
import { addBundleCommands } from './registry-bundle.ts';
import { addRegistryOptions, openRegistryOf, type RegistryPlace } from './registry-options.ts';
import type { CommandContext } from './run.ts';

/** The registry is not what was recorded. */
const NOT_WHOLE = 3;

const EXAMPLES = `
Examples:
  assayer registry status
  assayer registry verify --anchors /mnt/elsewhere/heads.jsonl
  assayer registry anchor /mnt/elsewhere/heads.jsonl
  ASSAYER_WEBHOOK_SECRET=... assayer registry anchor --webhook https://notary.example.org/heads
  assayer registry team tox --title "Toxicology"
`;

/** `assayer registry`: where the chain of records stands, whether it is whole, and its signed heads. */
export function addRegistryCommand(program: Command, context: CommandContext): void {
  const registry = program
    .command('registry')
    .description(
      'The chain of records behind every run, release and decision: look at it, check it, sign it.',
    )
    .addHelpText('after', EXAMPLES);
  const add = (name: string, description: string) =>
    addRegistryOptions(registry.command(name).description(description), context).option(
      '--json',
      'print the result as JSON',
    );
  const run = async <T>(options: RegistryPlace, use: (opened: Registry) => Promise<T>): Promise<T> => {
    const engine = await context.engine({ threads: 1 });
    await using opened = await openRegistryOf(context, engine, options);
    return await use(opened);
  };

  add(
    'status',
    'How many records of each kind there are, the end of the chain, and the key of this workspace.',
  ).action(async (options: RegistryPlace) => {
    const status = await run(options, registryStatus);
    print(options, status, () => statusText(status));
  });
  add('verify', 'Check every record, table and signed head; exit code 3 where something is not as recorded.')
    .option('--anchors <file>', 'heads that were kept elsewhere, as anchor writes them')
    .action(async (options: RegistryPlace & { anchors?: string }) => {
      const anchors = options.anchors === undefined ? [] : await readAnchors(options.anchors);
      const report = await run(options, (opened) => verifyRegistry(opened, anchors));
      print(options, report, () => reportText(report));
      if (!report.isWhole) context.exitCode = NOT_WHOLE;
    });
  add('sign', 'Sign the end of the chain with the key of this workspace, and print the signed head.').action(
    async (options: RegistryPlace) => {
      const head = await run(options, currentHead);
      print({ json: true }, head, () => '');
    },
  );
  add('anchor', 'Sign the end of the chain, and keep the signed head where the database cannot reach it.')
    .argument('[file]', 'file to which the head is added, on a disk of somebody else')
    .option('--webhook <url>', 'post it there, signed with $ASSAYER_WEBHOOK_SECRET')
    .action(async (file: string | undefined, options: RegistryPlace & { webhook?: string }) => {
      const { webhook } = options;
      if ((file === undefined) === (webhook === undefined)) {
        throw new AssayerError('ERR_USAGE', {
          problem: 'Name a file, or --webhook with an address; one of the two.',
        });
      }
      const head = await run(options, async (opened) => {
        const signed = await currentHead(opened);
        if (file !== undefined) await anchorHead(file, signed);
        else await postHead(opened, `${webhook}`, signed, context.signal);
        return signed;
      });
      print(
        options,
        head,
        () =>
          `record ${head.sequence} (${head.hash}) is anchored ${file === undefined ? 'by webhook' : `in ${file}`}`,
      );
    });
  addBundleCommands(registry, context);
  add('team', 'Record a team, in whose name records can be added from then on.')
    .argument('<name>', 'short name, as --team takes it')
    .requiredOption('--title <text>', 'what people call it')
    .action(async (name: string, options: RegistryPlace & { title: string }) => {
      const { title } = options;
      // The team is not known yet, and $ASSAYER_TEAM may name it.
      const [record] = await run({ ...options, team: '' }, (opened) =>
        opened.append([{ kind: 'team', subject: name, team: null, body: { title } }]),
      );
      print(options, record, () => `team ${name} is record ${record.sequence}`);
    });
}

function print(options: { json?: boolean }, value: object, text: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value) : text()}\n`);
}

async function postHead(
  { engine }: Registry,
  url: string,
  head: SignedHead,
  signal: AbortSignal,
): Promise<void> {
  const secret = process.env.ASSAYER_WEBHOOK_SECRET ?? '';
  const payload = { id: head.hash, head };
  const outcome = await postWebhook({ name: 'anchor', url, secret }, payload, {
    clock: engine.clock,
    signal,
  });
  if (!outcome.delivered) throw new AssayerError('ERR_WEBHOOK', { name: 'anchor', problem: outcome.inWords });
}

function statusText({ dialect, head, counts, teams, key, signed }: RegistryStatus): string {
  const records = Object.entries(counts).map(([kind, count]) => `${kind} ${count.toLocaleString('en')}`);
  return [
    `records   ${head.sequence.toLocaleString('en')}${records.length > 0 ? `: ${records.join(', ')}` : ''}`,
    `database  ${dialect}`,
    `head      ${head.hash ?? 'none'}${head.time === null ? '' : `, ${head.time}`}`,
    `teams     ${teams.join(', ') || 'none'}`,
    `key       ${key}`,
    signed
      ? `signed    record ${signed.sequence} at ${signed.time} by key ${signed.key.slice(0, 12)}`
      : 'signed    no head yet: assayer registry anchor <file>',
  ].join('\n');
}

function reportText(report: RegistryReport): string {
  const { isWhole, chain, tables, tablesProblem, heads, headsCompared, headsUntrusted } = report;
  const untrusted = headsUntrusted > 0 ? `; ${headsUntrusted} by keys that are not trusted here` : '';
  return [
    isWhole
      ? `whole: ${chain.records.toLocaleString('en')} records, each with its hash and its place; every table follows from them`
      : `NOT WHOLE: ${chain.records.toLocaleString('en')} records`,
    `head      ${chain.head.hash ?? 'none'}`,
    `heads     ${headsCompared} compared${untrusted}`,
    ...chain.problems.map(({ kind, inWords }) => `${kind.padEnd(9)} ${inWords}`),
    ...heads.map(({ kind, inWords }) => `${kind.padEnd(9)} ${inWords}`),
    ...tables.map(
      ({ table, extra, missing }) =>
        `table     ${table}: ${extra} rows that no record gives, ${missing} that records give are missing`,
    ),
    ...(tablesProblem === null ? [] : [`table     cannot be compared: ${tablesProblem}`]),
  ].join('\n');
}
