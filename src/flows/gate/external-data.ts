import { readFields } from '../../trainers/protobuf.ts';

/**
 * Field numbers of onnx.proto that lead from a message to the tensors below it. A tensor with its location set to
 * external keeps its numbers in a file beside the model, which no hash of the model's bytes covers.
 */
const MESSAGES = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
} as const satisfies Record<string, Record<number, string>>;

type MessageKind = keyof typeof MESSAGES;

const TENSOR_NAME = 8;
const TENSOR_EXTERNAL_DATA = 13;
const TENSOR_DATA_LOCATION = 14;

/**
 * Names of the tensors of an ONNX file whose data lie in another file.
 * @returns empty for a file that is whole
 * @throws RangeError when the bytes are no protocol buffer message
 * @source onnx.proto, https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
export function externalTensors(onnx: Uint8Array): string[] {
  return [...outside(onnx, 'model')];
}

function* outside(message: Uint8Array, kind: MessageKind): Generator<string> {
  if (kind === 'tensor') {
    yield* outsideTensor(message);
    return;
  }
  const below: Readonly<Record<number, MessageKind>> = MESSAGES[kind];
  for (const [field, value] of readFields(message)) {
    const next = below[field];
    if (next && value instanceof Uint8Array) yield* outside(value, next);
  }
}

function* outsideTensor(message: Uint8Array): Generator<string> {
  let name = '';
  let isOutside = false;
  for (const [field, value] of readFields(message)) {
    if (field === TENSOR_NAME && value instanceof Uint8Array) name = new TextDecoder().decode(value);
    if (field === TENSOR_EXTERNAL_DATA) isOutside = true;
    if (field === TENSOR_DATA_LOCATION && value === 1) isOutside = true;
  }
  if (isOutside) yield name || 'a tensor without a name';
}
