import { popcounts } from '../core/fingerprint.ts';
import type { IndexRows } from './fingerprint-rows.ts';
import type { SegmentEntry } from './index-manifest.ts';
import { writeSegment } from './index-segment-writer.ts';

/** Rows held in memory until they are sorted and written as one segment. */
const SEGMENT_ROWS = 2 ** 19;
/** Rows handed on at once when a segment is written. */
const PIECE_ROWS = 4096;

/** Makes segments from rows in any order; memory holds those of one segment. */
export class IndexBuilder {
  readonly segments: SegmentEntry[] = [];
  readonly #folder: string;
  readonly #rowBytes: number;
  readonly #signal: AbortSignal | undefined;
  #pieces: IndexRows[] = [];
  #rows = 0;

  /** @param folder  where segments are written */
  constructor(folder: string, rowBytes: number, signal?: AbortSignal) {
    this.#folder = folder;
    this.#rowBytes = rowBytes;
    this.#signal = signal;
  }

  /** Takes rows; the arrays belong to the builder. */
  async add(rows: IndexRows): Promise<void> {
    this.#pieces.push(rows);
    this.#rows += rows.count;
    if (this.#rows >= SEGMENT_ROWS) await this.#write();
  }

  /** @returns all segments, the last one written now */
  async finish(): Promise<readonly SegmentEntry[]> {
    if (this.#rows > 0) await this.#write();
    return this.segments;
  }

  async #write(): Promise<void> {
    const file = await writeSegment(this.#folder, this.#rowBytes, this.#sorted(), this.#signal);
    this.segments.push({ ...file, tombstones: null });
    this.#pieces = [];
    this.#rows = 0;
  }

  /** By set bits; equal ones in the order they came. */
  *#sorted(): Generator<IndexRows> {
    const places = this.#pieces.flatMap((piece) =>
      Array.from({ length: piece.count }, (_, i) => ({ piece, i })),
    );
    const bits = this.#pieces.flatMap(({ fingerprints }) => [...popcounts(fingerprints, this.#rowBytes)]);
    const order = Uint32Array.from(bits.keys()).sort((a, b) => bits[a] - bits[b] || a - b);
    for (let from = 0; from < order.length; from += PIECE_ROWS) {
      const rows = Array.from(order.subarray(from, from + PIECE_ROWS), (row) => places[row]);
      const fingerprints = new Uint8Array(rows.length * this.#rowBytes);
      for (const [k, { piece, i }] of rows.entries()) {
        const at = i * this.#rowBytes;
        fingerprints.set(piece.fingerprints.subarray(at, at + this.#rowBytes), k * this.#rowBytes);
      }
      yield {
        count: rows.length,
        ids: rows.map(({ piece, i }) => piece.ids[i]),
        inchikeys: rows.map(({ piece, i }) => piece.inchikeys[i]),
        smiles: rows.map(({ piece, i }) => piece.smiles[i]),
        fingerprints,
      };
    }
  }
}
