import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { AssayerError } from '../core/errors.ts';
import { systemCode } from './file-error.ts';
import { removeAtExit, removeNow, textOf } from './leftovers.ts';
import { describeProcess, isDead, PROCESS_TAG } from './process-tag.ts';

/** What stands in the locks that this process holds: its own tag in any other was left by an earlier process of that pid. */
const held = new Set<string>();

const ATTEMPTS = 50;
const WAIT_MS = 20;

/** Exclusive right to write one output, kept as `<output>.lock` with `<owner's tag>.<random>` inside. */
export interface OutputLock extends AsyncDisposable {
  readonly path: string;
}

/**
 * Takes the lock of an output. The lock of a process that has ended is taken over.
 * @param output final path of the output
 * @throws ERR_OUTPUT_BUSY; a file system error as it came
 */
export async function lockOutput(output: string): Promise<OutputLock> {
  const path = `${output}.lock`;
  const content = `${PROCESS_TAG}.${randomUUID()}`;
  held.add(content);
  try {
    await take(output, path, content);
  } catch (cause) {
    held.delete(content);
    throw cause;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (held.delete(content)) await removeNow(path);
    },
  };
}

async function take(output: string, path: string, content: string): Promise<void> {
  let owner: string | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(path, content)) return;
    owner = await ownerOf(path);
    if (owner !== null && !isStale(owner)) break;
    if (owner !== null) await removeStale(output, path, owner, content);
  }
  throw busy(output, path, owner ?? '');
}

/**
 * Two processes may see the same stale lock, and the slower of them must not remove the lock that another has made since.
 * So a lock is removed by its owner or by the holder of `<lock>.takeover` alone, who looks at it once more: while that
 * file is held, a dead process's lock stays as it is. A takeover that was itself killed is for the user to clear away.
 */
async function removeStale(output: string, path: string, owner: string, content: string): Promise<void> {
  const takeover = `${path}.takeover`;
  if (!(await create(takeover, content))) {
    const other = await ownerOf(takeover);
    if (other !== null && isStale(other)) throw busy(output, takeover, other);
    await setTimeout(WAIT_MS);
    return;
  }
  try {
    if ((await textOf(path)) === owner) await rm(path, { force: true });
  } finally {
    await removeNow(takeover);
  }
}

function isStale(owner: string): boolean {
  const tag = tagOf(owner);
  return isDead(tag) || (tag === PROCESS_TAG && !held.has(owner));
}

function tagOf(owner: string): string {
  return owner.split('.', 1)[0].trim();
}

function busy(output: string, lock: string, owner: string): AssayerError {
  return new AssayerError('ERR_OUTPUT_BUSY', { path: output, pid: describeProcess(tagOf(owner)), lock });
}

/** @returns false when the file exists */
async function create(path: string, content: string): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false;
    throw cause;
  }
  try {
    removeAtExit(path, content);
    await handle.writeFile(content);
    return true;
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await handle.close();
  }
}

/** What stands in a lock, or null where it has just gone. An empty lock is read again: its owner may be writing it. */
async function ownerOf(path: string): Promise<string | null> {
  for (let attempt = 0; ; attempt++) {
    const owner = await textOf(path);
    if (owner !== '' || attempt === 5) return owner;
    await setTimeout(WAIT_MS);
  }
}
