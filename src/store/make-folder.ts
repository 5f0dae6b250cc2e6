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
    await mkdir(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' && dirname(path) !== path && !(await isFolder(dirname(path)))) {
      await makeFolder(dirname(path));
      await makeFolder(path);
    } else if (!(code === 'EEXIST' && (await isFolder(path)))) {
      throw cause;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null); // what is wrong with it, mkdir has said
  return stats?.isDirectory() ?? false;
}
