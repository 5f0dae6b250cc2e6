import { expect, test } from 'vitest';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import type { PlattCalibration } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import { IR_VERSIONS, OPSETS, openModel } from '../../src/onnx/check-file.ts';
import { livePart } from '../../src/onnx/live-part.ts';
import { bindInputs, describeInputs, INPUT_PARTS, type InputPart } from '../../src/onnx/model-input.ts';
import { bindOutput, type OutputKind } from '../../src/onnx/model-output.ts';
import { bytesField } from '../../src/onnx/protobuf.ts';
import type { OnnxModel } from '../../src/onnx/read-model.ts';
import { logOdds, wrapModel } from '../../src/onnx/wrap-model.ts';
import { applyPlatt } from '../../src/statistics/platt.ts';
import { float32, linear, model, node, TYPES, type TypeName, value, weights } from './onnx-fixtures.ts';

/** Features of seven compounds, drawn. */
const N = 7;
const random = seededRandom(11);
const fingerprints = Uint8Array.from({ length: N * 384 }, () => random() * 256);
const descriptors = Float32Array.from({ length: N * 43 }, () => Math.round(random() * 800) / 8 - 20);

/** The columns of a feature of one compound. */
function columnsOf(part: InputPart, row: number): number[] {
  if (part === 'descriptors') return [...descriptors.subarray(row * 43, (row + 1) * 43)];
  const bytes = fingerprints.subarray(row * 384, (row + 1) * 384);
  if (part === 'fingerprints') return [...bytes];
  return Array.from({ length: INPUT_PARTS[part] }, (_, bit) => (bytes[bit >> 3] >> (bit & 7)) & 1);
}

/** What `linear` gives for features side by side. */
function expected(parts: readonly InputPart[]): number[] {
  return Array.from({ length: N }, (_, row) => {
    const columns = parts.flatMap((part) => columnsOf(part, row));
    const factors = weights(columns.length);
    return columns.reduce((sum, column, i) => sum + column * factors[i], 0);
  });
}

interface How {
  readonly inputs?: string;
  readonly output?: string;
  readonly kind?: OutputKind | '';
  readonly endpoint?: 'regression' | 'classification';
  readonly calibration?: PlattCalibration | null;
}

/** The wrapped model, or what is wrong. */
function wrap(
  bytes: Uint8Array,
  { inputs = '', output = '', kind = '', endpoint = 'regression', calibration = null }: How = {},
): Uint8Array | string {
  const opened = openModel(bytes) as OnnxModel;
  const found = bindOutput(opened, endpoint, output, kind);
  if (typeof found === 'string') return found;
  const part = livePart(opened, found.tensor);
  const bound = bindInputs(part.inputs, inputs);
  return typeof bound === 'string' ? bound : wrapModel(opened, part, bound, found, calibration);
}

/** Runs a wrapped model as a screen does. */
async function run(bytes: Uint8Array, how: How = {}): Promise<number[]> {
  const wrapped = wrap(bytes, how);
  if (typeof wrapped === 'string') throw new Error(wrapped);
  const { predictor } = await loadPredictor(wrapped, { name: 'test', providers: ['cpu'], threads: 1 });
  await using _ = predictor;
  return [...(await predictor.predict(fingerprints, descriptors, N)).values];
}

function close(actual: readonly number[], wanted: readonly number[], tolerance = 1e-3): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [i, one] of actual.entries()) expect(Math.abs(one - wanted[i])).toBeLessThanOrEqual(tolerance);
}

test.each<[parts: InputPart[], type: TypeName]>([
  [['fingerprints'], 'uint8'],
  [['descriptors'], 'float32'],
  [['descriptors'], 'float64'],
  [['morgan'], 'float32'],
  [['morgan'], 'uint8'],
  [['morgan'], 'int8'],
  [['morgan'], 'int32'],
  [['morgan'], 'int64'],
  [['morgan'], 'bool'],
  [['morgan'], 'float16'],
  [['bits'], 'float32'],
  [['bits'], 'bool'],
  [['bits'], 'float64'],
])('an input of %j as %s is told by its columns and fed with them', async (parts, type) => {
  const columns = parts.reduce((sum, part) => sum + INPUT_PARTS[part], 0);
  close(await run(linear(columns, { type })), expected(parts));
});

