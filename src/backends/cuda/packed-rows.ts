import type { RowShape } from '../../core/search-arguments.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';

/** Rows are put together on the host in pieces of this size. */
const PIECE_BYTES = 32 * 2 ** 20;

/**
 * Writes the compared bytes of some rows to the start of device memory, `to.rowBytes` from one to the next; what a
 * row has less than that is 0.
 * @param first  the first row of `count`
 */
export async function writeRows(
  device: CudaDevice,
  to: { readonly memory: DeviceMemory; readonly rowBytes: number },
  fingerprints: Uint8Array,
  shape: RowShape,
  first: number,
  count: number,
): Promise<void> {
  const { memory, rowBytes } = to;
  if (shape.rowBytes === rowBytes && shape.bytes === rowBytes) {
    await device.write(memory, 0, fingerprints.subarray(first * rowBytes, (first + count) * rowBytes));
    return;
  }
  const pieceRows = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  for (let at = 0; at < count; at += pieceRows) {
    const piece = new Uint8Array(Math.min(pieceRows, count - at) * rowBytes);
    for (let row = 0; row * rowBytes < piece.length; row++) {
      const from = (first + at + row) * shape.rowBytes;
      piece.set(fingerprints.subarray(from, from + shape.bytes), row * rowBytes);
    }
    await device.write(memory, at * rowBytes, piece);
  }
}
