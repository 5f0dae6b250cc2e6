import { AssayerError, describeCause } from '../core/errors.ts';

/** The database's process, or the way to it, is gone. */
export class ConnectionLost extends Error {
  /** True where the commit had been asked for, so that what the transaction did may stand or not. */
  readonly committing: boolean;

  constructor(cause: unknown, committing: boolean) {
    super(describeCause(cause), { cause });
    this.committing = committing;
  }
}

const LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);
/** What pg says without a code. */
const LOST_TEXT = /connection terminated|client has encountered a connection error|not queryable|timeout/i;
/** Connection failures, server shutting down, and starting up. */
const LOST_STATES = /^(08|57P0[1-3])/;
const FULL = /no space left|disk full|quota exceeded|file too large/i;
const STORAGE_CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EIO', 'EFBIG']);

/** The code of a Node error or the SQLSTATE of a database's; '' where it has none. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

export function isLost(cause: unknown): boolean {
  const code = codeOf(cause);
  const text = cause instanceof Error ? cause.message : '';
  return LOST.has(code) || LOST_STATES.test(code) || (code === '' && LOST_TEXT.test(text));
}

/**
 * What a failure of the database means.
 * @param path the registry as the user knows it
 */
export function databaseError(path: string, cause: unknown): Error {
  if (cause instanceof AssayerError || cause instanceof ConnectionLost) return cause;
  const code = codeOf(cause);
  const problem = describeCause(cause);
  // Classes 53 (resources, disk full) and 58 (system, input and output) of SQLSTATE; 25006 is a read-only server.
  if (/^(53|58)|^25006$/.test(code) || STORAGE_CODES.has(code) || FULL.test(problem)) {
    return new AssayerError('ERR_REGISTRY_STORAGE', { path, problem }, { cause });
  }
  if (code === '55P03' || code === '40001' || code === '40P01') {
    return new AssayerError('ERR_REGISTRY_BUSY', { path, problem }, { cause });
  }
  return new AssayerError('ERR_REGISTRY_FAILED', { path, problem }, { cause });
}
