import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AssayerError } from '../core/errors.ts';

/**
 * Refuses a call whose files are not all different ones: an output would take the place of its own input. Links are
 * followed; `-` and what is not given do not count.
 * @throws ERR_USAGE
 */
export function requireDistinctFiles(paths: readonly (string | null | undefined)[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    if (!path || path === '-') continue;
    const real = realPath(path);
    const other = seen.get(real);
    if (other !== undefined) {
      const problem = `${other} and ${path} are the same file. Choose another name for the output.`;
      throw new AssayerError('ERR_USAGE', { problem });
    }
    seen.set(real, path);
  }
}

/** The path behind all links; of a file that is not there yet, its folder's. */
function realPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const folder = dirname(absolute);
  return existsSync(folder) ? join(realpathSync(folder), basename(absolute)) : absolute;
}
