import type { RowShape } from '../../core/search-arguments.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import { makeHostArray } from './host-array.ts';

/** Rows are put together on the host in pieces of this size. */
const PIECE_BYTES = 32 * 2 ** 20;

/**
 * Writes the compared bytes of some rows to the start of device memory, `to.rowBytes` from one to the next; what a
 * row has less than that is 0.
 * @param first       the first row of `count`
 * @param pieceBytes  of a piece: PIECE_BYTES, but for tests
 * @throws ERR_OUT_OF_MEMORY
 */
export async function writeRows(
  device: CudaDevice,
  to: { readonly memory: DeviceMemory; readonly rowBytes: number },
  fingerprints: Uint8Array,
  shape: RowShape,
  first: number,
  count: number,
  pieceBytes: number = PIECE_BYTES,
): Promise<void> {
  const { memory, rowBytes } = to;
  if (shape.rowBytes === rowBytes && shape.bytes === rowBytes) {
    await device.write(memory, 0, fingerprints.subarray(first * rowBytes, (first + count) * rowBytes));
    return;
  }
  const pieceRows = Math.max(1, Math.floor(pieceBytes / rowBytes));
  for (let at = 0; at < count; at += pieceRows) {
    const size = Math.min(pieceRows, count - at) * rowBytes;
    const piece = makeHostArray(size, 'rows for the GPU', () => new Uint8Array(size));
    for (let row = 0; row * rowBytes < piece.length; row++) {
      const from = (first + at + row) * shape.rowBytes;
      piece.set(fingerprints.subarray(from, from + shape.bytes), row * rowBytes);
    }
    await device.write(memory, at * rowBytes, piece);
  }
}
