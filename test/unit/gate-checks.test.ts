import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createNeighborIndex } from '../../src/backends/wasm/nearest-index.ts';
import type { Calibration, Manifest } from '../../src/core/artifact.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { CheckResult } from '../../src/core/release.ts';
import { DEFAULT_RELEASE_POLICY } from '../../src/core/release-policy.ts';
import type { ScoredRows } from '../../src/flows/evaluate.ts';
import { adviceOn } from '../../src/flows/gate/advice.ts';
import { requireApprover } from '../../src/flows/gate/approver.ts';
import { checkBaseline } from '../../src/flows/gate/baseline.ts';
import { checkCalibration } from '../../src/flows/gate/calibration.ts';
import { checkCard } from '../../src/flows/gate/card.ts';
import { coverageBins } from '../../src/flows/gate/coverage-bins.ts';
import { externalTensors } from '../../src/flows/gate/external-data.ts';
import type { GateInput, ScoredModel } from '../../src/flows/gate/gate-input.ts';
import { checkIntegrity } from '../../src/flows/gate/integrity.ts';
import { checkLabels } from '../../src/flows/gate/labels.ts';
import { lineSlope } from '../../src/flows/gate/line-slope.ts';
import { nearestBaseline } from '../../src/flows/gate/nearest-baseline.ts';
import { checkNoWorse } from '../../src/flows/gate/no-worse.ts';
import { MessageWriter } from '../../src/trainers/protobuf.ts';

const models = new URL('../../models/', import.meta.url).pathname;
const manifestOf = (endpoint: string): Manifest =>
  JSON.parse(readFileSync(`${models}${endpoint}/1/manifest.json`, 'utf8'));
const regression = manifestOf('hlm-clearance');
const classes = manifestOf('ames');

/** About normal, mean 0, deviation 1. */
function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
}

function rowsOf(actual: number[], predicted: number[], groups = 50): ScoredRows {
  return {
    actual: Float64Array.from(actual),
    predicted: Float64Array.from(predicted),
    similarities: new Float64Array(actual.length).fill(0.5),
    spreads: new Float64Array(actual.length).fill(1),
    groups: Int32Array.from(actual, (_, i) => i % groups),
  };
}

function scoredModel(manifest: Manifest, rows: ScoredRows): ScoredModel {
  const none = { values: new Float32Array(), heldOut: new Float32Array(), groups: new Int32Array() };
  const reference = { inchikeys: [], whole: [], ...none };
  return {
    rows,
    artifact: { manifest, reference, model: new Uint8Array(), fingerprints: new Uint8Array() },
  };
}

function inputOf(scored: ScoredModel, current: ScoredModel | null = null): GateInput {
  const { artifact } = scored;
  const { manifest } = artifact;
  const known = { name: 'candidate@2', manifest, artifact, damage: null, externalData: [], card: null };
  const nothing = new Uint8Array();
  const accepted = { fingerprints: nothing, descriptors: new Float32Array(), y: new Float64Array() };
  const labelled = { ...accepted, inchikeys: [], scaffolds: [], whole: [] };
  const numbers = { relation: new Int8Array(), groups: new Int32Array() };
  return {
    policy: DEFAULT_RELEASE_POLICY,
    contract: manifest.contract,
    evaluation: {
      definition: manifest.endpoint,
      from: 'recipe',
      source: 'made up',
      hash: manifest.evaluation.hash,
      rows: {
        accepted: { ...labelled, ...numbers },
        rejectedY: new Float64Array(),
        rejectedGroups: new Int32Array(),
      },
      training: null,
      trainingValues: 0,
    },
    approver: { name: 'Ada Example', mail: 'ada@example.org' },
    candidate: { ...known, scored, unscored: null },
    current: current && { name: 'current@1', scored: current, problem: null },
  };
}

/** Truth and answers with an error of this deviation, the same truth for one seed. */
function answers(count: number, error: number, seed = 2) {
  const truth = normals(1);
  const noise = normals(seed);
  const actual = Array.from({ length: count }, truth);
  return rowsOf(
    actual,
    actual.map((value) => value + error * noise()),
  );
}

