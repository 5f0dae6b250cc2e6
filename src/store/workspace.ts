import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { workspaceError } from './file-error.ts';
import { removeNow } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { isDead, PROCESS_TAG } from './process-tag.ts';

/**
 * A workspace's folders:
 *
 *     features/            <sha256>.arrow, immutable feature sets
 *     features/by-input/   <key>.json, which feature set an input has
 *     statistics/          <key>.f64, numbers that follow from a reference (cached-numbers.ts)
 *     outbox/              lineage records that the registry has not taken in yet
 *     results/             <sha256 of a result>.keys, where each compound stands in it (compound-keys.ts)
 *     tmp/                 files being written, spooled inputs; named <what>.<owner's tag>.<random>
 */
export interface Workspace {
  readonly path: string;
  readonly features: string;
  readonly featuresByInput: string;
  readonly outbox: string;
  readonly tmp: string;
}

/** A partial file of another machine cannot be told dead from its owner; after this long it is taken as left over. */
const ABANDONED_AFTER_MS = 7 * 24 * 3600 * 1000;

/**
 * Opens a workspace folder, making what is missing, and removes partial files that ended processes left in `tmp`.
 * @throws ERR_WORKSPACE
 */
export async function openWorkspace(path: string, clock: Clock = systemClock): Promise<Workspace> {
  const root = resolve(path);
  const workspace: Workspace = {
    path: root,
    features: join(root, 'features'),
    featuresByInput: join(root, 'features', 'by-input'),
    outbox: join(root, 'outbox'),
    tmp: join(root, 'tmp'),
  };
  try {
    for (const folder of [workspace.featuresByInput, workspace.outbox, workspace.tmp]) {
      await makeFolder(folder);
    }
    await cleanTemporary(workspace.tmp, clock);
  } catch (cause) {
    throw workspaceError(path, cause);
  }
  return workspace;
}

/**
 * A path in `folder` that no other call or process uses or can foresee; `what` ends up in the name for people to read.
 * The tag alone would not do: in a container, each run may have the process id of the one before.
 */
export function temporaryPath(folder: string, what: string): string {
  return join(folder, `${what}.${PROCESS_TAG}.${randomBytes(8).toString('hex')}`);
}

async function cleanTemporary(folder: string, clock: Clock): Promise<void> {
  for (const name of await readdir(folder)) {
    const tag = /\.(\d+-[0-9a-f]{8})\.[0-9a-f]+(\.wal)?$/.exec(name)?.[1];
    if (tag === undefined) continue;
    const path = join(folder, name);
    const stats = await stat(path).catch(() => null);
    const abandoned = stats !== null && clock.now() - stats.mtimeMs > ABANDONED_AFTER_MS;
    if (isDead(tag) || (abandoned && tag !== PROCESS_TAG)) await removeNow(path);
  }
}
