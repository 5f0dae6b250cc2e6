import type { MonitorDecision } from '../../core/monitor-decision.ts';
import {
  MONITORING_STEPS,
  type MonitoringStep,
  updateMonitoringState,
} from '../../store/monitoring-state.ts';
import type { Registry } from '../registry/open-registry.ts';
import { logDecisions } from './decision-log.ts';
import { releasesInForce } from './in-force.ts';
import { recordDecisions } from './record-decisions.ts';
import { type TellOptions, type Told, tellDecisions } from './tell.ts';

/** Steps after which a crash may come, in order; tests end the process at each. */
export const ACT_STEPS = ['decided', ...MONITORING_STEPS, 'logged', 'posted', 'told'] as const;
export type ActStep = 'decided' | MonitoringStep | 'logged' | 'posted' | 'told';

export interface Acted {
  /** Decisions made now. */
  readonly decisions: readonly MonitorDecision[];
  readonly told: readonly Told[];
}

export interface ActOptions extends Omit<TellOptions, 'onStep'> {
  readonly onStep?: (step: ActStep) => void;
}

/**
 * Decides about what is recorded and not decided yet, and carries out what recorded decisions ask for: monitoring.json, the
 * log, webhooks. Everything follows from the records, so a process that ends in between leaves nothing undone: this is called
 * whenever a command opens the registry, and does the rest. A retrain is requested with its decision, and made by
 * `workRetrains`.
 * @param monitors  those that are decided about; null for all
 * @throws as recordDecisions, updateMonitoringState, logDecisions, tellDecisions
 */
export async function act(
  registry: Registry,
  monitors: readonly string[] | null,
  options: ActOptions = {},
): Promise<Acted> {
  const { database, workspace } = registry;
  const { onStep = () => undefined } = options;
  const decisions = await recordDecisions(registry, monitors);
  onStep('decided');
  // A freeze comes first: whoever is told of it must find it in force.
  await updateMonitoringState(workspace, () => releasesInForce(database), onStep);
  await logDecisions(database, workspace);
  onStep('logged');
  return { decisions, told: await tellDecisions(registry, { ...options, onStep }) };
}
