import { AssayerError } from '../../core/errors.ts';
import {
  compareFractions,
  type Fraction,
  type Metric,
  similarityFraction,
  similarityRank,
  thresholdFraction,
} from '../../core/metric.ts';
import type { Hits } from '../../core/ops.ts';

/** The references of one query that reach a threshold, among those offered. */
export class HitsWithin {
  readonly #metric: Metric;
  readonly #queryBits: number;
  readonly #least: Fraction;
  readonly #rows: number[] = [];
  readonly #shared: number[] = [];
  readonly #targetBits: number[] = [];

  constructor(threshold: Fraction, metric: Metric, queryBits: number) {
    this.#metric = metric;
    this.#queryBits = queryBits;
    this.#least = thresholdFraction(metric, threshold);
  }

  get size(): number {
    return this.#rows.length;
  }

  offer(row: number, shared: number, targetBits: number): void {
    const similarity = similarityFraction(this.#metric, shared, this.#queryBits, targetBits);
    if (compareFractions(similarity, this.#least) < 0) return;
    this.#rows.push(row);
    this.#shared.push(shared);
    this.#targetBits.push(targetBits);
  }

  /** Writes the hits from `start` on, in the order of results. */
  write({ indexes, intersections, unions }: Hits, start: number): void {
    const ranks = Float64Array.from(this.#rows, (_, i) =>
      similarityRank(this.#metric, this.#shared[i], this.#queryBits, this.#targetBits[i]),
    );
    const order = Uint32Array.from(ranks, (_, i) => i);
    order.sort((i, j) => ranks[j] - ranks[i] || this.#rows[i] - this.#rows[j]);
    for (const [place, i] of order.entries()) {
      indexes[start + place] = this.#rows[i];
      intersections[start + place] = this.#shared[i];
      unions[start + place] = this.#queryBits + this.#targetBits[i] - this.#shared[i];
    }
  }
}

/** Hits of several queries. @throws ERR_OUT_OF_MEMORY */
export function joinHits(found: readonly HitsWithin[]): Hits {
  const offsets = new Float64Array(found.length + 1);
  for (const [q, { size }] of found.entries()) offsets[q + 1] = offsets[q] + size;
  const size = offsets[found.length];
  try {
    const hits: Hits = {
      offsets,
      indexes: new Uint32Array(size),
      intersections: new Uint16Array(size),
      unions: new Uint16Array(size),
    };
    for (const [q, of] of found.entries()) of.write(hits, offsets[q]);
    return hits;
  } catch (cause) {
    const purpose = `${size} hits of ${found.length} queries`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: size * 8 }, { cause });
  }
}
