import { AssayerError, describeCause } from './errors.ts';
import type { OperationName, Operations } from './ops.ts';
import type { Refusal } from './ports.ts';

/** A way to run operations; one that it cannot run is a missing key. */
export interface Backend {
  /** As shown by `assayer devices`: reference, wasm, cuda. */
  readonly name: string;
  /** The hardware that it runs on; absent where that is the processor. */
  readonly device?: string;
  readonly ops: Readonly<Partial<Operations>>;
  /** Gives back what it holds on a device; absent where that is nothing. */
  close?(): Promise<void>;
}

/** A backend that may be absent from this machine: `open` throws, and the error says why. */
export interface BackendSource {
  readonly name: string;
  /** The operations that it may have; it is not opened for others. All when not said. */
  readonly offers?: readonly OperationName[];
  open(): Promise<Backend>;
}

/** The backend that runs an operation, and why each one before it in the list does not. */
export interface Selection<Name extends OperationName> {
  readonly backend: Backend;
  readonly run: Operations[Name];
  readonly refusals: readonly Refusal[];
}

/**
 * The first backend of an ordered list that opens and has the operation.
 * @throws ERR_NO_BACKEND with the reason of every refusal
 */
export async function selectBackend<Name extends OperationName>(
  operation: Name,
  sources: readonly BackendSource[],
): Promise<Selection<Name>> {
  const refusals: Refusal[] = [];
  for (const source of sources) {
    if (source.offers && !source.offers.includes(operation)) {
      refusals.push({ device: source.name, reason: `it has no ${operation}` });
      continue;
    }
    try {
      const backend = await source.open();
      const run: Operations[Name] | undefined = backend.ops[operation];
      if (run) return { backend, run, refusals };
      refusals.push({ device: source.name, reason: `it has no ${operation}` });
    } catch (cause) {
      refusals.push({ device: source.name, reason: describeCause(cause) });
    }
  }
  const reasons = refusals.map(({ device, reason }) => `${device}: ${reason}`).join('; ');
  throw new AssayerError('ERR_NO_BACKEND', { operation, reasons: reasons || 'the list of devices is empty' });
}
