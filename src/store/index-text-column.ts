import type { TextSlice } from './index-segment.ts';

/** Texts by row, kept as UTF-8 and decoded when asked for: a million of them as JavaScript strings would be slow to make. */
export class TextColumn {
  readonly #bytes: Buffer;
  readonly #offsets: Float64Array;
  #rows = 0;

  /** @param bytes  room for all texts; used, not copied */
  constructor(rows: number, bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offsets = new Float64Array(rows + 1);
  }

  append({ bytes, offsets }: TextSlice): void {
    const base = this.#offsets[this.#rows];
    this.#bytes.set(bytes, base);
    for (let i = 1; i < offsets.length; i++) this.#offsets[this.#rows + i] = base + offsets[i] - offsets[0];
    this.#rows += offsets.length - 1;
  }

  get(row: number): string {
    return this.#bytes.toString('utf8', this.#offsets[row], this.#offsets[row + 1]);
  }
}
