import { AssayerError } from '../../core/errors.ts';

/** Makes arrays in the host's memory. @throws ERR_OUT_OF_MEMORY with the purpose */
export function inHostMemory<T>(sizeBytes: number, purpose: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes }, { cause });
  }
}
