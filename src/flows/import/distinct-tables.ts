import { existsSync, realpathSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import type { TablePaths } from './import-rows.ts';

/**
 * Refuses an import that gives one table in two roles; links are followed. Figures on compounds that a model was trained
 * on, or calibrated with, say nothing about new ones.
 * @throws ERR_USAGE
 */
export function requireDistinctTables({ training, evaluation, calibration }: TablePaths): void {
  const roles = new Map<string, string>();
  for (const [role, path] of Object.entries({ training, evaluation, calibration })) {
    if (path === null || !existsSync(path)) continue;
    const real = realpathSync(path);
    const other = roles.get(real);
    if (other !== undefined) {
      const problem = `--${other} and --${role} are the same file, ${path}. Training, evaluation and calibration must be of different compounds: give each its own table.`;
      throw new AssayerError('ERR_USAGE', { problem });
    }
    roles.set(real, role);
  }
}
