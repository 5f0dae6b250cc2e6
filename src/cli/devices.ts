import type { Command } from 'commander';
import { listOperations } from '../flows/list-operations.ts';
import { DEVICES } from './options.ts';
import type { CommandContext } from './run.ts';
import { textTable } from './text-table.ts';

const EXAMPLES = `
Examples:
  assayer devices
  assayer devices --json
`;

/** `assayer devices`: what can run models and operations here, in the order tried, and why the rest cannot. */
export function addDevicesCommand(program: Command, context: CommandContext): void {
  program
    .command('devices')
    .description('Show which devices can run models and operations here, and why the others cannot.')
    .option('--json', 'print as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: boolean }) => {
      const engine = await context.engine({ devices: DEVICES });
      const devices = await engine.listDevices();
      const backends = await listOperations(engine);
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ devices, backends, environment: engine.environment })}\n`);
        return;
      }
      const models = devices.map(({ device, usable, reason }) => [device, usable ? 'yes' : 'no', reason]);
      const operations = backends.map(({ backend, usable, reason }) => [
        backend,
        usable ? 'yes' : 'no',
        reason,
      ]);
      const environment = Object.entries(engine.environment).map(([name, value]) => `${name} ${value}`);
      const parts = [
        'Everything runs on the processor. What else could run it here, in the order tried, and why it does not:',
        textTable(['device for models', 'usable', 'why'], models),
        textTable(['backend for operations', 'usable', 'operations, or why not'], operations),
        environment.join('\n'),
      ];
      process.stdout.write(`${parts.join('\n\n')}\n`);
    });
}
