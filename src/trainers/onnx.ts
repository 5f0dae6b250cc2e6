import { MessageWriter, readFields } from './protobuf.ts';

/** Element types by their number in ONNX's TensorProto. @source onnx.proto, github.com/onnx/onnx */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

export interface Tensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Little-endian, row-major. */
  readonly data: Uint8Array;
}

/** A name, an element type and a shape; a text stands for a dimension that varies. */
export interface ValueShape {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

/** A whole number, list of them, tensor, list of float32, or list of texts. */
export type Attribute = number | readonly number[] | Tensor | Float32Array | readonly string[];

const IR_VERSION = 8;
const OPSET = 17;
/** The domain of tree ensembles, imported where a graph has one. */
export const TREE_DOMAIN = 'ai.onnx.ml';
const TREE_OPSET = 3;

/** Writes one ONNX graph by hand. The same calls give the same bytes. */
export class OnnxGraph {
  readonly #nodes: MessageWriter[] = [];
  readonly #initializers: MessageWriter[] = [];
  #hasTrees = false;

  /** A constant; returns its name. */
  constant(name: string, tensor: Tensor): string {
    this.#initializers.push(tensorMessage(tensor).bytes(8, name));
    return name;
  }

  /** Constants by type, with a shape (of the data's length unless given). */
  float32(name: string, values: readonly number[] | Float32Array, dims = [values.length]): string {
    return this.constant(name, { type: 'float32', dims, data: bytesOf(Float32Array.from(values)) });
  }

  float64(name: string, values: readonly number[] | Float64Array, dims = [values.length]): string {
    return this.constant(name, { type: 'float64', dims, data: bytesOf(Float64Array.from(values)) });
  }

  int64(name: string, values: readonly number[], dims = [values.length]): string {
    const data = bytesOf(BigInt64Array.from(values, BigInt));
    return this.constant(name, { type: 'int64', dims, data });
  }

  /** An operation with one output; returns the output's name, `output` or one made from the operation's place. */
  node(
    operation: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output = `${operation.toLowerCase()}_${this.#nodes.length}`,
    domain?: typeof TREE_DOMAIN,
  ): string {
    const node = new MessageWriter();
    for (const input of inputs) node.bytes(1, input);
    node.bytes(2, output).bytes(3, output).bytes(4, operation);
    for (const [name, value] of Object.entries(attributes)) node.bytes(5, attributeMessage(name, value));
    if (domain !== undefined) {
      node.bytes(7, domain);
      this.#hasTrees = true;
    }
    this.#nodes.push(node);
    return output;
  }

  /** The bytes of a model with these inputs and outputs. */
  finish(name: string, inputs: readonly ValueShape[], outputs: readonly ValueShape[]): Uint8Array {
    const graph = new MessageWriter();
    for (const node of this.#nodes) graph.bytes(1, node);
    graph.bytes(2, name);
    for (const initializer of this.#initializers) graph.bytes(5, initializer);
    for (const input of inputs) graph.bytes(11, valueMessage(input));
    for (const output of outputs) graph.bytes(12, valueMessage(output));
    const opset = new MessageWriter().bytes(1, '').integer(2, OPSET);
    const model = new MessageWriter()
      .integer(1, IR_VERSION)
      .bytes(2, 'assayer')
      .bytes(7, graph)
      .bytes(8, opset);
    if (this.#hasTrees) model.bytes(8, new MessageWriter().bytes(1, TREE_DOMAIN).integer(2, TREE_OPSET));
    return model.finish();
  }
}

/**
 * The named constant of a model file.
 * @returns its element type, shape and bytes (a view into the file), or undefined when there is none of that name
 * @throws RangeError when the bytes are not an ONNX model
 */
export function readInitializer(onnx: Uint8Array, name: string): Tensor | undefined {
  const decoder = new TextDecoder();
  for (const graph of nested(onnx, 7)) {
    for (const initializer of nested(graph, 5)) {
      const fields = [...readFields(initializer)];
      const last = (field: number) => fields.findLast(([number]) => number === field)?.[1];
      const label = last(8);
      if (!(label instanceof Uint8Array) || decoder.decode(label) !== name) continue;
      const types = Object.keys(ELEMENT_TYPES) as ElementType[];
      const type = types.find((key) => ELEMENT_TYPES[key] === last(2));
      const data = last(9);
      if (!type || !(data instanceof Uint8Array)) throw new RangeError(`constant ${name} has another form`);
      const dims = fields.filter(([field]) => field === 1).map(([, value]) => value as number);
      return { type, dims, data };
    }
  }
  return undefined;
}

function* nested(message: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const [field, value] of readFields(message)) {
    if (field === wanted && value instanceof Uint8Array) yield value;
  }
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function tensorMessage({ type, dims, data }: Tensor): MessageWriter {
  const message = new MessageWriter();
  for (const dim of dims) message.integer(1, dim);
  return message.integer(2, ELEMENT_TYPES[type]).bytes(9, data);
}

function attributeMessage(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().bytes(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('data' in value) return message.bytes(5, tensorMessage(value)).integer(20, 4);
  // Lists of float32 are packed: one field of all their bytes.
  if (value instanceof Float32Array) return message.bytes(7, bytesOf(value)).integer(20, 6);
  if (isTexts(value)) {
    for (const item of value) message.bytes(9, item);
    return message.integer(20, 8);
  }
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function isTexts(list: readonly number[] | readonly string[]): list is readonly string[] {
  return typeof list[0] === 'string';
}

function valueMessage({ name, type, dims }: ValueShape): MessageWriter {
  const shape = new MessageWriter();
  for (const dim of dims) {
    const message = new MessageWriter();
    shape.bytes(1, typeof dim === 'string' ? message.bytes(2, dim) : message.integer(1, dim));
  }
  const tensor = new MessageWriter().integer(1, ELEMENT_TYPES[type]).bytes(2, shape);
  return new MessageWriter().bytes(1, name).bytes(2, new MessageWriter().bytes(1, tensor));
}
