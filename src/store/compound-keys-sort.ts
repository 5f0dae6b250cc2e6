import { AssayerError } from '../core/errors.ts';

const FIRST_CAPACITY = 1 << 12;

/** Most entries: their order is kept as 32-bit numbers. */
const ENTRY_LIMIT = 2 ** 32 - 1;

/**
 * The entries of a key file while they are gathered. In memory: 16 bytes an entry, up to 32 while the arrays grow, and 8 more
 * while they are sorted; a result of 10^6 rows has 2 x 10^6 entries and takes about 64 MB at most.
 */
export class KeyEntries {
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #places = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * @param key  8 bytes (`compoundKey`) @param place  a whole number under 2^53, not below those given before
   * @throws ERR_OUT_OF_MEMORY
   */
  add(key: Buffer, place: number): void {
    if (this.#count === this.#high.length) this.#grow();
    this.#high[this.#count] = key.readUInt32BE(0);
    this.#low[this.#count] = key.readUInt32BE(4);
    this.#places[this.#count] = place;
    this.#count++;
  }

  #grow(): void {
    const capacity = 2 * this.#high.length;
    try {
      if (capacity > ENTRY_LIMIT) throw new RangeError(`more than ${ENTRY_LIMIT} entries`);
      const grown = { high: new Uint32Array(capacity), low: new Uint32Array(capacity) };
      const places = new Float64Array(capacity);
      grown.high.set(this.#high);
      grown.low.set(this.#low);
      places.set(this.#places);
      this.#high = grown.high;
      this.#low = grown.low;
      this.#places = places;
    } catch (cause) {
      const details = { purpose: 'the keys of a result', sizeBytes: 16 * capacity };
      throw new AssayerError('ERR_OUT_OF_MEMORY', details, { cause });
    }
  }

  /** Entries by key, those of one key by place. Writes entry i of this order at byte `at` of `target`. */
  sorted(): (i: number, target: Buffer, at: number) => void {
    const order = this.#order();
    return (i, target, at) => {
      const entry = order[i];
      target.writeUInt32BE(this.#high[entry], at);
      target.writeUInt32BE(this.#low[entry], at + 4);
      target.writeBigUInt64BE(BigInt(this.#places[entry]), at + 8);
    };
  }

  /** Radix sort by 16 bits from the last to the first: stable, and as quick when all keys are one. */
  #order(): Uint32Array {
    let order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    let next = new Uint32Array(this.#count);
    for (const [words, shift] of [
      [this.#low, 0],
      [this.#low, 16],
      [this.#high, 0],
      [this.#high, 16],
    ] as const) {
      const starts = new Uint32Array(1 << 16);
      for (let i = 0; i < this.#count; i++) starts[(words[i] >>> shift) & 0xffff]++;
      for (let digit = 0, sum = 0; digit < starts.length; digit++) {
        const count = starts[digit];
        starts[digit] = sum;
        sum += count;
      }
      for (const entry of order) next[starts[(words[entry] >>> shift) & 0xffff]++] = entry;
      [order, next] = [next, order];
    }
    return order;
  }
}
