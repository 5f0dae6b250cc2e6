import { type AttributeContent, attributeContent, isExternal } from './attributes.ts';
import { integerIn, messagesIn, readFields, textIn } from './protobuf.ts';

/**
 * Names of ONNX's element types by number. @source onnx.proto, TensorProto.DataType, github.com/onnx/onnx
 */
const ELEMENT_TYPES = [
  'undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16',
  'float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16',
]; // biome-ignore format: the position is the number

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  /** A tensor's element type, or what the value is instead: `sequence`, `map`, `other`. */
  readonly type: string;
  /** A number, or null for a dimension that varies; null where the file gives no shape. */
  readonly dims: readonly (number | null)[] | null;
}

/** A constant of a graph, as it stands in the file. */
export interface GraphConstant {
  readonly name: string;
  readonly isExternal: boolean;
  readonly message: Uint8Array;
}

/** One operation, as it stands in the file. */
export interface GraphNode {
  readonly operation: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly holds: AttributeContent;
  readonly message: Uint8Array;
}

/** What an ONNX file holds; views into its bytes. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Version of each imported operator set by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Name and version of what wrote the file; '' where it does not say. */
  readonly producer: string;
  readonly nodes: readonly GraphNode[];
  readonly constants: readonly GraphConstant[];
  /** Without those that are constants. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Whether it has constants in a sparse form. */
  readonly hasSparseConstants: boolean;
  /** Names of functions that the file defines itself. */
  readonly functions: readonly string[];
}

/**
 * Reads an ONNX file (ModelProto) as far as importing it needs. Field numbers: onnx.proto, github.com/onnx/onnx.
 * @throws RangeError when the bytes are not such a file
 */
export function readOnnxModel(bytes: Uint8Array): OnnxModel {
  const [graph, ...more] = messagesIn(bytes, 7);
  if (!graph || more.length > 0) throw new RangeError(`it holds ${graph ? 'several graphs' : 'no graph'}`);
  const opsets = new Map<string, number>();
  for (const opset of messagesIn(bytes, 8)) opsets.set(domainOf(textIn(opset, 1)), integerIn(opset, 2) ?? 0);
  const constants = [...messagesIn(graph, 5)].map(readConstant);
  const names = new Set(constants.map(({ name }) => name));
  return {
    irVersion: integerIn(bytes, 1) ?? 0,
    opsets,
    producer: `${textIn(bytes, 2)} ${textIn(bytes, 3)}`.trim(),
    nodes: [...messagesIn(graph, 1)].map(readNode),
    constants,
    inputs: [...messagesIn(graph, 11)].map(readValue).filter(({ name }) => !names.has(name)),
    outputs: [...messagesIn(graph, 12)].map(readValue),
    hasSparseConstants: [...messagesIn(graph, 15)].length > 0,
    functions: [...messagesIn(bytes, 25)].map((message) => textIn(message, 1)),
  };
}

/** ONNX's own operators go by two names. */
function domainOf(text: string): string {
  return text === 'ai.onnx' ? '' : text;
}

function readNode(message: Uint8Array): GraphNode {
  const texts = (number: number) =>
    [...messagesIn(message, number)].map((bytes) => new TextDecoder().decode(bytes));
  return {
    operation: textIn(message, 4),
    domain: domainOf(textIn(message, 7)),
    inputs: texts(1),
    outputs: texts(2),
    holds: attributeContent(message),
    message,
  };
}

function readConstant(message: Uint8Array): GraphConstant {
  return { name: textIn(message, 8), isExternal: isExternal(message), message };
}

function readValue(message: Uint8Array): GraphValue {
  const name = textIn(message, 1);
  const [type] = messagesIn(message, 2);
  const [tensor] = type ? messagesIn(type, 1) : [];
  if (!tensor) {
    const kinds = new Map([[4, 'sequence'], [5, 'map']]); // biome-ignore format: two pairs
    const kind = type
      ? [...readFields(type)].map(({ number }) => kinds.get(number)).find(Boolean)
      : undefined;
    return { name, type: kind ?? 'other', dims: null };
  }
  const element = integerIn(tensor, 1) ?? 0;
  const [shape] = messagesIn(tensor, 2);
  return {
    name,
    type: ELEMENT_TYPES[element] ?? `type ${element}`,
    dims: shape ? [...messagesIn(shape, 1)].map((dim) => integerIn(dim, 1) ?? null) : null,
  };
}

/** `X float32 [n, 2048]`, for messages and manifests. */
export function describeValue({ name, type, dims }: GraphValue): string {
  if (dims === null) return `${name} ${type}`;
  return `${name} ${type} [${dims.map((dim) => dim ?? 'n').join(', ')}]`;
}
