import { AssayerError } from '../../core/errors.ts';
import { type MonitorPolicy, monitorPolicyHash } from '../../core/monitor-policy.ts';

/**
 * Of the versions of a policy the one that judges what happened at a time: the last that was in effect before it.
 * @param at  milliseconds since 1970; a version judges nothing of the very instant that it takes effect
 * @returns null where none was in effect yet
 * @throws ERR_POLICY where two versions take effect at one time
 */
export function policyInEffect(versions: readonly MonitorPolicy[], at: number): MonitorPolicy | null {
  let found: MonitorPolicy | null = null;
  for (const version of versions) {
    const from = Date.parse(version.effectiveFrom);
    if (from >= at) continue;
    const before = found ? Date.parse(found.effectiveFrom) : Number.NEGATIVE_INFINITY;
    if (from === before && found && monitorPolicyHash(found) !== monitorPolicyHash(version)) {
      const problem = `${found.name} takes effect at the same time (${version.effectiveFrom}), so that nobody could say which judges. Set another effectiveFrom`;
      throw new AssayerError('ERR_POLICY', { path: version.name, problem });
    }
    if (from > before) found = version;
  }
  return found;
}
