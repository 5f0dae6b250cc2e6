import { AssayerError } from '../../src/core/errors.ts';

/** An option as parseArgs takes it, with what --help says of it. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly default?: string | boolean;
  /** What stands for the value. */
  readonly value?: string;
  readonly help: string;
}

/** Usage and a table of all options with their defaults. */
export function helpText(usage: string, options: Readonly<Record<string, CommandOption>>): string {
  const rows = Object.entries(options).map(([name, { value, help, default: standard }]) => [
    `  --${name}${value ? ` ${value}` : ''}`,
    typeof standard === 'string' ? `${help} (default: ${standard})` : help,
  ]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`Usage: ${usage}\n`, ...rows.map(([name, help]) => `${name.padEnd(width)}  ${help}`), ''].join(
    '\n',
  );
}

/**
 * Runs a command to its exit code. What is wrong with its options or its surroundings is one line on the standard error, and
 * 2 for options; a defect shows where it is.
 * @param work  parses the options itself, so that its values have their types; gives the exit code
 */
export async function runCommand(work: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (cause) {
    const failure = isParseError(cause) ? usageError(`${firstSentence(cause)}. See --help.`) : cause;
    console.error(failure instanceof AssayerError ? `${failure.code}: ${failure.message}` : failure);
    process.exitCode = failure instanceof AssayerError ? failure.exitCode : 1;
  }
}

export function usageError(problem: string): AssayerError {
  return new AssayerError('ERR_USAGE', { problem });
}

/** What parseArgs throws. */
function isParseError(cause: unknown): cause is Error {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ERR_PARSE_ARGS_');
}

function firstSentence({ message }: Error): string {
  return message.split(/\.?\n|\. /, 1)[0];
}
