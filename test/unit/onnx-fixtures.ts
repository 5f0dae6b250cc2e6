import { bytesField, integerField } from '../../src/onnx/protobuf.ts';

/** ONNX's numbers of element types. */
export const TYPES = {
  float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11,
} as const; // biome-ignore format: one table
export type TypeName = keyof typeof TYPES;

/** A dimension: a number, a name for one that varies, or null for one that is not said. */
type Dim = number | string | null;

/** An attribute: an integer, a list of integers or texts, or a message in this field of AttributeProto. */
export type Attribute =
  | number
  | readonly number[]
  | readonly string[]
  | { field: number; message: Uint8Array };

/** A graph's input or output. */
export function value(name: string, type: TypeName, dims: readonly Dim[] | null): Uint8Array {
  const shape = (dims ?? []).map((dim) =>
    bytesField(1, dim === null ? [] : typeof dim === 'number' ? integerField(1, dim) : bytesField(2, dim)),
  );
  const tensor = [integerField(1, TYPES[type]), ...(dims === null ? [] : [bytesField(2, shape)])];
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}

export function node(
  operation: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = '',
): Uint8Array {
  return Buffer.concat([
    ...inputs.map((input) => bytesField(1, input)),
    ...outputs.map((output) => bytesField(2, output)),
    bytesField(4, operation),
    ...Object.entries(attributes).map(([name, content]) => bytesField(5, attribute(name, content))),
    ...(domain === '' ? [] : [bytesField(7, domain)]),
  ]);
}

function attribute(name: string, content: Attribute): Uint8Array {
  const parts = [bytesField(1, name)];
  if (typeof content === 'number') parts.push(integerField(3, content), integerField(20, 2));
  else if ('message' in content) parts.push(bytesField(content.field, content.message));
  else if (typeof content[0] === 'string') {
    for (const text of content) parts.push(bytesField(9, String(text)));
    parts.push(integerField(20, 8));
  } else {
    for (const item of content) parts.push(integerField(8, Number(item)));
    parts.push(integerField(20, 7));
  }
  return Buffer.concat(parts);
}

export function float32(name: string, dims: readonly number[], values: ArrayLike<number>): Uint8Array {
  const data = new Uint8Array(Float32Array.from(values).buffer);
  return Buffer.concat([
    ...dims.map((dim) => integerField(1, dim)),
    integerField(2, TYPES.float32),
    bytesField(8, name),
    bytesField(9, data),
  ]);
}

export interface ModelParts {
  readonly nodes: readonly Uint8Array[];
  readonly constants?: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  readonly irVersion?: number;
  readonly opset?: number;
  /** Of ai.onnx.ml; not imported when not said. */
  readonly learningOpset?: number;
  /** More fields of the model, and of its graph. */
  readonly more?: readonly Uint8Array[];
  readonly graphMore?: readonly Uint8Array[];
}

/** An ONNX file by hand. */
export function model(parts: ModelParts): Uint8Array {
  const { nodes, constants = [], inputs, outputs, learningOpset } = parts;
  const opset = (domain: string, version: number) =>
    bytesField(8, [bytesField(1, domain), integerField(2, version)]);
  return Buffer.concat([
    integerField(1, parts.irVersion ?? 8),
    bytesField(2, 'by hand'),
    bytesField(7, [
      ...nodes.map((item) => bytesField(1, item)),
      bytesField(2, 'graph'),
      ...constants.map((item) => bytesField(5, item)),
      ...inputs.map((item) => bytesField(11, item)),
      ...outputs.map((item) => bytesField(12, item)),
      ...(parts.graphMore ?? []),
    ]),
    opset('', parts.opset ?? 17),
    ...(learningOpset === undefined ? [] : [opset('ai.onnx.ml', learningOpset)]),
    ...(parts.more ?? []),
  ]);
}

/** A different weight for every column, so that a column in the wrong place shows. */
export function weights(columns: number): Float32Array {
  return Float32Array.from({ length: columns }, (_, i) => ((i * 37) % 101) / 64 - 0.75);
}

/** One input times `weights`: output `out` of shape [n, 1]. */
export function linear(
  columns: number,
  { type = 'float32' as TypeName, opset = 17, name = 'x', irVersion = 8 } = {},
): Uint8Array {
  return model({
    opset,
    irVersion,
    nodes: [
      node('Cast', [name], ['number'], { to: TYPES.float32 }),
      node('MatMul', ['number', 'weights'], ['out']),
    ],
    constants: [float32('weights', [columns, 1], weights(columns))],
    inputs: [value(name, type, ['n', columns])],
    outputs: [value('out', 'float32', ['n', 1])],
  });
}