test.each<[inputs: string]>([
  ['x=morgan+descriptors'],
  ['x=descriptors+morgan'],
  ['x=bits+descriptors'],
  ['x=descriptors+bits'],
  ['x=descriptors+morgan+descriptors'],
])('%s stand side by side in this order', async (inputs) => {
  const parts = inputs.slice(2).split('+') as InputPart[];
  const columns = parts.reduce((sum, part) => sum + INPUT_PARTS[part], 0);
  close(await run(linear(columns), { inputs }), expected(parts));
  close(await run(linear(columns, { type: 'float64' }), { inputs }), expected(parts));
});

test.each([9, 10, 11, 12, 13, 15, 17, 18, 21, 22, 24, 26])(
  'opset %i keeps its meaning, and is run',
  async (opset) => {
    const graph = linear(INPUT_PARTS.bits + 43, { opset, irVersion: opset < 12 ? 3 : opset < 20 ? 8 : 10 });
    close(await run(graph, { inputs: 'x=bits+descriptors' }), expected(['bits', 'descriptors']));
  },
);

test('the limits of versions are those of ONNX Runtime', async () => {
  const load = (bytes: Uint8Array) => loadPredictor(bytes, { name: 'test', providers: ['cpu'], threads: 1 });
  const own = (opset: number, irVersion: number) =>
    model({
      opset,
      irVersion,
      nodes: [node('MatMul', ['descriptors', 'w'], ['prediction'])],
      constants: [float32('w', [43], weights(43))],
      inputs: [value('fingerprints', 'uint8', ['n', 384]), value('descriptors', 'float32', ['n', 43])],
      outputs: [value('prediction', 'float32', ['n'])],
    });
  for (const [opset, ir] of [[OPSETS.most, IR_VERSIONS.most], [OPSETS.least, IR_VERSIONS.least]]) {
    await using _ = (await load(own(opset, ir))).predictor;
  }
  await expect(load(own(OPSETS.most + 1, IR_VERSIONS.most))).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
  await expect(load(own(OPSETS.most, IR_VERSIONS.most + 1))).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
}); // biome-ignore format: pairs

function int64(name: string, values: readonly number[]): Uint8Array {
  const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return Buffer.concat([
    Uint8Array.of(8, values.length, 16, TYPES.int64),
    bytesField(8, name),
    bytesField(9, data),
  ]);
}

test('names that are ours too do not collide, and notes of the writer are not carried', async () => {
  const secret = '/home/someone/train.py';
  const names = { x: 'descriptors', w: 'bits_of_bytes', out: 'prediction' };
  const bytes = model({
    nodes: [
      Buffer.concat([
        node('MatMul', [names.x, names.w], ['fingerprints']),
        bytesField(6, secret),
        bytesField(9, [bytesField(1, 'trace'), bytesField(2, secret)]),
      ]),
      node('Clip', ['fingerprints', '', 'flat'], [names.out]),
    ],
    constants: [
      Buffer.concat([float32(names.w, [2048, 1], weights(2048)), bytesField(12, secret)]),
      float32('flat', [], [1e9]),
    ],
    inputs: [value(names.x, 'float32', ['batch', 2048])],
    outputs: [value(names.out, 'float32', ['batch', 1])],
    more: [bytesField(14, [bytesField(1, 'path'), bytesField(2, secret)])],
  });
  close(await run(bytes), expected(['morgan']));
  expect(Buffer.from(bytes).includes(secret)).toBe(true);
  expect(Buffer.from(wrap(bytes) as Uint8Array).includes(secret)).toBe(false);
  expect(Buffer.compare(wrap(bytes) as Uint8Array, wrap(bytes) as Uint8Array)).toBe(0);
});

