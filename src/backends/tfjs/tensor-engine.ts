/** A tensor on the engine's device; held until `dispose`. */
export interface Tensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

/** What tfjs takes for a tensor where a number will do. */
type Operand = Tensor | number;

/**
 * The part of TensorFlow.js that the operations are written in; every package built on tfjs-core has it. Declared here and not
 * taken from the package, so that Assayer's own types need no TensorFlow installed.
 */
export interface TensorEngine {
  tensor(values: Float32Array | Int32Array, shape: number[], dtype: 'float32' | 'int32'): Tensor;
  /** Disposes every tensor made in `work` but those returned. */
  tidy<Kept extends Tensor | Tensor[]>(work: () => Kept): Kept;
  reshape(x: Tensor, shape: number[]): Tensor;
  slice(x: Tensor, begin: number[], size: number[]): Tensor;
  /** Rows `indices`, int32, of the first axis. */
  gather(x: Tensor, indices: Tensor): Tensor;
  add(x: Operand, y: Operand): Tensor;
  sub(x: Operand, y: Operand): Tensor;
  mul(x: Operand, y: Operand): Tensor;
  div(x: Operand, y: Operand): Tensor;
  maximum(x: Operand, y: Operand): Tensor;
  floor(x: Tensor): Tensor;
  exp(x: Tensor): Tensor;
  square(x: Tensor): Tensor;
  /** 1 or 0, as bool. */
  greaterEqual(x: Tensor, y: Operand): Tensor;
  sum(x: Tensor, axis: number): Tensor;
  matMul(x: Tensor, y: Tensor, transposeX: boolean, transposeY: boolean): Tensor;
  /** The k largest of each row. */
  topk(x: Tensor, k: number): { readonly values: Tensor; readonly indices: Tensor };
}

/** A tfjs module by its own types: there the same functions take only what is made of tfjs's own class of tensors. */
export type TfjsModule = { readonly [Name in keyof TensorEngine]: (...given: never[]) => unknown };

/** Values of a tensor that is not needed any more. */
export async function readAndDispose(tensor: Tensor): Promise<Float32Array | Int32Array | Uint8Array> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}
