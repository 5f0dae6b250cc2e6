import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryRecord, StoredRecord } from '../../core/registry-records.ts';
import { recordAt } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { parseRecord } from '../../registry/stored-records.ts';
import { workspaceError } from '../../store/file-error.ts';
import { textOf } from '../../store/leftovers.ts';
import { lockStateFile } from '../../store/state-file.ts';
import type { Workspace } from '../../store/workspace.ts';

/** One line for each decision, for people and for whatever collects logs. */
export const DECISION_LOG = 'monitoring.log';

const LINE = /^\S+ #(\d+) decision ([0-9a-f]{12}) /;

/**
 * Brings the log up to the recorded decisions: each stands in it once, in their order. A line that a crash cut off is written
 * anew.
 * @returns lines written
 * @throws ERR_WORKSPACE, ERR_OUTPUT_BUSY
 */
export async function logDecisions(sql: Sql, workspace: Workspace): Promise<number> {
  const path = join(workspace.path, DECISION_LOG);
  try {
    await using _ = await lockStateFile(path);
    const text = (await textOf(path)) ?? '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const logged = await lastLogged(sql, whole);
    const decisions = await decisionsAfter(sql, logged);
    if (decisions.length === 0 && whole === text) return 0;
    await using handle = await open(path, 'a');
    await handle.truncate(Buffer.byteLength(whole));
    await handle.writeFile(decisions.map(lineOf).join(''));
    await handle.sync();
    return decisions.length;
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}

/** The place of the last decision in the log; 0 where there is none, or it is not of this registry. */
async function lastLogged(sql: Sql, text: string): Promise<number> {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const [, sequence, id] = LINE.exec(last) ?? [];
  if (sequence === undefined) return 0;
  const record = await recordAt(sql, Number(sequence));
  return record?.kind === 'decision' && record.body.decision.id.startsWith(id) ? record.sequence : 0;
}

async function decisionsAfter(sql: Sql, sequence: number): Promise<RegistryRecord<'decision'>[]> {
  const rows = await sql.query<StoredRecord>(
    `select sequence, kind, subject, team, time, previous, body, hash from assayer.records
     where kind = 'decision' and sequence > $1 order by sequence`,
    [sequence],
  );
  return rows.map((row) => parseRecord(row) as RegistryRecord<'decision'>);
}

function lineOf({ sequence, body: { decision } }: RegistryRecord<'decision'>): string {
  const { time, id, monitor, outcome, tell, inWords } = decision;
  const words = inWords.replace(/\s+/g, ' ');
  return `${time} #${sequence} decision ${id.slice(0, 12)} monitor ${monitor}: ${outcome}. ${words} Told: ${tell.join(', ')}.\n`;
}