/** Two inputs; outputs: `one` [n], `two` [n, 2] (second column minus the first is a tenth of `one`), `three` [n, 3]. */
const several = model({
  nodes: [
    node('MatMul', ['d', 'w'], ['product']),
    node('Reshape', ['product', 'flat'], ['one']),
    node('MatMul', ['product', 'pair'], ['two']),
    node('MatMul', ['product', 'triple'], ['three']),
    node('ReduceSum', ['b'], ['other'], { keepdims: 1 }),
    node('Cast', ['product'], ['whole'], { to: TYPES.int64 }),
  ],
  constants: [
    float32('w', [43, 1], weights(43)),
    float32('pair', [1, 2], [-0.05, 0.05]),
    float32('triple', [1, 3], [1, 2, 3]),
    int64('flat', [-1]),
  ],
  inputs: [value('b', 'float32', ['n', 2048]), value('d', 'float32', ['n', 43])],
  outputs: [
    value('one', 'float32', ['n']),
    value('two', 'float32', ['n', 2]),
    value('three', 'float32', ['n', 3]),
    value('whole', 'int64', ['n', 1]),
    value('deep', 'float32', ['n', 1, 1]),
    value('single', 'float32', [1, 1]),
  ],
});
const one = expected(['descriptors']);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test('an output of one column, a named column, and logits of one or two columns', async () => {
  close(await run(several, { output: 'one' }), one);
  close(await run(several, { output: 'three:2' }), one.map((x) => 3 * x));
  const classes = { endpoint: 'classification', kind: 'logit' } as const;
  close(await run(several, { ...classes, output: 'one' }), one.map(sigmoid), 1e-5);
  // Two logits are one: their difference.
  close(await run(several, { ...classes, output: 'two' }), one.map((x) => sigmoid(x / 10)), 1e-5);
  const probability = { endpoint: 'classification', kind: 'probability' } as const;
  close(await run(several, { ...probability, output: 'two' }), one.map((x) => x / 20));
}); // biome-ignore format: one line for each output

test('a calibration in the graph is the one that was fitted', async () => {
  const calibration: PlattCalibration = { kind: 'platt', slope: -0.7, offset: 0.4 };
  const how = { endpoint: 'classification', kind: 'logit', output: 'two' } as const;
  const raw = await run(several, how);
  // Log-odds are held within those of 0.001 and 0.999: with a tenth of large sums both ends occur.
  expect(Math.max(...raw.map((p) => Math.abs(logOdds(p))))).toBeCloseTo(Math.log(999), 6);
  close(await run(several, { ...how, calibration }), [...applyPlatt(calibration, raw.map(logOdds))], 2e-6);
});

test.each<[what: string, how: How, says: RegExp]>([
  ['several outputs would do', {}, /several outputs hold numbers \(one, two, three, whole, deep, single\)/],
  ['an output that is not there', { output: 'five' }, /no output five; there are one, two/],
  ['a column that is not there', { output: 'three:3' }, /three has 3 columns, so there is no column 3/],
  ['a column of two logits', { endpoint: 'classification', kind: 'logit', output: 'two:0' }, /two has two logits: .* leave out the column; or of two tasks/],
  ['a column to choose', { output: 'two' }, /two has 2 columns\. Say which .* two:0 to two:1/],
  ['three classes', { output: 'three', endpoint: 'classification' }, /three has 3 columns/],
  ['labels as the output', { output: 'whole' }, /whole is int64, not numbers/],
  ['three dimensions', { output: 'deep' }, /deep has 3 dimensions/],
  ['one compound at a time', { output: 'single' }, /single is for exactly 1 compounds/],
  ['probabilities of a regression', { output: 'one', kind: 'probability' }, /regression has no output of kind probability/],
  ['values of a classification', { output: 'one', kind: 'value', endpoint: 'classification' }, /classification has no output of kind value/],
  ['an input that is not there', { output: 'one', inputs: 'z=morgan' }, /no input z that the output depends on/],
  ['an input that the output does not need', { output: 'one', inputs: 'b=morgan' }, /no input b that the output/],
  ['an unknown feature', { output: 'one', inputs: 'd=maccs' }, /"d=maccs" says of no input/],
  ['a feature without an input', { output: 'one', inputs: '=morgan' }, /"=morgan" says of no input/],
  ['a feature of another width', { output: 'one', inputs: 'd=morgan' }, /input d has 43 columns, and morgan has 2048/],
])('%s: said in words', (_, how, says) => {
  expect(wrap(several, how)).toMatch(says);
}); // biome-ignore format: one row for each case