test('a tensor that lies outside its file is named, wherever in the graph it stands', () => {
  // Either field says so: where the data lie, or that they lie elsewhere.
  const tensor = (name: string) => new MessageWriter().bytes(8, name).integer(14, 1);
  const located = (name: string) =>
    new MessageWriter().bytes(8, name).bytes(13, new MessageWriter().bytes(1, 'location'));
  const inside = new MessageWriter().bytes(8, 'inside').bytes(9, Uint8Array.of(1, 2));
  const attribute = (field: number, value: MessageWriter) =>
    new MessageWriter().bytes(5, new MessageWriter().bytes(field, value));
  const subgraph = new MessageWriter().bytes(5, tensor('in a branch'));
  const graph = new MessageWriter()
    .bytes(1, attribute(5, tensor('in an attribute')))
    .bytes(1, attribute(6, subgraph))
    .bytes(5, inside)
    .bytes(5, located('weights'))
    .bytes(15, new MessageWriter().bytes(1, tensor('sparse values')));
  const inFunction = new MessageWriter().bytes(7, attribute(5, tensor('in a function')));
  const model = new MessageWriter().integer(1, 9).bytes(7, graph).bytes(25, inFunction);
  const names = ['in an attribute', 'in a branch', 'weights', 'sparse values', 'in a function'];
  expect(externalTensors(model.finish()).sort()).toEqual(names.sort());
  expect(externalTensors(readFileSync(`${models}ppb/1/model.onnx`))).toEqual([]);
});

test('the slope of measurements over predictions is that of the least-squares line', () => {
  expect(lineSlope([0, 1, 2], [1, 3, 5], [0, 1, 2])).toBeCloseTo(2, 12);
  expect(lineSlope([0, 1, 2, 9], [0, 1, 1, 9], [0, 1, 2])).toBeCloseTo(0.5, 12);
  expect(lineSlope([1, 1], [0, 5], [0, 1])).toBeNaN();
  expect(lineSlope([], [], [])).toBeNaN();
});

/** Training rows of which a share carries a label of another compound, with answers of an honest model for both parts. */
function labelled(share: number, seed: number): ScoredModel {
  const rows = answers(600, 0.8, seed);
  const random = seededRandom(seed);
  const training = answers(2000, 0.8, seed + 1);
  const values = Float32Array.from(training.actual, (value) =>
    random() < share ? training.actual[Math.floor(random() * 2000)] : value,
  );
  // An honest model shrinks its answers to the labels it sees: those that moved teach it to say less.
  const shrunk = (predicted: Float64Array) =>
    predicted.map((value) => ((1 - share) * value) / (1 + 0.8 ** 2));
  const model = scoredModel(regression, { ...rows, predicted: shrunk(rows.predicted) });
  const reference = {
    inchikeys: Array.from(values, (_, i) => `key ${i}`),
    whole: Array.from(values, () => true),
    values,
    heldOut: Float32Array.from(shrunk(training.predicted)),
    groups: Int32Array.from(values, (_, i) => i % 40),
  };
  return { ...model, artifact: { ...model.artifact, reference } };
}

test.each([1, 2, 3])('the share of moved labels is estimated from the slopes (seed %i)', (seed) => {
  for (const share of [0, 0.2, 0.4]) {
    const { outcome, measurements } = checkLabels(inputOf(labelled(share, seed)));
    const estimate = Number(measurements[1].value);
    expect(Math.abs(estimate - share), `share ${share}`).toBeLessThan(0.12);
    expect([share, outcome]).toEqual([share, share === 0 ? 'passed' : 'failed']);
  }
});

