import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';

const SYSTEM_PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOENT: 'its folder does not exist',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EPIPE: 'the reader closed it',
  EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** The code of a Node error ('ENOENT', 'Z_DATA_ERROR'), or null. */
export function systemCode(cause: unknown): string | null {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
}

function problemOf(cause: unknown): string {
  return SYSTEM_PROBLEMS[systemCode(cause) ?? ''] ?? describeCause(cause);
}

function isAbort(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'AbortError' || systemCode(cause) === 'ABORT_ERR');
}

/** Throws ERR_CANCELLED once the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {}, { cause: signal.reason });
}

/**
 * What a failure while reading an input means to the caller.
 * @param path the input as the user named it
 * @returns ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_INPUT_CORRUPT (gzip), ERR_CANCELLED, or what was foreseen already
 */
export function inputError(path: string, cause: unknown): AssayerError {
  if (cause instanceof AssayerError) return cause;
  if (isAbort(cause)) return new AssayerError('ERR_CANCELLED', {}, { cause });
  const code = systemCode(cause) ?? '';
  if (code === 'ENOENT') return new AssayerError('ERR_INPUT_NOT_FOUND', { path }, { cause });
  if (code.startsWith('Z_')) {
    const problem = `its gzip stream breaks off or is damaged (${describeCause(cause)})`;
    return new AssayerError('ERR_INPUT_CORRUPT', { path, problem }, { cause });
  }
  return new AssayerError('ERR_INPUT_UNREADABLE', { path, problem: problemOf(cause) }, { cause });
}

/** Why nothing can be made at a path. Some file systems (/proc) answer ENOENT though the folder is there. */
function refusalOf(path: string, cause: unknown): string {
  if (systemCode(cause) !== 'ENOENT' || !existsSync(dirname(resolve(path)))) return problemOf(cause);
  return `the file system refuses it (${describeCause(cause)})`;
}

/** What a failure while writing an output means: ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED, or what was foreseen already. */
export function outputError(path: string, cause: unknown): AssayerError {
  if (cause instanceof AssayerError) return cause;
  if (isAbort(cause)) return new AssayerError('ERR_CANCELLED', {}, { cause });
  return new AssayerError('ERR_OUTPUT_UNWRITABLE', { path, problem: refusalOf(path, cause) }, { cause });
}

/** What a failure on the workspace's own files means: ERR_WORKSPACE, ERR_CANCELLED, or what was foreseen already. */
export function workspaceError(path: string, cause: unknown): AssayerError {
  if (cause instanceof AssayerError) return cause;
  if (isAbort(cause)) return new AssayerError('ERR_CANCELLED', {}, { cause });
  return new AssayerError('ERR_WORKSPACE', { path, problem: refusalOf(path, cause) }, { cause });
}
