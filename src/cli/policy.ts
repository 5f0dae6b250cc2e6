import type { Command } from 'commander';
import type { RegistryRecord } from '../core/registry-records.ts';
import type { Approver } from '../core/release.ts';
import { addPolicy, defaultPolicyText, findPolicy, listPolicies } from '../flows/monitor/policies.ts';
import { addRegistryOptions, openPlace, person, type RegistryPlace } from './monitor-options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

const EXAMPLES = `
Examples:
  assayer policy default --approver "Ada Example <ada@example.org>" > policy.yaml
  assayer policy add policy.yaml
  assayer policy list
  assayer policy show default
`;

/** `assayer policy`: rules that evidence is judged by, agreed on before it is seen. */
export function addPolicyCommand(program: Command, context: CommandContext): void {
  const policy = program
    .command('policy')
    .description('Rules agreed in advance: what the checks of a monitor lead to.')
    .addHelpText('after', EXAMPLES);
  policy
    .command('default')
    .description('Print the default policy as YAML, for somebody to sign.')
    .option('--name <name>', 'what it is called; versions of one policy share their name', 'default')
    .option('--approver <person>', 'who answers for it: "Name <mail>"', person)
    .addHelpText('after', EXAMPLES)
    .action(async ({ name, approver }: { name: string; approver?: Approver }) => {
      const { clock } = await context.engine();
      process.stdout.write(defaultPolicyText({ name, ...(approver && { approver }) }, clock.now()));
    });
  addRegistryOptions(policy.command('add').argument('<file>', 'YAML or JSON, docs/policies.md'), context)
    .description('Record a policy. It stays as it is; another bound is another version.')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const { record, isNew } = await addPolicy(registry, path);
      const { name, effectiveFrom } = record.body.policy;
      const told = isNew ? 'recorded' : 'was recorded before';
      const text = `policy ${name}\nhash   ${record.subject}\n${told} at ${record.time}, effective from ${effectiveFrom}`;
      process.stdout.write(`${options.json ? JSON.stringify(record) : text}\n`);
    });
  addRegistryOptions(policy.command('list'), context)
    .description('List every recorded version.')
    .action(async (options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const records = await listPolicies(registry.database);
      process.stdout.write(`${options.json ? JSON.stringify(records) : listText(records)}\n`);
    });
  addRegistryOptions(
    policy.command('show').argument('<policy>', 'hash, its first 8 characters, or name'),
    context,
  )
    .description('Print a recorded version; of a name the one recorded last.')
    .action(async (named: string, options: RegistryPlace) => {
      await using registry = await openPlace(options, context);
      const record = await findPolicy(registry.database, named);
      process.stdout.write(`${JSON.stringify(options.json ? record : record.body.policy, null, 2)}\n`);
    });
}

function listText(records: readonly RegistryRecord<'policy'>[]): string {
  if (records.length === 0) return 'No policy is recorded. Begin with assayer policy default.';
  const rows = records.map(({ subject, time, body: { policy } }) => [
    policy.name,
    subject.slice(0, 12),
    policy.effectiveFrom,
    time,
    `${policy.approver.name} <${policy.approver.mail}>`,
  ]);
  return textTable(['policy', 'hash', 'effective from', 'recorded', 'approver'], rows);
}
