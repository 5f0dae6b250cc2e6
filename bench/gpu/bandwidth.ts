import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import { seededRandom } from '../../src/core/random.ts';
import { median } from '../machine.ts';
import { timeOnStream } from './stream-time.ts';

/** Bytes a second through memory, or between the host and the device. */
export interface Bandwidth {
  readonly what: string;
  readonly sizeBytes: number;
  readonly bytesPerSecond: number;
  readonly milliseconds: readonly number[];
}

const READ_THREADS = 256;
/** Bytes that a block reads in one go: 256 threads, 8 loads of 16 bytes. */
const READ_CHUNK = READ_THREADS * 8 * 16;

/**
 * Copies and reads of random bytes, which nothing on the way can shorten.
 * @param deviceBytes  how much is copied on the device, at least
 * @param pinnedBytes  how much is copied between the host and the device
 */
export async function measureBandwidth(
  device: CudaDevice,
  {
    deviceBytes,
    pinnedBytes,
    runs,
  }: { readonly deviceBytes: number; readonly pinnedBytes: number; readonly runs: number },
): Promise<Record<string, Bandwidth>> {
  return await device.exclusive(async () => {
    const { context, stream } = device;
    const kernel = device.kernel('probe', 'read_memory');
    const blocks = kernel.residentBlocks(READ_THREADS, 0) * device.info.multiprocessors;
    const chunks = Math.ceil(deviceBytes / (blocks * READ_CHUNK));
    const sizeBytes = blocks * READ_CHUNK * chunks;
    using from = context.allocate(sizeBytes, 'bandwidth');
    using to = context.allocate(sizeBytes, 'bandwidth');
    using sink = context.allocate(READ_THREADS * 4, 'sink');
    using pinned = context.allocatePinned(pinnedBytes, 'bandwidth');
    const random = seededRandom(7);
    const words = new Uint32Array(pinned.bytes.buffer, pinned.bytes.byteOffset, pinnedBytes >> 2);
    for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
    for (let at = 0; at < sizeBytes; at += pinnedBytes) {
      stream.upload(from, at, pinned, 0, Math.min(pinnedBytes, sizeBytes - at));
    }
    const parameters = packParameters([{ address: from }, { address: sink }, { int: chunks }]);
    const work: Record<string, { what: string; bytes: number; moved: number; enqueue: () => void }> = {
      copy: {
        what: 'device to device, bytes read and written',
        bytes: sizeBytes,
        moved: 2 * sizeBytes,
        enqueue: () => stream.copy(to, 0, from, 0, sizeBytes),
      },
      read: {
        what: 'a kernel that reads',
        bytes: sizeBytes,
        moved: sizeBytes,
        enqueue: () => kernel.launch(stream, { blocks, threads: READ_THREADS, sharedBytes: 0 }, parameters),
      },
      fill: {
        what: 'device memory written',
        bytes: sizeBytes,
        moved: sizeBytes,
        enqueue: () => stream.fill(to, 0, sizeBytes, 0xa5),
      },
      upload: {
        what: 'pinned host memory to the device',
        bytes: pinnedBytes,
        moved: pinnedBytes,
        enqueue: () => stream.upload(from, 0, pinned, 0, pinnedBytes),
      },
      download: {
        what: 'the device to pinned host memory',
        bytes: pinnedBytes,
        moved: pinnedBytes,
        enqueue: () => stream.download(pinned, 0, to, 0, pinnedBytes),
      },
    };
    const found: Record<string, Bandwidth> = {};
    for (const [name, { what, bytes, moved, enqueue }] of Object.entries(work)) {
      await timeOnStream(device, enqueue);
      const milliseconds: number[] = [];
      for (let run = 0; run < runs; run++) milliseconds.push(await timeOnStream(device, enqueue));
      found[name] = {
        what,
        sizeBytes: bytes,
        bytesPerSecond: (moved / median(milliseconds)) * 1000,
        milliseconds,
      };
    }
    return found;
  });
}
