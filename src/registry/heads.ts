import { createPublicKey } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import type { SignedHead } from '../core/registry-records.ts';
import { append } from './append.ts';
import { codeOf } from './database-error.ts';
import { fingerprint, type Keys, requireSigned, signValue } from './keys.ts';
import { readHead, recordAt } from './read-records.ts';
import type { Database, Sql } from './sql.ts';

/** An anchored head that the chain does not hold any more. */
export interface AnchorProblem {
  readonly head: SignedHead;
  readonly kind: 'truncated' | 'rewritten';
  readonly inWords: string;
}

/**
 * Signs where the chain ends now, and records that. Anchor the result where nobody who can write the database can write
 * (anchorHead, or another registry): a chain that is cut short or written anew to its end verifies by itself.
 * @throws ERR_REGISTRY_EMPTY; as append
 */
export async function signHead(database: Database, keys: Keys, clock: Clock): Promise<SignedHead> {
  const end = await readHead(database);
  if (end.hash === null) throw new AssayerError('ERR_REGISTRY_EMPTY', {});
  const unsigned = {
    schema: 'assayer.head/1',
    sequence: end.sequence,
    hash: end.hash,
    time: new Date(clock.now()).toISOString(),
    key: fingerprint(createPublicKey(keys.own)),
  } as const;
  const head: SignedHead = { ...unsigned, signature: signValue(keys.own, unsigned) };
  await append(database, [{ kind: 'head', subject: head.hash, team: null, body: { head } }], clock);
  return head;
}

/** Adds a head to a file of anchors, one line of JSON each. @throws ERR_REGISTRY_STORAGE */
export async function anchorHead(path: string, head: SignedHead): Promise<void> {
  try {
    await using handle = await open(path, 'a');
    await handle.writeFile(`${JSON.stringify(head)}\n`);
    await handle.sync();
  } catch (cause) {
    throw new AssayerError('ERR_REGISTRY_STORAGE', { path, problem: describeCause(cause) }, { cause });
  }
}

/** The heads of a file of anchors, in their order. @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_FORMAT */
export async function readAnchors(path: string): Promise<SignedHead[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') throw new AssayerError('ERR_INPUT_NOT_FOUND', { path }, { cause });
    throw new AssayerError('ERR_INPUT_UNREADABLE', { path, problem: describeCause(cause) }, { cause });
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => {
    const problem = `line ${i + 1} is no signed head`;
    try {
      const head = JSON.parse(line) as SignedHead;
      if (isHead(head)) return head;
    } catch (cause) {
      throw new AssayerError('ERR_INPUT_FORMAT', { path, format: 'file of anchors', problem }, { cause });
    }
    throw new AssayerError('ERR_INPUT_FORMAT', { path, format: 'file of anchors', problem });
  });
}

function isHead(head: SignedHead | null): boolean {
  const texts = [head?.hash, head?.time, head?.key, head?.signature];
  return (
    head?.schema === 'assayer.head/1' &&
    Number.isInteger(head.sequence) &&
    texts.every((text) => typeof text === 'string')
  );
}

/**
 * Compares the chain with heads that were anchored outside: each must still be a record of it, at its place.
 * @returns what is not, in the order of the anchors
 * @throws ERR_KEY_UNKNOWN, ERR_SIGNATURE where an anchor itself cannot be relied on
 */
export async function compareWithAnchors(
  sql: Sql,
  keys: Keys,
  anchors: readonly SignedHead[],
): Promise<AnchorProblem[]> {
  const problems: AnchorProblem[] = [];
  for (const head of anchors) {
    const { signature, ...unsigned } = head;
    requireSigned(keys, `the head of record ${head.sequence}`, unsigned, head.key, signature);
    const record = await recordAt(sql, head.sequence);
    if (record?.hash === head.hash) continue;
    const kind = record ? 'rewritten' : 'truncated';
    const inWords = record
      ? `the chain was rewritten at or before record ${head.sequence}: it was ${head.hash} at ${head.time}, now it is ${record.hash}`
      : `the chain was cut short: it had record ${head.sequence} at ${head.time}`;
    problems.push({ head, kind, inWords });
  }
  return problems;
}
