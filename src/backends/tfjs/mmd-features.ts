import type { MmdProblem } from '../../core/mmd-problem.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';

/** Past this, two float32 numbers do not hold a feature to 1e-6 bandwidths. */
const LARGEST = 1e8;

/**
 * Features for the device: less their mean, in units of the smallest bandwidth, and split into two float32 numbers, the second
 * what the first leaves. Differences of the first are exact where rows are near, so that the split costs no digits there.
 */
export class MmdFeatures {
  /** The smallest bandwidth of the kernels over features. */
  readonly unit: number;
  readonly #rows: number;
  /** float32 [dimensions, N] */
  readonly #high: Float32Array;
  readonly #low: Float32Array;
  readonly #dimensions: number;

  constructor({ features, dimensions, shape, kernels }: MmdProblem) {
    this.unit = Math.min(
      ...kernels.map((kernel) => (kernel.kind === 'rbf-features' ? kernel.bandwidth : Infinity)),
    );
    this.#rows = shape.count;
    this.#dimensions = dimensions;
    this.#high = new Float32Array(features.length);
    this.#low = new Float32Array(features.length);
    for (let d = 0; d < dimensions; d++) {
      let mean = 0;
      for (let row = 0; row < shape.count; row++) mean += features[row * dimensions + d] / shape.count;
      for (let row = 0; row < shape.count; row++) {
        const scaled = (features[row * dimensions + d] - mean) / this.unit;
        const at = d * shape.count + row;
        this.#high[at] = scaled;
        this.#low[at] = scaled - this.#high[at];
      }
    }
  }

  /** Whether float32 can give kernel values within 1e-5. */
  get fit(): boolean {
    return this.#high.every((value) => Math.abs(value) <= LARGEST);
  }

  /** @returns both parts, float32 [dimensions, count] */
  place(engine: TensorEngine, first: number, count: number): [Tensor, Tensor] {
    const part = (values: Float32Array) => {
      const some = new Float32Array(this.#dimensions * count);
      for (let d = 0; d < this.#dimensions; d++) {
        const start = d * this.#rows + first;
        some.set(values.subarray(start, start + count), d * count);
      }
      return engine.tensor(some, [this.#dimensions, count], 'float32');
    };
    return [part(this.#high), part(this.#low)];
  }
}
