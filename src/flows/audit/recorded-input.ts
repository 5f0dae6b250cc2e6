import { stat } from 'node:fs/promises';
import { contractHash } from '../../core/contract.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { sha256File } from '../../core/hash.ts';
import type { LineageRecord } from '../../core/lineage.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { systemCode } from '../../store/file-error.ts';
import type { Engine } from '../engine.ts';

/** What lies where a run's input lay. */
export type FoundInput =
  | { readonly is: 'same' }
  | { readonly is: 'other'; readonly sha256: string }
  | { readonly is: 'gone' };

/** Looks where a run found its input. @throws a system error, as it came, where it cannot be read */
export async function findInput(path: string, expected: string, signal?: AbortSignal): Promise<FoundInput> {
  try {
    if (path === '-' || !(await stat(path)).isFile()) return { is: 'gone' };
    const sha256 = await sha256File(path, signal);
    return sha256 === expected ? { is: 'same' } : { is: 'other', sha256 };
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') return { is: 'gone' };
    throw cause;
  }
}

/** Why an engine cannot make what a run made; null where it can. */
export function otherEngine(engine: Engine, { work }: LineageRecord): string | null {
  if (work.contract !== contractHash(engine.contract)) {
    return `it was made under feature contract ${work.contract.slice(0, 12)}, and this engine makes ${contractHash(engine.contract).slice(0, 12)}`;
  }
  return work.engine === ENGINE_VERSION
    ? null
    : `it was made by Assayer ${work.engine}, and this is ${ENGINE_VERSION}`;
}

/** Whether a run was made on a processor and packages like these, so that every byte must be the same. */
export function sameMachine(engine: Engine, environment: Readonly<Record<string, string>>): boolean {
  return Object.entries(engine.environment).every(([name, value]) => environment[name] === value);
}

/** What a failed attempt says; cancelling is none. @throws ERR_CANCELLED */
export function failureText(cause: unknown): string {
  if (cause instanceof AssayerError && cause.code === 'ERR_CANCELLED') throw cause;
  return cause instanceof AssayerError ? `${cause.code}: ${cause.message}` : describeCause(cause);
}
