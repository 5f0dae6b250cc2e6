import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './file-error.ts';

/**
 * Makes a folder and the folders above it. Not `mkdir` with `recursive`: on a file system that answers ENOENT for a
 * folder that cannot be made (/proc), Node 24 then tries for ever.
 * @throws a file system error as it came
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT' || dirname(path) === path) throw cause;
    // Another process may have made the folder above in between; once it is there, a second ENOENT is the last word.
    if (!(await isFolder(dirname(path)))) await makeFolder(dirname(path));
    await makeOne(path);
  }
}

/** No error where the folder is there already. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    if (!(systemCode(cause) === 'EEXIST' && (await isFolder(path)))) throw cause;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null); // what is wrong with it, mkdir has said
  return stats?.isDirectory() ?? false;
}
