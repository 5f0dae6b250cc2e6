import { AssayerError } from '../../core/errors.ts';

/** Makes an array on the host. @throws ERR_OUT_OF_MEMORY where there is no room for it, or none can be so long */
export function makeHostArray<T>(sizeBytes: number, purpose: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes }, { cause });
  }
}
