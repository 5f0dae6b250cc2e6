import { type Metric, similarityRank } from '../../core/metric.ts';
import type { Neighbors } from '../../core/ports.ts';

/** The k best references of one query among those offered: higher similarity first, then the lower row. */
export class BestReferences {
  readonly #metric: Metric;
  readonly #queryBits: number;
  readonly #ranks: Float64Array;
  readonly #rows: Uint32Array;
  readonly #shared: Uint16Array;
  readonly #unions: Uint16Array;
  #size = 0;

  constructor(k: number, metric: Metric, queryBits: number) {
    this.#metric = metric;
    this.#queryBits = queryBits;
    this.#ranks = new Float64Array(k);
    this.#rows = new Uint32Array(k);
    this.#shared = new Uint16Array(k);
    this.#unions = new Uint16Array(k);
  }

  /** Similarity below which a reference is not taken; one that is equal may be. */
  get least(): number {
    return this.#size < this.#ranks.length ? 0 : this.#ranks[this.#size - 1];
  }

  /** Takes a reference that was not offered before, where it is good enough. @returns its `similarityRank` */
  offer(row: number, shared: number, targetBits: number): number {
    const rank = similarityRank(this.#metric, shared, this.#queryBits, targetBits);
    const isFull = this.#size === this.#ranks.length;
    if (isFull && !this.#isBefore(rank, row, this.#size - 1)) return rank;
    let from = 0;
    let to = isFull ? this.#size - 1 : this.#size++;
    const last = to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#isBefore(rank, row, middle)) to = middle;
      else from = middle + 1;
    }
    for (const column of [this.#ranks, this.#rows, this.#shared, this.#unions]) {
      column.copyWithin(from + 1, from, last);
    }
    this.#ranks[from] = rank;
    this.#rows[from] = row;
    this.#shared[from] = shared;
    this.#unions[from] = this.#queryBits + targetBits - shared;
    return rank;
  }

  /** Writes those found as the neighbours of query q. */
  write({ indexes, intersections, unions }: Neighbors, q: number, k: number): void {
    indexes.set(this.#rows.subarray(0, this.#size), q * k);
    intersections.set(this.#shared.subarray(0, this.#size), q * k);
    unions.set(this.#unions.subarray(0, this.#size), q * k);
  }

  #isBefore(rank: number, row: number, place: number): boolean {
    return rank > this.#ranks[place] || (rank === this.#ranks[place] && row < this.#rows[place]);
  }
}
