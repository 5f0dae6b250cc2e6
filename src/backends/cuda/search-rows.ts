import { setImmediate as nextTurn } from 'node:timers/promises';
import type { References } from '../../core/ops.ts';
import type { RowShape } from '../../core/search-arguments.ts';
import type { CudaEvent, CudaStream, DeviceMemory, PinnedMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import { layOutTiles, padRow, splitParts, TILE_ROWS, writeTiles } from './search-layout.ts';
import type { SearchLimits } from './search-limits.ts';
import { inHostMemory } from './search-memory.ts';
import type { Range } from './search-parameters.ts';
import { type SortedRows, sortByPopcount, throwIfCancelled } from './sorted-rows.ts';

/** References that do not fit into device memory pass through it in pieces of this size. */
const CHUNK_BYTES = 256 * 2 ** 20;
/** Device memory that is left to searches and to others, and the share of a small device. */
const RESERVE_BYTES = 2 ** 30;
const RESERVE_SHARE = 1 / 8;

/** Some tiles in device memory, laid out by `layOutTiles`. */
export interface DeviceChunk {
  readonly memory: DeviceMemory;
  readonly tileCount: number;
  /** At most 64 a tile; fewer in the last one. */
  readonly rowCount: number;
}

interface HostChunk {
  readonly memory: PinnedMemory;
  readonly tileCount: number;
  readonly rowCount: number;
  /** Popcount in its middle. */
  readonly popcount: number;
}

/** References by popcount, in device memory where they fit, else in host memory from which they stream through it. */
export class SearchRows implements Disposable {
  readonly paddedBytes: number;
  /** Rows that are not deleted. */
  readonly live: number;
  /** Tiles of the largest chunk. */
  readonly mostTiles: number;
  readonly #device: CudaDevice;
  readonly #resources: DisposableStack;
  readonly #resident: readonly DeviceChunk[];
  readonly #stream: Streaming | undefined;

  private constructor(
    device: CudaDevice,
    resources: DisposableStack,
    sizes: { paddedBytes: number; live: number; mostTiles: number },
    held: { resident?: readonly DeviceChunk[]; streaming?: Streaming },
  ) {
    this.#device = device;
    this.#resources = resources;
    this.paddedBytes = sizes.paddedBytes;
    this.live = sizes.live;
    this.mostTiles = sizes.mostTiles;
    this.#resident = held.resident ?? [];
    this.#stream = held.streaming;
  }

  /**
   * Lays references out. To be called within `device.exclusive`.
   * @param maxResidentBytes  most device memory for references; what is free, less a reserve, when not said
   * @throws ERR_CANCELLED, ERR_OUT_OF_MEMORY, ERR_GPU_CALL
   */
  static async create(
    device: CudaDevice,
    { fingerprints, tombstones }: References,
    shape: RowShape,
    { signal, maxResidentBytes, limits }: SearchRowsOptions,
  ): Promise<SearchRows> {
    const sorted = await sortByPopcount({ fingerprints, ...(tombstones && { tombstones }) }, shape, signal);
    const paddedBytes = padRow(shape.bytes);
    const live = sorted.order.length;
    const tileCount = Math.ceil(live / TILE_ROWS);
    const room = maxResidentBytes ?? roomFor(device);
    const source: Source = { fingerprints, shape, sorted, paddedBytes, signal };
    using made = new DisposableStack();
    if (layOutTiles(tileCount, paddedBytes).sizeBytes <= room) {
      const mostTiles = Math.min(limits.tilesOfChunk, tileCount);
      const resident: DeviceChunk[] = [];
      for (let first = 0; first < tileCount; first += mostTiles) {
        const tiles = { first, count: Math.min(mostTiles, tileCount - first) };
        resident.push(await makeResident(device, source, tiles, limits.tilesAtOnce, made));
      }
      return new SearchRows(device, made.move(), { paddedBytes, live, mostTiles }, { resident });
    }
    const most = Math.floor(Math.min(CHUNK_BYTES, room / 2) / layOutTiles(1, paddedBytes).sizeBytes);
    const mostTiles = Math.max(1, Math.min(most, tileCount, limits.tilesOfChunk));
    const streaming = await makeStreaming(device, source, tileCount, mostTiles, made);
    return new SearchRows(device, made.move(), { paddedBytes, live, mostTiles }, { streaming });
  }

  /**
   * Calls `visit` with all references, a chunk after the other, those nearest to a popcount first. What it puts on the
   * device's stream finds the chunk in place. To be called within `device.exclusive`.
   * @throws ERR_CANCELLED
   */
  async forEachChunk(
    popcount: number,
    signal: AbortSignal | undefined,
    visit: (chunk: DeviceChunk) => Promise<void>,
  ): Promise<void> {
    throwIfCancelled(signal);
    for (const chunk of this.#resident) {
      await visit(chunk);
      throwIfCancelled(signal);
    }
    if (!this.#stream) return;
    const { chunks, slots, copies } = this.#stream;
    const order = chunks.toSorted(
      (x, y) => Math.abs(x.popcount - popcount) - Math.abs(y.popcount - popcount),
    );
    const copy = (i: number) => {
      if (i >= order.length) return;
      const { memory, ready } = slots[i & 1];
      const { sizeBytes } = layOutTiles(order[i].tileCount, this.paddedBytes);
      copies.upload(memory, 0, order[i].memory, 0, sizeBytes);
      copies.record(ready);
    };
    try {
      copy(0);
      copy(1);
      for (const [i, { tileCount, rowCount }] of order.entries()) {
        throwIfCancelled(signal);
        const { memory, ready, used } = slots[i & 1];
        this.#device.stream.wait(ready);
        await visit({ memory, tileCount, rowCount });
        this.#device.stream.record(used);
        if (i === 0) continue;
        // The chunk before this one has been searched when its place is filled again; this one is being searched.
        while (!slots[(i - 1) & 1].used.done()) await nextTurn();
        copy(i + 1);
      }
    } finally {
      await copies.synchronize();
    }
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

interface SearchRowsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly maxResidentBytes?: number | undefined;
  readonly limits: SearchLimits;
}

function roomFor(device: CudaDevice): number {
  const { freeBytes } = device.context.memory();
  return Math.floor(freeBytes - Math.min(RESERVE_BYTES, freeBytes * RESERVE_SHARE));
}

interface Source {
  readonly fingerprints: Uint8Array;
  readonly shape: RowShape;
  readonly sorted: SortedRows;
  readonly paddedBytes: number;
  readonly signal: AbortSignal | undefined;
}

interface Streaming {
  readonly chunks: readonly HostChunk[];
  /** Chunk i of a pass lies in slot i & 1: copied when `ready`, searched when `used`. */
  readonly slots: readonly {
    readonly memory: DeviceMemory;
    readonly ready: CudaEvent;
    readonly used: CudaEvent;
  }[];
  readonly copies: CudaStream;
}

async function makeResident(
  device: CudaDevice,
  { fingerprints, shape, sorted, paddedBytes, signal }: Source,
  tiles: Range,
  tilesAtOnce: number,
  made: DisposableStack,
): Promise<DeviceChunk> {
  const tileCount = tiles.count;
  const at = layOutTiles(tileCount, paddedBytes);
  const memory = made.use(device.context.allocate(at.sizeBytes, 'references'));
  const most = Math.min(tilesAtOnce, tileCount);
  const { sizeBytes } = layOutTiles(most, paddedBytes);
  const bytes = inHostMemory(sizeBytes, 'references on their way', () => new Uint8Array(sizeBytes));
  for (let tile = 0; tile < tileCount; tile += most) {
    throwIfCancelled(signal);
    const parts = splitParts(bytes, Math.min(most, tileCount - tile), paddedBytes);
    writeTiles(fingerprints, shape, sorted, tiles.first + tile, parts);
    const rows = tile * TILE_ROWS;
    await device.write(memory, rows * paddedBytes, parts.fingerprints);
    await device.write(memory, at.rows + rows * 4, parts.rows);
    await device.write(memory, at.tiles + tile * 16, parts.tiles);
    await device.write(memory, at.popcounts + rows * 2, parts.popcounts);
  }
  const rowCount = Math.min(tileCount * TILE_ROWS, sorted.order.length - tiles.first * TILE_ROWS);
  return { memory, tileCount, rowCount };
}

async function makeStreaming(
  device: CudaDevice,
  { fingerprints, shape, sorted, paddedBytes, signal }: Source,
  tileCount: number,
  mostTiles: number,
  made: DisposableStack,
): Promise<Streaming> {
  const { context } = device;
  const copies = made.use(context.createStream());
  const slotBytes = layOutTiles(mostTiles, paddedBytes).sizeBytes;
  const slots = [0, 1].map(() => ({
    memory: made.use(context.allocate(slotBytes, 'references that stream')),
    ready: made.use(context.createEvent()),
    used: made.use(context.createEvent()),
  }));
  const chunks: HostChunk[] = [];
  for (let tile = 0; tile < tileCount; tile += mostTiles) {
    throwIfCancelled(signal);
    const count = Math.min(mostTiles, tileCount - tile);
    const { sizeBytes } = layOutTiles(count, paddedBytes);
    const memory = made.use(context.allocatePinned(sizeBytes, 'references that stream'));
    const parts = splitParts(memory.bytes, count, paddedBytes);
    writeTiles(fingerprints, shape, sorted, tile, parts);
    const middle = Math.floor(count / 2) * 16;
    const popcount = new DataView(parts.tiles.buffer, parts.tiles.byteOffset).getUint32(middle, true);
    const rowCount = Math.min(count * TILE_ROWS, sorted.order.length - tile * TILE_ROWS);
    chunks.push({ memory, tileCount: count, rowCount, popcount });
    await nextTurn();
  }
  return { chunks, slots, copies };
}
