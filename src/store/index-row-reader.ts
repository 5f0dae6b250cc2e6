import { AssayerError } from '../core/errors.ts';
import { throwIfCancelled } from './file-error.ts';
import type { IndexRows } from './fingerprint-rows.ts';
import type { SegmentFile } from './index-segment.ts';
import type { TextColumnName } from './index-segment-layout.ts';
import { TextColumn } from './index-text-column.ts';

/** Consecutive rows of one segment that are consecutive in the index too, from row `start` of the index on. */
interface Run {
  readonly segment: number;
  readonly first: number;
  readonly count: number;
  readonly start: number;
}

/** Rows of an index that are not deleted, with their numbers in it. */
export interface LiveRows extends IndexRows {
  readonly rows: readonly number[];
}

/**
 * The rows of an index across its segments, in the index's order: fewer set bits first; then the older segment; then
 * as in the segment. Appending and compacting therefore keep the order, and with it the answer among equal similarities.
 */
export class IndexRowReader {
  /** Rows, deleted ones included. */
  readonly size: number;
  readonly liveSize: number;
  readonly rowBytes: number;
  /** Bit i = `(bytes[i >> 3] >> (i & 7)) & 1` is set where row i is deleted; null when none is. */
  readonly tombstones: Uint8Array | null;
  readonly #segments: readonly SegmentFile[];
  readonly #runs: readonly Run[];

  private constructor(
    segments: readonly SegmentFile[],
    runs: readonly Run[],
    dead: readonly Uint32Array[],
    rowBytes: number,
  ) {
    this.#segments = segments;
    this.#runs = runs;
    this.rowBytes = rowBytes;
    this.size = segments.reduce((sum, { rows }) => sum + rows, 0);
    this.liveSize = this.size - dead.reduce((sum, { length }) => sum + length, 0);
    this.tombstones = this.liveSize === this.size ? null : markDead(runs, dead, this.size);
  }

  static async create(
    segments: readonly SegmentFile[],
    dead: readonly Uint32Array[],
    rowBytes: number,
  ): Promise<IndexRowReader> {
    const popcounts: Uint16Array[] = [];
    for (const segment of segments) popcounts.push(await segment.popcounts());
    return new IndexRowReader(segments, mergeRuns(popcounts), dead, rowBytes);
  }

  isDead(row: number): boolean {
    return this.tombstones !== null && ((this.tombstones[row >> 3] >> (row & 7)) & 1) === 1;
  }

  /** Segment and row in it of a row of the index. */
  locate(row: number): { readonly segment: number; readonly row: number } {
    const { segment, first, start } = this.#runAt(row);
    return { segment, row: first + row - start };
  }

  /**
   * All fingerprints, deleted ones included. The caller owns them.
   * @returns uint8 [size, rowBytes]
   * @throws ERR_OUT_OF_MEMORY, ERR_CANCELLED
   */
  async fingerprints(signal?: AbortSignal): Promise<Uint8Array> {
    const target = allocate(this.size * this.rowBytes, `the fingerprints of ${this.size} rows`);
    for (const { segment, first, count, start } of this.#pieces()) {
      throwIfCancelled(signal);
      await this.#segments[segment].fingerprints(first, count, target, start * this.rowBytes);
    }
    return target;
  }

