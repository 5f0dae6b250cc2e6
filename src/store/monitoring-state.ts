import { join } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import { type MonitoringState, monitoringState, type WatchedRelease } from '../core/monitoring-state.ts';
import { workspaceError } from './file-error.ts';
import { textOf } from './leftovers.ts';
import { lockStateFile, replaceStateFile } from './state-file.ts';
import type { Workspace } from './workspace.ts';

/** Beside releases.json: what monitoring has put in force, for those who answer without the registry. */
export const MONITORING_FILE = 'monitoring.json';

/** Steps of a write after which a crash may come, in order; tests end the process at each. */
export const MONITORING_STEPS = ['locked', 'derived', 'state-written', 'state-named'] as const;
export type MonitoringStep = (typeof MONITORING_STEPS)[number];

/**
 * What monitoring.json says; null where there is none, since nothing was ever put in force.
 * @throws ERR_MONITORING_CORRUPT where it cannot be read, was changed by hand, or is of a newer version: a freeze that is
 *   not understood is no reason to answer as if there were none
 */
export async function readMonitoringState(workspace: Workspace): Promise<MonitoringState | null> {
  const path = join(workspace.path, MONITORING_FILE);
  const corrupt = (problem: string, cause?: unknown) =>
    new AssayerError('ERR_MONITORING_CORRUPT', { path, problem }, { cause });
  let state: MonitoringState | null;
  try {
    const text = await textOf(path);
    if (text === null) return null;
    state = JSON.parse(text) as MonitoringState | null;
  } catch (cause) {
    throw corrupt(describeCause(cause), cause);
  }
  if (state?.schema !== 'assayer.monitoring/1' || !Array.isArray(state.releases))
    throw corrupt('it is no monitoring state that this version of Assayer knows');
  if (monitoringState(state.releases).hash !== state.hash) throw corrupt('it was changed by hand');
  return state;
}

/**
 * Brings monitoring.json up to the recorded decisions, under its lock; a damaged file is replaced. Where it says the same
 * already nothing is written.
 * @param derive  gives what is in force by the records. It is called under the lock, so that of two writers the later one
 *   has seen whatever the earlier one saw, and a freeze is not undone by somebody who did not know of it
 * @param onStep  called after each step
 * @returns whether the file was written
 * @throws ERR_OUTPUT_BUSY, ERR_WORKSPACE, and what `derive` throws
 */
export async function updateMonitoringState(
  workspace: Workspace,
  derive: () => Promise<readonly WatchedRelease[]>,
  onStep: (step: MonitoringStep) => void = () => undefined,
): Promise<boolean> {
  const path = join(workspace.path, MONITORING_FILE);
  try {
    await using _ = await lockStateFile(path);
    onStep('locked');
    const text = `${JSON.stringify(monitoringState(await derive()), null, 2)}\n`;
    onStep('derived');
    if ((await textOf(path)) === text) return false;
    await replaceStateFile(workspace, path, text, () => onStep('state-written'));
    onStep('state-named');
    return true;
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}
