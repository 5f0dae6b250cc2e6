import { AssayerError } from '../../core/errors.ts';
import type { MonitorDecision } from '../../core/monitor-decision.ts';
import type { RegistryDraft } from '../../core/registry-records.ts';
import { appendRecords } from '../../registry/append.ts';
import type { Sql } from '../../registry/sql.ts';
import type { ChainHead } from '../../registry/stored-records.ts';
import { decidePending } from '../decide/decide.ts';
import type { Registry } from '../registry/open-registry.ts';
import { type RecordedMonitor, readMonitors } from './history.ts';

/** Clocks of machines that share a registry differ by no more than this; a larger difference is refused when recording. */
const SKEW_MS = 1000;

/**
 * Decides about all that is recorded of monitors and not decided yet, and records the decisions together with the retrains
 * that they ask for. All in one transaction under the chain's lock: two processes never decide the same twice, and a
 * decision and its request stand or fall together.
 * @param monitors  null for all
 * @returns the new decisions
 * @throws ERR_POLICY where two versions take effect at one time, ERR_CLOCK, and as appendRecords
 */
export async function recordDecisions(
  registry: Registry,
  monitors: readonly string[] | null,
): Promise<MonitorDecision[]> {
  const { database, engine } = registry;
  for (;;) {
    try {
      return await database.transaction(async (sql) => {
        const now = await lockChain(sql, engine.clock.now());
        const made: MonitorDecision[] = [];
        const drafts: RegistryDraft[] = [];
        for (const recorded of await readMonitors(sql, monitors)) {
          for (const decision of decidePending(recorded.history, now)) {
            made.push(decision);
            drafts.push(...draftsOf(recorded, decision));
          }
        }
        if (drafts.length > 0) await appendRecords(sql, drafts, engine.clock);
        return made;
      });
    } catch (cause) {
      // Asked anew, the records tell whether the decisions stand.
      if (!(cause instanceof AssayerError && cause.code === 'ERR_REGISTRY_LOST')) throw cause;
    }
  }
}

/**
 * Takes the chain's lock until the transaction ends.
 * @returns the time of decisions: not before what other machines have recorded, whose clocks may be ahead a little
 * @throws ERR_CLOCK
 */
async function lockChain(sql: Sql, now: number): Promise<number> {
  const [{ time }] = await sql.query<ChainHead>(
    'select sequence, hash, time from assayer.chain_head for update',
  );
  const last = time === null ? now : Date.parse(time);
  if (time === null || last - now <= SKEW_MS) return Math.max(now, last);
  // What is recorded of a later time would be passed over without a word.
  throw new AssayerError('ERR_CLOCK', { time: new Date(now).toISOString(), last: time });
}

function draftsOf({ id, versions }: RecordedMonitor, decision: MonitorDecision): RegistryDraft[] {
  const { team, body } = versions[versions.length - 1];
  const decided: RegistryDraft = { kind: 'decision', subject: id, team, body: { decision } };
  if (!decision.actions.some(({ action }) => action === 'retrain')) return [decided];
  const request = { monitor: id, decision: decision.id, stage: 'requested' } as const;
  return [decided, { kind: 'retrain', subject: body.endpoint, team, body: request }];
}
