import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { AssayerError } from '../core/errors.ts';
import type { RegistryDraft, RegistryRecord } from '../core/registry-records.ts';
import { project } from './project.ts';
import type { Database, Sql } from './sql.ts';
import { type ChainHead, chainRecords, insertRecords, parseRecord } from './stored-records.ts';

/** Clocks of machines that share a server differ by so much; a process whose clock is behind waits as long. */
const SKEW_MS = 1000;

/**
 * Adds records to the end of the chain, and to the tables that follow from it.
 * @param sql   a transaction; it holds the chain's lock until its end
 * @param clock asked once the chain is locked, so that waiting for others makes no time out of order
 * @throws ERR_CLOCK where the clock lies before the last record; ERR_REGISTRY_REFERENCE, ERR_REGISTRY_DUPLICATE and what else
 *   the rules of a kind refuse, and then the transaction must not be committed
 */
export async function appendRecords(
  sql: Sql,
  drafts: readonly RegistryDraft[],
  clock: Clock,
): Promise<RegistryRecord[]> {
  const [head] = await sql.query<ChainHead>('select sequence, hash, time from assayer.chain_head for update');
  const time = await timeAfter(head, clock);
  const stored = chainRecords(drafts, head, time);
  const last = stored.at(-1);
  if (!last) return [];
  await insertRecords(sql, stored);
  const records = stored.map(parseRecord);
  await project(sql, records);
  await sql.query('update assayer.chain_head set sequence = $1, hash = $2, time = $3', [
    last.sequence,
    last.hash,
    time,
  ]);
  return records;
}

/**
 * Adds records in a transaction of their own, exactly once: where the database's process ends during the commit, the
 * next one is asked whether they stand.
 * @throws as appendRecords; ERR_REGISTRY_BUSY, ERR_REGISTRY_STORAGE
 */
export async function append(
  database: Database,
  drafts: readonly RegistryDraft[],
  clock: Clock,
): Promise<RegistryRecord[]> {
  for (;;) {
    let written: RegistryRecord[] = [];
    try {
      return await database.transaction(async (sql) => {
        written = await appendRecords(sql, drafts, clock);
        return written;
      });
    } catch (cause) {
      if (!(cause instanceof AssayerError && cause.code === 'ERR_REGISTRY_LOST')) throw cause;
      const last = written.at(-1);
      const found = await database.query('select 1 from assayer.records where hash = $1', [
        last?.hash ?? null,
      ]);
      if (found.length > 0) return written;
    }
  }
}

async function timeAfter({ time: last }: ChainHead, clock: Clock): Promise<string> {
  const behindMs = last === null ? 0 : Date.parse(last) - clock.now();
  if (behindMs > 0 && behindMs <= SKEW_MS) await setTimeout(behindMs);
  const time = new Date(clock.now()).toISOString();
  if (last !== null && time < last) throw new AssayerError('ERR_CLOCK', { time, last });
  return time;
}
