import { AssayerError } from '../../core/errors.ts';
import type { DeviceMemory } from '../../native/cuda.ts';

/** A field of a kernel's parameter struct: an address (with an offset, or null), a 32-bit integer, or a float64. */
export type Parameter =
  | { readonly address: DeviceMemory | null; readonly offsetBytes?: number }
  | { readonly int: number }
  | { readonly double: number };

/**
 * The bytes of a kernel's parameter struct, each field at a multiple of its size as C++ lays it out, the whole a
 * multiple of 8. An integer is stored in two's complement: a kernel reads it as signed or as unsigned.
 * @throws ERR_INTERNAL for an integer that 32 bits do not hold
 */
export function packParameters(fields: readonly Parameter[]): Uint8Array {
  const bytes = new Uint8Array(fields.length * 8);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [index, field] of fields.entries()) {
    if ('int' in field) {
      checkInt(field.int, index);
      view.setInt32(at, field.int, true);
      at += 4;
      continue;
    }
    at = Math.ceil(at / 8) * 8;
    if ('double' in field) view.setFloat64(at, field.double, true);
    else {
      const { address, offsetBytes = 0 } = field;
      view.setBigUint64(at, address ? address.address + BigInt(offsetBytes) : 0n, true);
    }
    at += 8;
  }
  return bytes.subarray(0, Math.ceil(at / 8) * 8);
}

function checkInt(value: number, index: number): void {
  if (Number.isSafeInteger(value) && value >= -(2 ** 31) && value < 2 ** 32) return;
  throw new AssayerError('ERR_INTERNAL', {
    problem: `field ${index} of a kernel's parameters is ${value}, which is no integer of 32 bits`,
  });
}
