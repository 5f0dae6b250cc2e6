import { AssayerError } from '../../core/errors.ts';
import type { PackedRows } from '../../core/ops.ts';
import { checkPair } from '../../core/search-arguments.ts';
import type { CudaDevice } from './cuda-device.ts';
import { DeviceScope } from './device-scope.ts';
import { writeRows } from './packed-rows.ts';
import { packParameters } from './parameters.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** `enum`s of kernels/intersections/intersections.cu. */
const TILE = 64;
const THREADS = 256;
const SHARED_BYTES = 2 * TILE * 17 * 4;
/** Most results that are on the device at a time, unless one query has more. */
const BATCH_BYTES = 64 * 2 ** 20;

/**
 * Shared bits of every query with every target (kernels/intersections/intersections.cu), some queries at a time.
 * @param batchBytes  results that are on the device at a time
 * @returns uint16 [queries, targets], row-major. The caller owns it.
 * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY, ERR_GPU_CALL
 */
export async function cudaIntersections(
  device: CudaDevice,
  queries: PackedRows,
  targets: PackedRows,
  signal?: AbortSignal,
  batchBytes: number = BATCH_BYTES,
): Promise<Uint16Array> {
  const { queries: q, targets: t } = checkPair(queries, targets);
  throwIfCancelled(signal);
  const out = allocateResult(q.count, t.count);
  if (out.length === 0) return out;
  const batch = Math.min(q.count, Math.max(1, Math.floor(batchBytes / (t.count * 2))));
  await device.exclusive(async () => {
    await using memory = new DeviceScope(device);
    const allocate = (sizeBytes: number, purpose: string) =>
      memory.allocate(sizeBytes, `${purpose} of intersections on the GPU`);
    const queryRows = { memory: allocate(batch * q.bytes, 'queries'), rowBytes: q.bytes };
    const targetRows = { memory: allocate(t.count * t.bytes, 'targets'), rowBytes: t.bytes };
    const results = allocate(batch * t.count * 2, 'results');
    await writeRows(device, targetRows, targets.fingerprints, t, 0, t.count);
    for (let first = 0; first < q.count; first += batch) {
      throwIfCancelled(signal);
      const count = Math.min(batch, q.count - first);
      await writeRows(device, queryRows, queries.fingerprints, q, first, count);
      const addresses = [queryRows.memory, targetRows.memory, results].map((address) => ({ address }));
      const ints = [count, t.count, q.bytes / 4].map((int) => ({ int }));
      const blocks = Math.ceil(count / TILE) * Math.ceil(t.count / TILE);
      device
        .kernel('intersections', 'intersections_tile')
        .launch(
          device.stream,
          { blocks, threads: THREADS, sharedBytes: SHARED_BYTES },
          packParameters([...addresses, ...ints]),
        );
      await device.read(results, 0, out.subarray(first * t.count, (first + count) * t.count));
    }
  });
  return out;
}

function allocateResult(queries: number, targets: number): Uint16Array {
  try {
    return new Uint16Array(queries * targets);
  } catch (cause) {
    const purpose = `intersections of ${queries} queries with ${targets} targets`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: queries * targets * 2 }, { cause });
  }
}
