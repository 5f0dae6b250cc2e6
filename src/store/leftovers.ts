import { readFileSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { systemCode } from './file-error.ts';

/** Files of this process that must not outlive it, even when it ends by process.exit; null where any content goes. */
const files = new Map<string, string | null>();
process.once('exit', () => {
  for (const [path, content] of files) {
    try {
      if (content === null || readFileSync(path, 'utf8') === content) rmSync(path, { force: true });
    } catch {} // gone already, or not ours to remove: nobody is left to tell
  }
});

/**
 * Removes `path` when the process ends, unless it is released before.
 * @param content only while the file holds exactly this, since another process may have put its own there
 */
export function removeAtExit(path: string, content: string | null = null): void {
  files.set(path, content);
}

/** The file is kept (or is gone already). */
export function release(path: string): void {
  files.delete(path);
}

/** Removes the file now, under the condition it was named with; no error when it does not exist. */
export async function removeNow(path: string): Promise<void> {
  const content = files.get(path) ?? null;
  if (content === null || (await textOf(path)) === content) await rm(path, { force: true });
  files.delete(path);
}

/** Text of a file, or null where there is none. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}
