import { Command, CommanderError } from 'commander';
import type { AuditReport } from '../core/audit.ts';
import type { DriftReport } from '../core/drift.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { ENGINE_VERSION } from '../core/version.ts';
import type { Engine } from '../flows/engine.ts';
import { addAuditCommand } from './audit.ts';
import { addDemoCommand } from './demo.ts';
import { addDevicesCommand } from './devices.ts';
import { addDriftCommand } from './drift.ts';
import { addIndexCommand } from './index.ts';
import { addModelsCommand } from './models.ts';
import { addMonitorCommand } from './monitor.ts';
import { addNeighborsCommand } from './neighbors.ts';
import { addPolicyCommand } from './policy.ts';
import { addRegistryCommand } from './registry.ts';
import { addReleaseCommand } from './release.ts';
import { addScreenCommand } from './screen.ts';
import { addTraceCommand } from './trace.ts';
import { addTrainCommand } from './train.ts';
import { requireOptionsLast, usageError } from './usage.ts';
import { addValidateCommand } from './validate.ts';

/** What a command is given: the engine, made only when the command needs it, and where it may write. */
export interface CommandContext {
  /** @param overrides what the command's options change */
  engine(overrides?: {
    threads?: number;
    devices?: readonly string[];
    backends?: readonly string[];
  }): Promise<Engine>;
  /** The report as one self-contained HTML file, with drawn structures. */
  driftReportHtml(report: DriftReport): Promise<string>;
  /** The audit as one self-contained HTML file. */
  auditReportHtml(report: AuditReport): Promise<string>;
  readonly modelsFolder: string;
  readonly examplesFolder: string;
  readonly signal: AbortSignal;
  /** Set by a command that ends with another exit code than 0 though nothing failed. */
  exitCode?: number;
}

/**
 * Runs the command line.
 * @param args what follows `assayer`
 * @returns the exit code: 0 done, 2 the call or the input cannot be used, 1 Assayer failed, 130 cancelled
 */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  const program = new Command('assayer')
    .description('Screen compounds with ADMET models, and know when a model has quietly rotted.')
    .version(ENGINE_VERSION)
    .configureOutput({ outputError: () => {} }) // told by report()
    .exitOverride();
  const commands = [
    addScreenCommand,
    addIndexCommand,
    addNeighborsCommand,
    addDriftCommand,
    addMonitorCommand,
    addPolicyCommand,
    addTrainCommand,
    addValidateCommand,
    addReleaseCommand,
    addTraceCommand,
    addRegistryCommand,
    addAuditCommand,
    addModelsCommand,
    addDevicesCommand,
    addDemoCommand,
  ];
  for (const add of commands) add(program, context);
  requireOptionsLast(program);
  try {
    await program.parseAsync(args as string[], { from: 'user' });
    return context.exitCode ?? 0;
  } catch (error) {
    return report(error, args.includes('--json'), context.signal);
  }
}

/** Tells the error on standard error (as JSON with --json) and gives the exit code. */
function report(error: unknown, asJson: boolean, signal: AbortSignal): number {
  // Help and version end with code 0; help that answers a call without a command was not asked for.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (error instanceof CommanderError && error.code === 'commander.help') return 2;
  let known: AssayerError;
  if (error instanceof AssayerError) known = error;
  else if (error instanceof CommanderError) known = usageError(error);
  else if (signal.aborted) known = new AssayerError('ERR_CANCELLED', {}, { cause: error });
  else known = new AssayerError('ERR_INTERNAL', { problem: describeCause(error) }, { cause: error });
  if (asJson) {
    const { code, message, details } = known;
    process.stderr.write(`${JSON.stringify({ error: { code, message, details } })}\n`);
  } else {
    process.stderr.write(`assayer: ${known.code}: ${known.message}\n`);
  }
  if (known.code === 'ERR_INTERNAL' && error instanceof Error && !asJson)
    process.stderr.write(`${error.stack}\n`);
  return known.exitCode;
}
