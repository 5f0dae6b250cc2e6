import { describeCause } from '../core/errors.ts';
import type { OperationName } from '../core/ops.ts';
import type { Engine } from './engine.ts';

/** A backend for operations as `assayer devices` shows it: what it runs here, or why it cannot be used. */
export interface BackendStatus {
  readonly backend: string;
  readonly usable: boolean;
  /** Operations it has; empty where it cannot be used. */
  readonly operations: readonly OperationName[];
  /** Its operations and hardware, or why it cannot be used. */
  readonly reason: string;
}

/** Opens every backend of the engine's list, in the order they are tried. */
export async function listOperations(engine: Engine): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  for (const source of engine.backends) {
    const { name } = source;
    try {
      const { ops, device } = await source.open();
      const operations = Object.keys(ops) as OperationName[];
      const reason = `${operations.join(', ')}${device ? ` on ${device}` : ''}`;
      statuses.push({ backend: name, usable: true, operations, reason });
    } catch (cause) {
      statuses.push({ backend: name, usable: false, operations: [], reason: describeCause(cause) });
    }
  }
  return statuses;
}
