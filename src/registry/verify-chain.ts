import { recordHash } from '../core/registry-records.ts';
import { diagnoseChain } from './diagnose-chain.ts';
import { readHead } from './read-records.ts';
import type { Database } from './sql.ts';
import { type ChainHead, streamRecords } from './stored-records.ts';

/** What is wrong with the record of one place. */
export interface ChainProblem {
  /** The place that the record was appended at; of an inserted one where it stands; of several missing the first. */
  readonly sequence: number;
  readonly kind: 'altered' | 'missing' | 'moved' | 'inserted';
  readonly inWords: string;
}

export interface ChainReport {
  readonly records: number;
  /** The end of the chain. */
  readonly head: ChainHead;
  /** Empty where the chain is whole; otherwise all there are, by place. */
  readonly problems: readonly ChainProblem[];
}

/**
 * Walks the whole chain: every record against its hash, its place and the record before it, and the last against the head.
 * What it cannot see is a chain that was cut short or rewritten to its end, head included: compareWithAnchors does.
 */
export async function verifyChain(database: Database): Promise<ChainReport> {
  return await database.transaction(async (sql) => {
    // The chain as it is now, whatever others append meanwhile.
    await sql.query('set transaction isolation level repeatable read, read only');
    const head = await readHead(sql);
    let sequence = 0;
    let last: string | null = null;
    let whole = true;
    for await (const batch of streamRecords(sql)) {
      for (const record of batch) {
        sequence++;
        whole &&=
          record.sequence === sequence && record.previous === last && recordHash(record) === record.hash;
        last = record.hash;
      }
    }
    whole &&= sequence === head.sequence && last === head.hash;
    return { records: sequence, head, problems: whole ? [] : await diagnoseChain(sql, head) };
  });
}