  /** A column of texts, deleted rows included. @throws ERR_OUT_OF_MEMORY, ERR_CANCELLED */
  async texts(column: TextColumnName, signal?: AbortSignal): Promise<TextColumn> {
    let total = 0;
    for (const segment of this.#segments) total += await segment.textBytes(column);
    const texts = new TextColumn(this.size, allocate(total, `the column ${column} of ${this.size} rows`));
    for (const { segment, first, count } of this.#pieces()) {
      throwIfCancelled(signal);
      texts.append(await this.#segments[segment].texts(column, first, count));
    }
    return texts;
  }

  /** The ids of the rows that are not deleted. @throws ERR_OUT_OF_MEMORY, ERR_CANCELLED */
  async *liveIds(signal?: AbortSignal): AsyncGenerator<{ readonly row: number; readonly id: string }> {
    const ids = await this.texts('id', signal);
    for (let row = 0; row < this.size; row++) if (!this.isDead(row)) yield { row, id: ids.get(row) };
  }

  /** The rows that are not deleted, about `batchRows` at a time. @throws ERR_CANCELLED */
  async *live(batchRows: number, signal?: AbortSignal): AsyncGenerator<LiveRows> {
    for (let from = 0; from < this.size; from += batchRows) {
      throwIfCancelled(signal);
      const batch = await this.#read(from, Math.min(batchRows, this.size - from));
      if (batch.count > 0) yield batch;
    }
  }

  async #read(from: number, count: number): Promise<LiveRows> {
    const all = new Uint8Array(count * this.rowBytes);
    const columns = { id: [] as string[], inchikey: [] as string[], smiles: [] as string[] };
    for (const { segment, first, count: length, start } of this.#pieces(from, from + count)) {
      const file = this.#segments[segment];
      await file.fingerprints(first, length, all, (start - from) * this.rowBytes);
      for (const name of ['id', 'inchikey', 'smiles'] as const) {
        const { bytes, offsets } = await file.texts(name, first, length);
        for (let i = 0; i < length; i++) {
          columns[name].push(bytes.toString('utf8', offsets[i] - offsets[0], offsets[i + 1] - offsets[0]));
        }
      }
    }
    const kept = Array.from({ length: count }, (_, i) => i).filter((i) => !this.isDead(from + i));
    const pick = (texts: string[]) => (kept.length === count ? texts : kept.map((i) => texts[i]));
    kept.forEach((i, k) => {
      if (i !== k) all.copyWithin(k * this.rowBytes, i * this.rowBytes, (i + 1) * this.rowBytes);
    });
    return {
      count: kept.length,
      rows: kept.map((i) => from + i),
      ids: pick(columns.id),
      inchikeys: pick(columns.inchikey),
      smiles: pick(columns.smiles),
      fingerprints: all.subarray(0, kept.length * this.rowBytes),
    };
  }

  /** The runs from one row of the index to another, cut where a record batch ends. */
  *#pieces(from = 0, to: number = this.size): Generator<Run> {
    if (from >= to) return;
    for (let r = this.#runs.indexOf(this.#runAt(from)); r < this.#runs.length; r++) {
      const run = this.#runs[r];
      if (run.start >= to) return;
      const end = Math.min(to, run.start + run.count);
      for (let start = Math.max(from, run.start); start < end; ) {
        const first = run.first + start - run.start;
        const count = this.#segments[run.segment].cut(first, end - start);
        yield { segment: run.segment, first, count, start };
        start += count;
      }
    }
  }

  #runAt(row: number): Run {
    let low = 0;
    for (let high = this.#runs.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (this.#runs[middle].start <= row) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low];
  }
}

/** Merges segments, each sorted by set bits, into one order. @param popcounts  of the rows of each segment */
function mergeRuns(popcounts: readonly Uint16Array[]): Run[] {
  const runs: { segment: number; first: number; count: number; start: number }[] = [];
  const next = popcounts.map(() => 0);
  let start = 0;
  for (;;) {
    let fewest = Number.POSITIVE_INFINITY;
    popcounts.forEach((bits, s) => {
      if (next[s] < bits.length) fewest = Math.min(fewest, bits[next[s]]);
    });
    if (fewest === Number.POSITIVE_INFINITY) return runs;
    for (const [segment, bits] of popcounts.entries()) {
      const first = next[segment];
      while (next[segment] < bits.length && bits[next[segment]] === fewest) next[segment]++;
      const count = next[segment] - first;
      const last = runs.at(-1);
      if (last?.segment === segment && last.first + last.count === first) last.count += count;
      else if (count > 0) runs.push({ segment, first, count, start });
      start += count;
    }
  }
}

function markDead(runs: readonly Run[], dead: readonly Uint32Array[], size: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  const next = dead.map(() => 0);
  for (const { segment, first, count, start } of runs) {
    const rows = dead[segment];
    for (; next[segment] < rows.length && rows[next[segment]] < first + count; next[segment]++) {
      const row = start + rows[next[segment]] - first;
      bits[row >> 3] |= 1 << (row & 7);
    }
  }
  return bits;
}

function allocate(sizeBytes: number, purpose: string): Uint8Array {
  try {
    return new Uint8Array(sizeBytes);
  } catch (cause) {
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes }, { cause });
  }
}