test('labels that all agree with the shared dataset are told so, in words without a zero', () => {
  const model = labelled(0, 1);
  const { inchikeys, values } = model.artifact.reference;
  const input = inputOf(model);
  const words = (labels: Float64Array) => {
    const training = { ...input.evaluation.rows.accepted, inchikeys: [...inchikeys], y: labels };
    const evaluation = { ...input.evaluation, training, trainingValues: inchikeys.length };
    return checkLabels({ ...input, evaluation }).words;
  };
  const same = Float64Array.from(values);
  expect(words(same)).toMatch(/^All 2,000 known training compounds carry the shared dataset's label, /);
  expect(words(same.with(5, 99))).toMatch(/^All but 1 of 2,000 known training compounds carry/);
});

test.each([
  ['', 'Nobody answers for this release. Name the approver: --approver "Name <mail>".'],
  [' ', 'Nobody answers'],
  ['Ada', 'The approver Ada has no <mail>: write --approver "Ada <mail>".'],
  ['ada@example.org', 'has no <mail>'],
  ['<ada@example.org>', 'has no name'],
  ['. <ada@example.org>', 'has no name'],
  ['Ada <ada>', 'has no mail address between < and >'],
  ['Ada <>', 'has no mail address'],
  ['Ada <a b@example.org>', 'has no mail address'],
  ['Ada > <ada@example.org>', 'is not of the form'],
])('approver %j is refused for what is missing', (approver, says) => {
  expect(() => requireApprover(approver)).toThrow(says);
});

test('an approver has a name and an address', () => {
  const ada = { name: 'Ada B. Exämple', mail: 'ada@example.org' };
  expect(requireApprover('  Ada B. Exämple <ada@example.org> ')).toEqual(ada);
});

test('first releases have nothing to be worse than', () => {
  expect(checkNoWorse(inputOf(scoredModel(regression, answers(100, 0.5))))).toMatchObject({
    outcome: 'passed',
  });
});

test('no-worse: equal passes, much worse fails, and so does what too few rows cannot tell from worse', () => {
  const check = (count: number, own: number, other: number) =>
    checkNoWorse(
      inputOf(
        scoredModel(regression, answers(count, own, 2)),
        scoredModel(regression, answers(count, other, 3)),
      ),
    );
  const same = scoredModel(regression, answers(2000, 0.5));
  expect(checkNoWorse(inputOf(same, same)).outcome).toBe('passed');
  expect(check(2000, 0.4, 0.5).outcome).toBe('passed');
  expect(check(2000, 0.6, 0.5).outcome).toBe('failed');
  // By chance even better on these thirty rows, but not surely within the margin.
  const few = check(30, 0.8, 0.5);
  expect(few.outcome).toBe('failed');
  expect(Number(few.measurements[0].value)).toBeLessThan(0);
});

/** Probabilities that are frequencies, then pulled towards their mean. */
function probabilities(count: number, pull: number): ScoredRows {
  const random = seededRandom(4);
  const honest = Array.from({ length: count }, () => 0.05 + 0.9 * random());
  const actual = honest.map((p) => Number(random() < p));
  return rowsOf(
    actual,
    honest.map((p) => (1 - pull) * p + pull * 0.5),
  );
}

test('classes are compared by order and by probability: pulled to the middle they are only worse by the second', () => {
  const result = checkNoWorse(
    inputOf(scoredModel(classes, probabilities(3000, 0.6)), scoredModel(classes, probabilities(3000, 0))),
  );
  expect(result.measurements.map(({ name, holds }) => [name, holds])).toEqual([
    ['1 - AUROC, difference to current@1', true],
    ['Brier, difference to current@1', false],
  ]);
});

test('probabilities that are no frequencies fail, by the bound for their number of rows', () => {
  const outcome = (count: number, pull: number) =>
    checkCalibration(inputOf(scoredModel(classes, probabilities(count, pull)))).outcome;
  expect([outcome(3000, 0), outcome(3000, 0.3), outcome(900, 0.3), outcome(900, 0.8)]).toEqual([
    'passed',
    'failed',
    'passed',
    'failed',
  ]);
});

test('intervals: too narrow, too wide, far ones that miss, and a bias each fail; honest ones pass', () => {
  const calibrated = (halfWidths: number[], shift = 0, spread: 'constant' | 'predicted' = 'constant') => {
    const rows = answers(1000, 0.5);
    const similarities = Float64Array.from(rows.actual, (_, i) => (i % 4 === 0 ? 0.1 : 0.6));
    const predicted = rows.predicted.map((value) => value + shift);
    const calibration: Calibration = {
      kind: 'conformal',
      coverage: 0.9,
      spread,
      edges: [0, 0.3],
      halfWidths,
      counts: [200, 200],
    };
    const spreads = rows.spreads.map(() => 0.5);
    const scored = scoredModel({ ...regression, calibration }, { ...rows, similarities, predicted, spreads });
    const { outcome, measurements } = checkCalibration(inputOf(scored));
    // What is promised, and the bins that are the same for all models: gate-hardening-checks.test.ts.
    const told = measurements.filter(({ name }) => !/promise|fixed bins/.test(name));
    return [outcome, ...told.map(({ holds }) => holds)];
  };
  const width = 0.5 * 1.645;
  expect(calibrated([width, width])).toEqual(['passed', true, true, true, true]);
  expect(calibrated([width / 2, width / 2])).toEqual(['failed', false, false, false, true]);
  expect(calibrated([2 * width, 2 * width])).toEqual(['failed', false, true, true, true]);
  expect(calibrated([0.6 * width, 1.1 * width])).toEqual(['failed', true, false, true, true]);
  expect(calibrated([1.1 * width, 1.1 * width], 0.3)).toEqual(['failed', true, true, true, false]);
  // In multiples of the spread, which is one half for every row.
  expect(calibrated([2 * width, 2 * width], 0, 'predicted')[0]).toBe('passed');
});

test('small bins are judged together with nearer ones, and a large bin always by itself', () => {
  const found = (counts: number[]) => {
    const similarities = Float64Array.from(counts.flatMap((n, bin) => Array(n).fill(bin / 10)));
    const edges = counts.map((_, bin) => bin / 10);
    return coverageBins(similarities, edges, 50).map(({ from, to, rows, judged }) => [
      from,
      to,
      rows.length,
      judged,
    ]);
  };
  const end = Number.POSITIVE_INFINITY;
  expect(found([35, 35, 50])).toEqual([
    [0, 0.2, 70, true],
    [0.2, end, 50, true],
  ]);
  expect(found([20, 10, 100, 30])).toEqual([
    [0, 0.3, 130, true],
    [0.2, 0.3, 100, true],
    [0.3, end, 30, false],
  ]);
  expect(found([49, 0, 1])).toEqual([[0, end, 50, true]]);
  expect(found([49])).toEqual([[0, end, 49, false]]);
  expect(found([0, 0])).toEqual([]);
});

test('far rows that intervals miss are seen in a small evaluation set, too', () => {
  const rows = answers(120, 0.5);
  const similarities = Float64Array.from(rows.actual, (_, i) => (i < 35 ? 0.1 : i < 70 ? 0.35 : 0.6));
  // Every third of the far rows lies far outside its interval: 77 % of 35 rows twice, 89 % of all.
  const predicted = rows.actual.map((value, i) => (i < 70 && i % 9 < 2 ? value + 1.2 : value));
  const conformal = { kind: 'conformal', coverage: 0.9, spread: 'constant' } as const;
  const edges = { edges: [0, 0.3, 0.5], halfWidths: [1, 1, 1], counts: [200, 200, 200] };
  const calibration: Calibration = { ...conformal, ...edges };
  const scored = scoredModel({ ...regression, calibration }, { ...rows, similarities, predicted });
  const { outcome, measurements } = checkCalibration(inputOf(scored));
  expect(outcome).toBe('failed');
  expect(measurements.filter(({ holds, name }) => !holds && !name.includes('fixed'))).toMatchObject([
    { name: 'coverage at similarity 0.00 to 0.50', bound: expect.stringMatching(/at least 0.8; 70 rows/) },
  ]);
});

test('an imported model on the shared test rows: its answers are looked at, its own figures are not compared', () => {
  const trainer = { ...regression.trainer, name: 'imported' };
  const evaluation = { ...regression.evaluation, hash: 'rows of its own table' };
  const check = (rows: ScoredRows, from: 'recipe' | 'table', name = 'imported') => {
    const manifest = { ...regression, trainer: { ...trainer, name }, evaluation };
    const input = inputOf(scoredModel(manifest, rows));
    const judging = { ...input.evaluation, from, hash: 'other rows' };
    return checkIntegrity({ ...input, evaluation: judging });
  };
  const rows = answers(100, 0.5);
  const told = (result: CheckResult) =>
    result.measurements.find(({ name }) => name === 'answers that are no finite numbers');
  const sound = check(rows, 'recipe');
  expect(told(sound)).toMatchObject({ value: 0, holds: true });
  const fresh = sound.measurements.filter(({ name }) => name.endsWith(', measured here'));
  expect(fresh.map(({ bound }) => bound)).toEqual(Array(7).fill('reported'));
  const broken = { ...rows, predicted: rows.predicted.map((value, i) => (i === 7 ? Number.NaN : value)) };
  const result = check(broken, 'recipe');
  expect(told(result)).toMatchObject({ value: 1, holds: false });
  expect([result.outcome, result.words]).toEqual([
    'failed',
    expect.stringContaining('1 of 100 answers are no finite numbers.'),
  ]);
  expect(check(rows, 'table').words).toMatch(/of other rows.*the table that the model was imported with/);
  expect(check(rows, 'table', 'gaussian-process').words).toMatch(/leave --evaluation out/);
  expect(check(rows, 'recipe', 'gaussian-process').words).toMatch(/Train the model again/);
});

test('advice names what can be waived under the policy, and what no waiver and no training mends', () => {
  const advice = (...failed: Parameters<typeof adviceOn>[0]) => adviceOn(failed, DEFAULT_RELEASE_POLICY);
  expect(advice('calibration', 'card')).toBe(
    'For calibration, card: correct the model, or waive with a reason (--waive calibration="why" --waive card="why").',
  );
  expect(advice('integrity')).toMatch(/^Integrity cannot be waived: bring back the artifact's own files/);
  expect(advice('integrity')).not.toMatch(/[Tt]rain|--waive/);
  expect(advice('contract')).toMatch(/^Contract cannot be waived: train or import the model again/);
  expect(advice('definition')).toBe('The policy does not let definition be waived: correct the model.');
});

test('a regression without intervals is not measured, so it does not pass', () => {
  const scored = scoredModel({ ...regression, calibration: { kind: 'none' } }, answers(100, 0.5));
  expect(checkCalibration(inputOf(scored))).toMatchObject({
    outcome: 'failed',
    words: expect.stringContaining('gives no intervals'),
  });
});

test('baselines: a constant is not beaten by a constant, nor the neighbours by their own answers', () => {
  const model = answers(300, 0.5);
  const constant = { ...model, predicted: model.predicted.map(() => 0) };
  const beaten = (rows: ScoredRows, nearest: Float64Array | null) => {
    const { measurements } = checkBaseline(inputOf(scoredModel(regression, rows)), nearest);
    return measurements.map(({ holds }) => holds);
  };
  expect(beaten(model, null)).toEqual([true, true]);
  expect(beaten(constant, null)).toEqual([false, true]);
  expect(beaten(model, model.predicted)).toEqual([true, false]);
  expect(beaten(model, answers(300, 1, 7).predicted)).toEqual([true, true]);
});

test('the nearest baseline weighs measured neighbours by squared similarity and skips bounds', async () => {
  const row = (...bits: number[]) => {
    const out = new Uint8Array(FINGERPRINT_BYTES);
    for (const bit of bits) out[bit >> 3] |= 1 << (bit & 7);
    return out;
  };
  const training = [row(1, 2), row(1, 3), row(1, 2)];
  const reference = {
    inchikeys: ['A', 'B', 'C'],
    whole: [true, true, true],
    values: Float32Array.of(3, 6, Number.NaN),
    heldOut: Float32Array.of(0, 0, 0),
    groups: Int32Array.of(0, 1, 2),
  };
  const { artifact } = scoredModel(regression, answers(1, 1));
  const fingerprints = Uint8Array.from(Buffer.concat(training));
  const asked = inputOf(scoredModel(regression, answers(1, 1))).evaluation.rows;
  const accepted = { ...asked.accepted, fingerprints: row(1, 2), y: Float64Array.of(0) };
  const rows = { accepted, rejectedY: Float64Array.of(9), rejectedGroups: Int32Array.of(5) };
  const open = async (bytes: Uint8Array) => createNeighborIndex(bytes);
  const found = await nearestBaseline({ ...artifact, reference, fingerprints }, rows, open);
  // Similarities 1 and 1/3: (3 + 6 / 9) / (1 + 1 / 9); the rejected row gets the mean.
  expect(found?.[0]).toBeCloseTo((3 + 6 / 9) / (1 + 1 / 9), 12);
  expect(found?.[1]).toBeCloseTo(4.5, 12);
  expect(await nearestBaseline(artifact, rows, open)).toBe(null);
});

test("a card must be this artifact's and tell what a reader needs", () => {
  const card = readFileSync(`${models}hlm-clearance/1/card.md`, 'utf8');
  const told = (text: string | null) => {
    const input = inputOf(scoredModel(regression, answers(10, 0.5)));
    const { measurements } = checkCard({ ...input, candidate: { ...input.candidate, card: text } });
    return measurements.filter(({ holds }) => !holds).map(({ name }) => name.replace(/ \(.*/, ''));
  };
  expect(told(card)).toEqual([]);
  expect(told(null)).toEqual(['card.md']);
  expect(told(card.replace(regression.hash, 'f'.repeat(64)))).toEqual(["this artifact's hash"]);
  expect(told(card.replaceAll(regression.dataset.licence, ''))).toContain('licence of the data');
  expect(told(card.replaceAll(regression.endpoint.unit, 'a unit'))).toEqual(['unit']);
  expect(told(card.replace(/\| MAE \|.*/, ''))).toEqual(['figures']);
  expect(told(card.replace(/## Weak spots[^#]*/, '## Weak spots\nNone.\n\n'))).toEqual(['weak spots']);
});
