import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../core/descriptors.ts';
import { AssayerError } from '../core/errors.ts';

/**
 * RDKit's descriptors of one molecule in the order of DESCRIPTOR_NAMES.
 * @param json  the text of `mol.get_descriptors()`
 * @param out   float32 [43], overwritten
 * @throws ERR_CHEMISTRY when RDKit's names or their order differ, or a value is no finite number
 */
export function readDescriptors(json: string, out: Float32Array): void {
  const values = JSON.parse(json) as Record<string, number>;
  let at = 0;
  for (const name in values) {
    const value = values[name];
    if (name !== DESCRIPTOR_NAMES[at])
      throw mismatch(`descriptor ${at} is ${name}, not ${DESCRIPTOR_NAMES[at]}`);
    if (!Number.isFinite(value)) throw mismatch(`descriptor ${name} is ${value}`);
    out[at++] = value;
  }
  if (at !== DESCRIPTOR_COUNT) throw mismatch(`${at} descriptors, not ${DESCRIPTOR_COUNT}`);
}

function mismatch(problem: string): AssayerError {
  return new AssayerError('ERR_CHEMISTRY', { problem });
}
