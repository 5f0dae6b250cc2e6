import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { openModel, sizeProblem } from '../../src/onnx/check-file.ts';
import { livePart, refusedPart } from '../../src/onnx/live-part.ts';
import { bytesField, integerField, readFields } from '../../src/onnx/protobuf.ts';
import { describeValue, type OnnxModel } from '../../src/onnx/read-model.ts';
import { float32, linear, type ModelParts, model, node, value } from './onnx-fixtures.ts';

const folder = new URL('../data/imported/', import.meta.url).pathname;
const files = readdirSync(folder).filter((name) => name.endsWith('.onnx'));
const plain: ModelParts = {
  nodes: [node('Abs', ['x'], ['out'])],
  inputs: [value('x', 'float32', ['n', 43])],
  outputs: [value('out', 'float32', ['n', 43])],
};
const abs = (more: Partial<ModelParts>) => model({ ...plain, ...more });

/** What is wrong with a file, whether its head says so or its operators; null for nothing. */
function problemOf(bytes: Uint8Array, tensor = 'out'): string | null {
  const opened = openModel(bytes);
  return typeof opened === 'string' ? opened : refusedPart(livePart(opened, tensor));
}

test('a message is read without loss, with integers past 32 bits and negative ones', () => {
  const bytes = readFileSync(`${folder}network.onnx`);
  expect(Buffer.concat([...readFields(bytes)].map(({ raw }) => raw)).equals(bytes)).toBe(true);
  for (const number of [0, 1, 127, 128, 2 ** 31, 2 ** 32 + 5, 2 ** 52 + 1]) {
    expect([...readFields(integerField(7, number))].map(({ value: read }) => read)).toEqual([number]);
  }
  const minusOne = Uint8Array.of(0x38, ...Array(9).fill(0xff), 0x01);
  expect([...readFields(minusOne)][0].value).toBe(-1);
});

test.each(files)('%s, as its tool wrote it, has nothing against it', (name) => {
  const opened = openModel(readFileSync(folder + name)) as OnnxModel;
  expect(opened.producer).toMatch(/^(skl2onnx|pytorch) \d/);
  expect(opened.inputs.map(describeValue).join()).toMatch(/^(X float32 \[n, \d+\]|bits float32 \[n, 2048\],descriptors float32 \[n, 43\])$/); // biome-ignore format: one pattern
  const tensor = name === 'forest-zipmap.onnx' ? 'probabilities' : opened.outputs.at(-1)!.name;
  const part = livePart(opened, tensor);
  expect(part.nodes.length).toBeGreaterThan(0);
  expect(refusedPart(part)).toBe(null);
});

test('a cut or scrambled file is refused in words or read, and never breaks the reader', () => {
  const bytes = readFileSync(`${folder}forest.onnx`);
  const random = seededRandom(3);
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const damaged = Uint8Array.from(
      bytes.subarray(0, i % 2 ? bytes.length : Math.floor(random() * bytes.length)),
    );
    for (let k = 0; k < (i % 2 ? 3 : 0); k++) damaged[Math.floor(random() * damaged.length)] = random() * 256;
    const opened = openModel(damaged);
    if (typeof opened === 'string') refused++;
    else refusedPart(livePart(opened, 'probabilities'));
  }
  expect(refused).toBeGreaterThan(150);
  expect(openModel(new Uint8Array())).toMatch(/no ONNX file \(it holds no graph\)/);
  expect(openModel(Buffer.from('smiles,value\nCCO,1\n'))).toMatch(/no ONNX file/);
});

