import type { Command, CommanderError } from 'commander';
import { AssayerError } from '../core/errors.ts';

/** What Commander found wrong with a call, as an error of the catalogue. */
export function usageError(error: CommanderError): AssayerError {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return problem(/[.?!)]$/.test(text) ? text : `${text}.`);
}

/**
 * Takes the check of required options over from Commander, which makes it before it looks for unknown ones: a
 * misspelt `--outt` would be answered by the absence of `--out`. Call it when every command has its options.
 */
export function requireOptionsLast(program: Command): void {
  const required = new Set(
    withSubcommands(program).flatMap(({ options }) => options.filter(({ mandatory }) => mandatory)),
  );
  for (const option of required) option.makeOptionMandatory(false);
  program.hook('preAction', (_, command) => {
    const missing = command.options.find(
      (option) => required.has(option) && command.getOptionValue(option.attributeName()) === undefined,
    );
    if (missing) throw problem(`required option '${missing.flags}' is missing.`);
  });
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function problem(text: string): AssayerError {
  return new AssayerError('ERR_USAGE', { problem: `${text} See --help.` });
}
