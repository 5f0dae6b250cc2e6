import { readAndDispose, type Tensor, type TensorEngine } from './tensor-engine.ts';

/** References of one tile by query. Both [queries, perQuery]. */
interface Chosen {
  /** Place in the tile. */
  readonly places: ArrayLike<number>;
  readonly shared: ArrayLike<number>;
}

/** A tile of queries compared with a tile of references, on the device. */
export class TileComparison implements Disposable {
  readonly #engine: TensorEngine;
  readonly #queries: number;
  readonly #targets: number;
  readonly #shared: Tensor;
  readonly #similarity: Tensor;

  /**
   * @param shared      float32 [queries, targets], exact
   * @param similarity  float32 [queries, targets], within SIMILARITY_ERROR
   */
  constructor(engine: TensorEngine, shared: Tensor, similarity: Tensor) {
    this.#engine = engine;
    [this.#queries, this.#targets] = shared.shape;
    this.#shared = shared;
    this.#similarity = similarity;
  }

  /** Those of the largest approximate similarity. @param perQuery at most as many as there are */
  async largest(perQuery: number): Promise<Chosen> {
    const engine = this.#engine;
    const [indices, sharedBits] = engine.tidy(() => {
      const { indices } = engine.topk(this.#similarity, perQuery);
      const rowStarts = Int32Array.from({ length: this.#queries }, (_, q) => q * this.#targets);
      const flat = engine.add(indices, engine.tensor(rowStarts, [this.#queries, 1], 'int32'));
      const shared = engine.reshape(this.#shared, [this.#queries * this.#targets]);
      return [indices, engine.gather(shared, flat)];
    });
    const [places, shared] = await Promise.all([readAndDispose(indices), readAndDispose(sharedBits)]);
    return { places, shared };
  }

  /** Shared bits of whole rows. @returns [queries.length, targets] */
  async shared(queries: readonly number[]): Promise<ArrayLike<number>> {
    const engine = this.#engine;
    if (queries.length === this.#queries) return this.#shared.data();
    const rows = engine.tidy(() =>
      engine.gather(this.#shared, engine.tensor(Int32Array.from(queries), [queries.length], 'int32')),
    );
    return readAndDispose(rows);
  }

  /** How many references of each query have at least so much approximate similarity. */
  async countReaching(similarity: number): Promise<ArrayLike<number>> {
    const engine = this.#engine;
    return readAndDispose(
      engine.tidy(() => engine.sum(engine.greaterEqual(this.#similarity, similarity), 1)),
    );
  }

  [Symbol.dispose](): void {
    this.#shared.dispose();
    this.#similarity.dispose();
  }
}