test.each<[what: string, bytes: Uint8Array, says: RegExp]>([
  ['an operator of another domain', abs({ nodes: [node('FusedGemm', ['x'], ['out'], {}, 'com.microsoft')] }), /com\.microsoft\.FusedGemm is of another domain/],
  ['an unknown operator of ONNX', abs({ nodes: [node('Frobnicate', ['x'], ['out'])] }), /operator Frobnicate is not taken\./],
  ['a loop', abs({ nodes: [node('Loop', ['x'], ['out'])] }), /Loop is not taken: control flow/],
  ['a branch', abs({ nodes: [node('If', ['x'], ['out'])] }), /If is not taken: control flow/],
  ['a draw of random numbers', abs({ nodes: [node('RandomNormalLike', ['x'], ['out'])] }), /random numbers/],
  ['texts', abs({ nodes: [node('StringNormalizer', ['x'], ['out'])] }), /texts or pictures/],
  ['a graph in an attribute', abs({ nodes: [node('Abs', ['x'], ['out'], { body: { field: 6, message: bytesField(2, 'g') } })] }), /Abs holds a graph of its own/],
  ['a sparse tensor in an attribute', abs({ nodes: [node('Constant', [], ['out'], { sparse_value: { field: 22, message: integerField(3, 1) } })] }), /Constant holds a sparse tensor/],
  ['sparse constants', abs({ graphMore: [bytesField(15, integerField(3, 1))] }), /sparse constants/],
  ['functions of its own', abs({ more: [bytesField(25, bytesField(1, 'gelu_2'))] }), /functions of its own \(gelu_2\)/],
  ['a constant in another file', abs({ nodes: [node('Add', ['x', 'w'], ['out'])], constants: [Buffer.concat([float32('w', [1], [1]), integerField(14, 1)])] }), /constant w has its numbers in another file/],
  ['a path to another file', abs({ nodes: [node('Add', ['x', 'w'], ['out'])], constants: [Buffer.concat([float32('w', [1], [1]), bytesField(13, bytesField(1, 'location'))])] }), /constant w has its numbers in another file/],
  ['an attribute in another file', abs({ nodes: [node('Constant', [], ['out'], { value: { field: 5, message: integerField(14, 1) } })] }), /operator Constant has its numbers in another file/],
  ['opset 8', abs({ opset: 8 }), /opset 8, and 9 to 26 are run here/],
  ['opset 27', abs({ opset: 27 }), /opset 27, and 9 to 26/],
  ['ai.onnx.ml opset 6', abs({ learningOpset: 6 }), /ai\.onnx\.ml opset 6, and 1 to 5/],
  ['IR version 2', abs({ irVersion: 2 }), /version 2, and 3 to 13/],
  ['IR version 14', abs({ irVersion: 14 }), /version 14, and 3 to 13/],
  ['no operators', abs({ nodes: [] }), /computes nothing/],
  ['two graphs', abs({ more: [bytesField(7, bytesField(2, 'second'))] }), /several graphs/],
])('%s is refused', (_, bytes, says) => {
  expect(problemOf(abs({}))).toBe(null);
  expect(problemOf(bytes)).toMatch(says);
}); // biome-ignore format: one row for each case

test('what the wanted output does not need is neither checked nor taken', () => {
  const bytes = abs({
    nodes: [
      node('Neg', ['x'], ['label']),
      node('Abs', ['x'], ['out']),
      node('LabelEncoder', ['label'], ['text']),
    ],
    constants: [Buffer.concat([float32('unused', [1], [1]), integerField(14, 1)])],
  });
  const opened = openModel(bytes) as OnnxModel;
  const part = livePart(opened, 'out');
  expect(part.nodes.map(({ operation }) => operation)).toEqual(['Abs']);
  expect(part.constants).toEqual([]);
  expect(refusedPart(part)).toBe(null);
  expect(problemOf(bytes, 'text')).toMatch(/LabelEncoder/);
});

test('a file past the size limit is refused by its size alone', () => {
  expect(sizeProblem(256 * 2 ** 20)).toBe(null);
  expect(sizeProblem(256 * 2 ** 20 + 1)).toMatch(/268435457 bytes, and 268435456 is the most/);
});

test('inputs that are constants too, as files before IR version 4 have them, are no inputs', () => {
  const constant = float32('weights', [43, 1], new Float32Array(43));
  const bytes = model({
    irVersion: 3,
    opset: 9,
    nodes: [node('MatMul', ['x', 'weights'], ['out'])],
    constants: [constant],
    inputs: [value('x', 'float32', ['n', 43]), value('weights', 'float32', [43, 1])],
    outputs: [value('out', 'float32', [null, 1])],
  });
  const opened = openModel(bytes) as OnnxModel;
  expect(opened.inputs.map(describeValue)).toEqual(['x float32 [n, 43]']);
  expect(opened.outputs.map(describeValue)).toEqual(['out float32 [n, 1]']);
  expect((openModel(linear(43)) as OnnxModel).constants.map(({ name }) => name)).toEqual(['weights']);
});
