import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { RECORD_KINDS, type RecordKind, type SignedHead } from '../core/registry-records.ts';
import { signHead } from '../registry/heads.ts';
import { fingerprint, openKeys } from '../registry/keys.ts';
import { lastRecord, readHead } from '../registry/read-records.ts';
import type { ChainHead } from '../registry/stored-records.ts';
import type { Registry } from './registry/open-registry.ts';

export interface RegistryStatus {
  readonly dialect: 'pglite' | 'postgres';
  readonly head: ChainHead;
  /** Records of each kind that has some. */
  readonly counts: Partial<Record<RecordKind, number>>;
  readonly teams: readonly string[];
  /** SHA-256 of the workspace's public key. */
  readonly key: string;
  /** The last head that was signed; null where none was. */
  readonly signed: SignedHead | null;
}

/** Where a registry stands. @throws ERR_KEY, ERR_REGISTRY_* */
export async function registryStatus({
  database,
  workspace,
}: Pick<Registry, 'database' | 'workspace'>): Promise<RegistryStatus> {
  const keys = await openKeys(join(workspace.path, 'keys'));
  const rows = await database.query<{ kind: RecordKind; count: number }>(
    'select kind, count(*) as count from assayer.records group by kind',
  );
  const found = new Map(rows.map(({ kind, count }) => [kind, count]));
  const counts = Object.fromEntries(
    RECORD_KINDS.flatMap((kind) => (found.has(kind) ? [[kind, found.get(kind)]] : [])),
  );
  const teams = await database.query<{ team: string }>('select team from assayer.teams order by team');
  const last = await lastRecord(database, 'head');
  return {
    dialect: database.dialect,
    head: await readHead(database),
    counts,
    teams: teams.map(({ team }) => team),
    key: fingerprint(createPublicKey(keys.own)),
    signed: last?.body.head ?? null,
  };
}

/**
 * A signed head of the chain as it ends now: the last one where nothing was recorded since, else a new one.
 * @throws ERR_REGISTRY_EMPTY, ERR_KEY, ERR_REGISTRY_*, ERR_CLOCK
 */
export async function currentHead({
  database,
  workspace,
  engine,
}: Pick<Registry, 'database' | 'workspace' | 'engine'>): Promise<SignedHead> {
  const keys = await openKeys(join(workspace.path, 'keys'));
  const last = await lastRecord(database, 'head');
  const { sequence } = await readHead(database);
  if (last?.sequence === sequence && keys.trusted.has(last.body.head.key)) return last.body.head;
  return await signHead(database, keys, engine.clock);
}
