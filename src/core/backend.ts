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
  /** True once a failure has ended all use of its device by this process. */
  readonly lost?: boolean;
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

/** What an operation gave, the backend that ran it, and why each one before it in the list did not. */
export interface BackendAnswer<Result> {
  readonly result: Result;
  readonly backend: Backend;
  readonly refusals: readonly Refusal[];
}

/**
 * Runs an operation on the first backend of an ordered list that opens, has it, and has room for it: a device that is full or
 * fails is passed over like one that is absent.
 * @param use  calls the operation
 * @throws ERR_NO_BACKEND with the reason of every refusal, and what the operation throws for other reasons than its device
 */
export async function runOnFirst<Name extends OperationName, Result>(
  operation: Name,
  sources: readonly BackendSource[],
  use: (run: Operations[Name]) => Promise<Result>,
): Promise<BackendAnswer<Result>> {
  const refusals: Refusal[] = [];
  for (const source of sources) {
    const refuse = (reason: string) => refusals.push({ device: source.name, reason });
    if (source.offers && !source.offers.includes(operation)) {
      refuse(`it has no ${operation}`);
      continue;
    }
    let backend: Backend;
    try {
      backend = await source.open();
    } catch (cause) {
      refuse(describeCause(cause));
      continue;
    }
    const run: Operations[Name] | undefined = backend.ops[operation];
    if (!run) {
      refuse(`it has no ${operation}`);
      continue;
    }
    try {
      return { result: await use(run), backend, refusals };
    } catch (cause) {
      if (!isDeviceFailure(backend, cause)) throw cause;
      refuse(describeCause(cause));
    }
  }
  const reasons = refusals.map(({ device, reason }) => `${device}: ${reason}`).join('; ');
  throw new AssayerError('ERR_NO_BACKEND', { operation, reasons: reasons || 'the list of devices is empty' });
}

/** Whether a device, not the call, is at fault. On the processor nothing is left to turn to. */
function isDeviceFailure({ device }: Backend, cause: unknown): boolean {
  if (device === undefined || !(cause instanceof AssayerError)) return false;
  return cause.code === 'ERR_OUT_OF_MEMORY' || cause.code === 'ERR_GPU_CALL';
}