test.each<[what: string, input: Uint8Array, inputs: string, says: RegExp]>([
  ['an ambiguous width', value('x', 'float32', ['n', 2091]), '', /2091 columns.*x=morgan\+descriptors or x=descriptors\+morgan/],
  ['another width', value('x', 'float32', ['n', 1024]), '', /1024 columns, which does not tell.*morgan with 2048/],
  ['no width', value('x', 'float32', ['n', 'd']), '', /an unknown number of columns/],
  ['a fixed batch', value('x', 'float32', [1, 2048]), '', /exactly 1 compounds at a time/],
  ['three dimensions', value('x', 'float32', ['n', 1, 2048]), '', /3 dimensions/],
  ['descriptors as integers', value('x', 'int64', ['n', 43]), '', /descriptors need float32 or float64/],
  ['packed bytes as numbers', value('x', 'float32', ['n', 384]), '', /packed fingerprints come alone as uint8/],
])('%s: said in words', (_, input, inputs, says) => {
  const bytes = model({
    nodes: [node('ReduceSum', ['x'], ['out'])],
    inputs: [input],
    outputs: [value('out', 'float32', ['n'])],
  });
  expect(wrap(bytes, { inputs })).toMatch(says);
}); // biome-ignore format: one row for each case

test('an input without a stated width is what it is declared to be', async () => {
  const bytes = model({
    nodes: [node('MatMul', ['x', 'w'], ['out'])],
    constants: [float32('w', [2091, 1], weights(2091))],
    inputs: [value('x', 'float32', null)],
    outputs: [value('out', 'float32', null)],
  });
  close(await run(bytes, { inputs: 'x=morgan+descriptors' }), expected(['morgan', 'descriptors']));
  const opened = openModel(bytes) as OnnxModel;
  expect(describeInputs(bindInputs(opened.inputs, ' x = morgan + descriptors ') as never)).toBe(
    'x=morgan+descriptors',
  );
});

test.each<[labels: readonly (number | string)[], says: RegExp | null]>([
  [[0, 1], null],
  [['0', '1'], null],
  [[1, 0], /classes of output p are 1, 0, not 0 and 1/],
  [['active', 'inactive'], /active, inactive/],
  [[0, 1, 2], /3 columns/],
])('classes %j of a classifier', (labels, says) => {
  const isText = typeof labels[0] === 'string';
  const attributes = { [isText ? 'classlabels_strings' : 'classlabels_int64s']: labels as string[] };
  const classifier = (zipmap: boolean) =>
    model({
      learningOpset: 1,
      nodes: [
        node('TreeEnsembleClassifier', ['x'], ['label', 'scores'], attributes, 'ai.onnx.ml'),
        node('Cast', ['scores'], ['p'], { to: TYPES.float32 }),
        ...(zipmap ? [node('ZipMap', ['p'], ['map'], attributes, 'ai.onnx.ml')] : []),
      ],
      inputs: [value('x', 'float32', ['n', 2048])],
      outputs: zipmap
        ? [bytesField(1, 'map')]
        : [value('p', 'float32', ['n', labels.length])],
    });
  const plain = wrap(classifier(false), { endpoint: 'classification' });
  const dictionaries = wrap(classifier(true), { endpoint: 'classification' });
  for (const [name, got] of [['p', plain], ['map', dictionaries]] as const) {
    if (says === null) expect(got).toBeInstanceOf(Uint8Array);
    else expect(String(got).replaceAll(`output ${name} `, 'output p ')).toMatch(says);
  }
  // Said by the caller, any column will do.
  expect(wrap(classifier(false), { endpoint: 'classification', output: 'p:0' })).toBeInstanceOf(Uint8Array);
}); // biome-ignore format: pairs
