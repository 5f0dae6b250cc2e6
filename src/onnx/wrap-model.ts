import type { PlattCalibration } from '../core/artifact.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS, FINGERPRINT_BYTES, MORGAN_BITS, MORGAN_BYTES } from '../core/fingerprint.ts';
import type { LivePart } from './live-part.ts';
import type { InputPart, ModelInput } from './model-input.ts';
import type { ModelOutput } from './model-output.ts';
import { MACHINE_LEARNING_DOMAIN } from './operators.ts';
import { bytesField, integerField, readFields } from './protobuf.ts';
import type { GraphConstant, GraphNode, OnnxModel } from './read-model.ts';

/** Before every name of the imported graph, so that none of them is a name of ours. */
const PREFIX = 'imported/';
/** Constants need not be inputs from this version on. */
const LEAST_IR = 4;
/** Where a file imports no operators of ONNX itself, ours are of this version. */
const OWN_OPSET = 17;
/** Element types by their number in ONNX's TensorProto. */
const FLOAT32 = 1;
const UINT8 = 2;
const INT32 = 6;
const INT64 = 7;

/** Probabilities are held within this and 1 minus this before their log-odds are taken. */
export const LEAST_PROBABILITY = 1e-3;

/** The log-odds that a sigmoid is fitted to, of probabilities as a model gives them; the graph computes them alike. */
export function logOdds(probability: number): number {
  const held = Math.min(Math.max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return Math.log(held / (1 - held));
}

/**
 * An imported graph as a model of this engine: `fingerprints` uint8 [n, 384] and `descriptors` float32 [n, 43] in,
 * `prediction` float32 [n] out.
 *
 *     fingerprints -> bytes of the bits wanted -> bits -> in the type of the input -+
 *     descriptors ----------------------------------------> in the type ------------+-> imported graph -> one column
 *     -> sigmoid where it gives logits -> sigmoid of the log-odds where there is a calibration -> prediction
 *
 * The operators used here mean the same in all opsets from 9 on, so the imported graph keeps its own. Same arguments,
 * same bytes.
 */
export function wrapModel(
  model: OnnxModel,
  part: LivePart,
  inputs: readonly ModelInput[],
  output: ModelOutput,
  calibration: PlattCalibration | null,
): Uint8Array {
  const graph = new Wrapper();
  for (const input of inputs) addInput(graph, input);
  for (const node of part.nodes) graph.nodes.push(renamed(node));
  for (const constant of part.constants) graph.constants.push(renamedConstant(constant));
  addOutput(graph, output, calibration);
  const opsets = new Map<string, number>([['', model.opsets.get('') ?? OWN_OPSET]]);
  const learning = model.opsets.get(MACHINE_LEARNING_DOMAIN);
  if (learning !== undefined) opsets.set(MACHINE_LEARNING_DOMAIN, learning);
  return Buffer.concat([
    integerField(1, Math.max(model.irVersion, LEAST_IR)),
    bytesField(2, 'assayer'),
    bytesField(7, [
      ...graph.nodes.map((node) => bytesField(1, node)),
      bytesField(2, 'imported'),
      ...graph.constants.map((constant) => bytesField(5, constant)),
      bytesField(11, valueMessage('fingerprints', UINT8, FINGERPRINT_BYTES)),
      bytesField(11, valueMessage('descriptors', FLOAT32, DESCRIPTOR_COUNT)),
      bytesField(12, valueMessage('prediction', FLOAT32)),
    ]),
    ...[...opsets].map(([domain, version]) =>
      bytesField(8, [bytesField(1, domain), integerField(2, version)]),
    ),
  ]);
}

/** Nodes and constants in the making. */
class Wrapper {
  readonly nodes: Uint8Array[] = [];
  readonly constants: Uint8Array[] = [];
  readonly #known = new Set<string>();

  node(
    operation: string,
    inputs: readonly string[],
    integers: Record<string, number> = {},
    output?: string,
  ): string {
    const name = output ?? `${operation.toLowerCase()}_${this.nodes.length}`;
    this.nodes.push(
      Buffer.concat([
        ...inputs.map((input) => bytesField(1, input)),
        bytesField(2, name),
        bytesField(4, operation),
        ...Object.entries(integers).map(([key, value]) =>
          bytesField(5, [bytesField(1, key), integerField(3, value), integerField(20, 2)]),
        ),
      ]),
    );
    return name;
  }

  /** A constant, once under its name. */
  constant(name: string, type: number, dims: readonly number[], data: ArrayBufferView): string {
    if (this.#known.has(name)) return name;
    this.#known.add(name);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.constants.push(
      Buffer.concat([
        ...dims.map((dim) => integerField(1, dim)),
        integerField(2, type),
        bytesField(8, name),
        bytesField(9, bytes),
      ]),
    );
    return name;
  }

  float32(name: string, value: number): string {
    return this.constant(name, FLOAT32, [], Float32Array.of(value));
  }

  int64(name: string, values: readonly number[], dims = [values.length]): string {
    return this.constant(name, INT64, dims, BigInt64Array.from(values, BigInt));
  }
}

function addInput(graph: Wrapper, { name, type, parts }: ModelInput): void {
  const tensors = parts.map((kind) => addPart(graph, kind));
  const target = PREFIX + name;
  if (tensors.length === 1) {
    graph.node('Cast', tensors, { to: type }, target);
    return;
  }
  const cast = tensors.map((tensor) => graph.node('Cast', [tensor], { to: type }));
  graph.node('Concat', cast, { axis: 1 }, target);
}

/** One of our features as a tensor of whatever type it has by nature. */
function addPart(graph: Wrapper, kind: InputPart): string {
  switch (kind) {
    case 'fingerprints':
    case 'descriptors':
      return kind;
    case 'bits':
      return addBits(graph, 'fingerprints', FINGERPRINT_BITS);
    case 'morgan': {
      const first = graph.int64('morgan_bytes', [...Array(MORGAN_BYTES).keys()]);
      return addBits(graph, graph.node('Gather', ['fingerprints', first], { axis: 1 }), MORGAN_BITS);
    }
  }
}

/** Bits of packed bytes, uint8 [n, bits]: each byte picks its eight bits, lowest first, from a table. */
function addBits(graph: Wrapper, bytes: string, bits: number): string {
  const data = Uint8Array.from({ length: 256 * 8 }, (_, at) => ((at >> 3) >> (at & 7)) & 1);
  const table = graph.constant('bits_of_bytes', UINT8, [256, 8], data);
  const index = graph.node('Cast', [bytes], { to: INT32 });
  return graph.node('Reshape', [
    graph.node('Gather', [table, index]),
    graph.int64(`shape_of_${bits}_bits`, [-1, bits]),
  ]);
}

function addOutput(graph: Wrapper, output: ModelOutput, calibration: PlattCalibration | null): void {
  const { tensor, column, kind, takesSoftmax } = output;
  let score = graph.node('Cast', [PREFIX + tensor], { to: FLOAT32 });
  if (takesSoftmax) score = graph.node('Softmax', [score], { axis: 1 });
  if (column !== null) score = graph.node('Gather', [score, graph.int64('column', [column])], { axis: 1 });
  if (kind === 'logit' && !takesSoftmax) score = graph.node('Sigmoid', [score]);
  if (calibration) {
    const least = graph.float32('least_probability', LEAST_PROBABILITY);
    const most = graph.float32('most_probability', 1 - LEAST_PROBABILITY);
    const held = graph.node('Min', [graph.node('Max', [score, least]), most]);
    const against = graph.node('Sub', [graph.float32('one', 1), held]);
    const odds = graph.node('Log', [graph.node('Div', [held, against])]);
    const scaled = graph.node('Mul', [odds, graph.float32('platt_slope', -calibration.slope)]);
    const offset = graph.float32('platt_offset', -calibration.offset);
    score = graph.node('Sigmoid', [graph.node('Add', [scaled, offset])]);
  }
  graph.node('Reshape', [score, graph.int64('flat', [-1])], {}, 'prediction');
}

/**
 * The node with its inputs and outputs under their new names. What its writer noted beside it (fields 6 and 9: texts,
 * stack traces with paths of another machine) is left out.
 */
function renamed({ message }: GraphNode): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, value, raw } of readFields(message)) {
    if (number === 6 || number === 9) continue;
    const isName = (number === 1 || number === 2) && value instanceof Uint8Array;
    // An input that is not given has an empty name.
    parts.push(isName && value.length > 0 ? bytesField(number, [Buffer.from(PREFIX), value]) : raw);
  }
  return Buffer.concat(parts);
}

/** The constant under its new name, without notes (fields 12 and 16). */
function renamedConstant({ name, message }: GraphConstant): Uint8Array {
  const parts = [bytesField(8, PREFIX + name)];
  for (const { number, raw } of readFields(message)) {
    if (![8, 12, 16].includes(number)) parts.push(raw);
  }
  return Buffer.concat(parts);
}

/** A graph's input or output of the shape [n] or [n, columns]. */
function valueMessage(name: string, type: number, columns?: number): Uint8Array {
  const shape = [bytesField(1, bytesField(2, 'n'))];
  if (columns !== undefined) shape.push(bytesField(1, integerField(1, columns)));
  const tensor = Buffer.concat([integerField(1, type), bytesField(2, shape)]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}
