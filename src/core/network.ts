/** Compounds as a network reads them; row i of every array is compound i. */
export interface NetworkInputs {
  /** Row i has the bits `bits[starts[i]] .. bits[starts[i + 1] - 1]`, ascending. */
  readonly starts: Uint32Array;
  readonly bits: Uint16Array;
  /** Inputs that are bits; the dense ones come behind them. */
  readonly bitCount: number;
  /** float32 [n, denseCount] */
  readonly dense: Float32Array;
  readonly denseCount: number;
}

/** What stays fixed while a network is trained. */
export interface NetworkOptions {
  /** Units of each hidden layer, multiples of 4. */
  readonly hidden: readonly number[];
  /** Share of the set bits, and of the units that are on in each hidden layer, that a training step leaves out. */
  readonly dropout: readonly number[];
  /** Decoupled weight decay of each layer's matrix, the output's last. */
  readonly decay: readonly number[];
  /** Rows of the largest batch. */
  readonly batch: number;
  /** Of the weights at the start and of what is left out. */
  readonly seed: number;
}

/**
 * A network of rectified linear layers with one output, under training on one set of rows. Averaged weights, an
 * exponential mean over the steps, are what predicts.
 */
export interface TrainableNetwork {
  /**
   * One step of Adam on a batch.
   * @param rows     of the inputs; at most `batch`
   * @param slopeOf  derivative of the loss of a row by the network's output for it; the batch's mean is descended
   * @param rate     step size
   */
  step(rows: Uint32Array, slopeOf: (row: number, output: number) => number, rate: number): void;
  /** Outputs of the averaged weights for these rows, float64 [rows]. */
  predict(rows: Uint32Array): Float64Array;
  /** Averaged weights of layer `at`: float32 [inputs + 1, outputs], the last row the bias. The caller owns them. */
  weights(at: number): Float32Array;
  /** Puts other averaged weights into the first layer, as `weights(0)` gives them. */
  replaceFirst(weights: Float32Array): void;
}

/** Opens networks on one set of inputs. */
export type CreateNetwork = (inputs: NetworkInputs, options: NetworkOptions) => TrainableNetwork;
