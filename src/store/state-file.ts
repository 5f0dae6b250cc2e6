import { open, rename } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { AssayerError } from '../core/errors.ts';
import { syncFolder } from './hashed-file.ts';
import { removeAtExit, removeNow } from './leftovers.ts';
import { lockOutput, type OutputLock } from './output-lock.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/** Another writer holds the lock for as long as it writes a small file. */
const LOCK_WAIT = { attempts: 250, pauseMs: 20 };

/**
 * Takes the lock of a small file of the workspace, waiting while others write it.
 * @throws ERR_OUTPUT_BUSY; a file system error as it came
 */
export async function lockStateFile(path: string): Promise<OutputLock> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await lockOutput(path);
    } catch (cause) {
      const busy = cause instanceof AssayerError && cause.code === 'ERR_OUTPUT_BUSY';
      if (!busy || attempt === LOCK_WAIT.attempts) throw cause;
      await setTimeout(LOCK_WAIT.pauseMs);
    }
  }
}

/**
 * Puts a text in place of a file that lies in the workspace's folder. It is on the disk before it gets its name, so a crash
 * leaves the old file or the new.
 * @param onWritten  called before the file gets its name
 * @throws a file system error as it came
 */
export async function replaceStateFile(
  workspace: Workspace,
  path: string,
  text: string,
  onWritten: () => void,
): Promise<void> {
  const temporary = temporaryPath(workspace.tmp, 'state');
  try {
    await writeSynced(temporary, text);
    onWritten();
    await rename(temporary, path);
    await syncFolder(workspace.path);
  } finally {
    await removeNow(temporary);
  }
}

/**
 * Makes a file with its content on the disk; it is removed when the process ends, unless `removeNow` was called.
 * @throws a file system error as it came
 */
export async function writeSynced(path: string, text: string): Promise<void> {
  await using handle = await open(path, 'wx');
  removeAtExit(path);
  await handle.writeFile(text);
  await handle.sync();
}
