import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ConformalCalibration, Manifest } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import { DEFAULT_RELEASE_POLICY } from '../../src/core/release-policy.ts';
import type { ScoredRows } from '../../src/flows/evaluate.ts';
import { checkBaseline } from '../../src/flows/gate/baseline.ts';
import { checkCalibration } from '../../src/flows/gate/calibration.ts';
import { checkCard } from '../../src/flows/gate/card.ts';
import { externalTensors } from '../../src/flows/gate/external-data.ts';
import type { GateInput, ScoredModel } from '../../src/flows/gate/gate-input.ts';
import { checkLabels } from '../../src/flows/gate/labels.ts';
import { lineSlope } from '../../src/flows/gate/line-slope.ts';
import { attributeContent } from '../../src/onnx/attributes.ts';
import { bytesField, integerField } from '../../src/onnx/protobuf.ts';
import { clusterBootstrap } from '../../src/statistics/cluster-bootstrap.ts';

const models = new URL('../../models/', import.meta.url).pathname;
const manifest: Manifest = JSON.parse(readFileSync(`${models}hlm-clearance/1/manifest.json`, 'utf8'));

type Labelled = Pick<ScoredModel['artifact']['reference'], 'inchikeys' | 'values' | 'heldOut'>;

/** A model with answers for the evaluation rows, and what its reference and the shared dataset say of training compounds. */
function inputOf(
  rows: ScoredRows,
  change: Partial<Manifest> = {},
  labelled: Labelled = { inchikeys: [], values: new Float32Array(), heldOut: new Float32Array() },
  shared: ReadonlyMap<string, number> = new Map(),
): GateInput {
  const count = labelled.values.length;
  const changed = { ...manifest, ...change };
  const artifact = {
    manifest: changed,
    model: new Uint8Array(),
    fingerprints: new Uint8Array(),
    reference: { ...labelled, groups: new Int32Array(count), whole: new Array<boolean>(count).fill(true) },
  };
  const empty = { fingerprints: new Uint8Array(), descriptors: new Float32Array(), scaffolds: [], whole: [] };
  const none = { ...empty, relation: new Int8Array(), groups: new Int32Array() };
  const training = { ...none, inchikeys: [...shared.keys()], y: Float64Array.from(shared.values()) };
  return {
    policy: DEFAULT_RELEASE_POLICY,
    contract: changed.contract,
    evaluation: {
      definition: changed.endpoint,
      from: 'recipe',
      source: 'made up',
      hash: changed.evaluation.hash,
      rows: {
        accepted: { ...none, inchikeys: [], y: new Float64Array() },
        rejectedY: new Float64Array(),
        rejectedGroups: new Int32Array(),
      },
      training,
      trainingValues: shared.size,
    },
    approver: { name: 'Ada Example', mail: 'ada@example.org' },
    candidate: {
      name: 'hlm-clearance@1',
      manifest: changed,
      artifact,
      damage: null,
      externalData: [],
      card: null,
      scored: { artifact, rows },
      unscored: null,
    },
    current: null,
  };
}

/** Truth spread evenly over -1 to 1, and answers with an error up to this. */
function answers(count: number, error: number, seed: number): ScoredRows {
  const random = seededRandom(seed);
  const actual = Float64Array.from({ length: count }, (_, i) => (2 * i) / (count - 1) - 1);
  return {
    actual,
    predicted: actual.map((value) => value + error * (2 * random() - 1)),
    similarities: new Float64Array(count).fill(0.5),
    spreads: new Float64Array(count).fill(1),
    groups: Int32Array.from(actual, (_, i) => i % 40),
  };
}

test('a card must have the whole row of each figure in its table of figures, value and interval', () => {
  const card = readFileSync(`${models}hlm-clearance/1/card.md`, 'utf8');
  const { MAE } = manifest.metrics;
  const row = `| MAE | ${MAE.value.toFixed(3)} | ${MAE.low.toFixed(3)} to ${MAE.high.toFixed(3)} |`;
  expect(card.split(row)).toHaveLength(2);
  const unsaid = (text: string) => {
    const input = inputOf(answers(10, 1, 1));
    const { measurements } = checkCard({ ...input, candidate: { ...input.candidate, card: text } });
    return measurements.filter(({ holds }) => !holds).map(({ name }) => name);
  };
  expect(unsaid(card)).toEqual([]);
  expect(unsaid(card.replaceAll('\n', '\r\n'))).toEqual([]);
  const forged = {
    value: row.replace(`| ${MAE.value.toFixed(3)} |`, '| 0.100 |'),
    low: row.replace(`${MAE.low.toFixed(3)} to`, '0.324 to'),
    high: row.replace(`to ${MAE.high.toFixed(3)}`, 'to 0.326'),
    name: row.replace('MAE', 'mean absolute error'),
    twice: `${row.replace(MAE.value.toFixed(3), '0.100')}\n${row}`,
  };
  for (const [part, instead] of Object.entries(forged)) {
    expect(instead).not.toBe(row);
    expect([part, unsaid(card.replace(row, instead))]).toEqual([part, ['figures (MAE)']]);
    // The true numbers elsewhere, in words or in another table, do not make up for it.
    const elsewhere = `${card.replace(row, instead)}\nMAE ${MAE.value.toFixed(3)}\n\n| figure |\n| --- |\n${row}\n`;
    expect([part, unsaid(elsewhere)]).toEqual([part, ['figures (MAE)']]);
  }
  // A better table before the true one is the one that a reader sees.
  const better = `| figure | value | 95 % interval |\n| --- | --- | --- |\n${forged.value}\n\n`;
  expect(unsaid(card.replace('## Figures', `${better}## Figures`))[0]).toMatch(/^figures \(MAE, RMSE/);
});

test('few compounds that the shared dataset knows do not tell that the labels are theirs', () => {
  const check = (known: number, of: number) => {
    const values = Float32Array.from({ length: of }, (_, i) => i);
    const inchikeys = Array.from(values, (_, i) => `key ${i}`);
    const shared = new Map(inchikeys.slice(0, known).map((key, i) => [key, i]));
    const unseen = new Float32Array(of).fill(Number.NaN);
    return checkLabels(inputOf(answers(300, 1, 1), {}, { inchikeys, values, heldOut: unseen }, shared));
  };
  expect(check(1, 100).outcome).toBe('failed');
  expect(check(1, 100).words).toMatch(/^Nothing tells .* knows 1 of 100, which is too few/);
  expect(check(49, 60).outcome).toBe('failed');
  expect(check(50, 101).outcome).toBe('failed');
  expect(check(50, 100).outcome).toBe('passed');
});

test('more moved labels than allowed fail as soon as they are surely some, not only when surely too many', () => {
  const rows = answers(300, 2, 3);
  const whole = (at: Uint32Array) => lineSlope(rows.predicted, rows.actual, at);
  const slope = clusterBootstrap(rows.groups, whole, { seed: 0, draws: 500 });
  // At 0.95 of the lower end, 5 % of the labels have surely moved, and by estimate more than the 12 % allowed.
  const estimate = (part: number) => {
    const heldOut = Float32Array.from({ length: 300 }, (_, i) => i / 100);
    const values = heldOut.map((value) => part * slope.low * value);
    const inchikeys = Array.from(values, (_, i) => `key ${i}`);
    return checkLabels(inputOf(rows, {}, { inchikeys, values, heldOut })).measurements[1];
  };
  expect(1 - (0.95 * slope.low) / slope.value).toBeGreaterThan(0.13);
  expect(estimate(0.95).holds).toBe(false);
  expect(Number(estimate(1.01).value)).toBeGreaterThan(0.12);
  expect(estimate(1.01).holds).toBe(true);
});

test('better than the neighbours by chance alone is not better', () => {
  const model = answers(30, 0.5, 2);
  const others = answers(30, 0.65, 3).predicted;
  const { measurements } = checkBaseline(inputOf(model), others);
  const nearest = measurements.at(-1)!;
  expect(Number(nearest.value)).toBeLessThan(0);
  expect(nearest.holds).toBe(false);
});

test('tensors and graphs in the lists of an attribute are looked into, at release and at import', () => {
  const elsewhere = Buffer.concat([bytesField(8, 'weights'), integerField(14, 1)]);
  const here = bytesField(8, 'weights');
  const node = (field: number, content: Uint8Array) => bytesField(5, bytesField(field, content));
  const model = (inside: Uint8Array) => bytesField(7, bytesField(1, inside));
  // Field 10 is a list of tensors, 11 one of graphs, whose field 5 are their tensors.
  expect(externalTensors(model(node(10, elsewhere)))).toEqual(['weights']);
  expect(externalTensors(model(node(10, here)))).toEqual([]);
  expect(externalTensors(model(node(11, bytesField(5, elsewhere))))).toEqual(['weights']);
  const nothing = { hasGraph: false, hasSparseTensor: false, isExternal: false };
  expect(attributeContent(node(10, elsewhere))).toEqual({ ...nothing, isExternal: true });
  expect(attributeContent(node(10, here))).toEqual(nothing);
  expect(attributeContent(node(11, bytesField(5, here)))).toEqual({ ...nothing, hasGraph: true });
});

/** Rows of which this share, spread evenly, lies in intervals of half-width 1: the near ones, then the far ones. */
function covered(near: [rows: number, share: number], far: [rows: number, share: number]): ScoredRows {
  const rows = answers(near[0] + far[0], 0, 1);
  const isInside = (i: number, [count, share]: [rows: number, share: number]) =>
    Math.floor((i + 1) * share + 1e-9) > Math.floor(i * share + 1e-9) && i < count;
  const inside = rows.actual.map((_, i) =>
    Number(i < near[0] ? isInside(i, near) : isInside(i - near[0], far)),
  );
  // To both sides by turns, so that there is no bias.
  let side = 1.5;
  const predicted = rows.actual.map((value, i) => {
    if (inside[i]) return value;
    side = -side;
    return value + side;
  });
  const similarities = rows.actual.map((_, i) => (i < near[0] ? 0.65 : 0.2));
  return { ...rows, predicted, similarities };
}

function calibrated(rows: ScoredRows, change: Partial<ConformalCalibration> = {}) {
  const conformal = { kind: 'conformal', coverage: 0.9, spread: 'constant' } as const;
  const bins = { edges: [0], halfWidths: [1], counts: [500] };
  const input = inputOf(rows, { calibration: { ...conformal, ...bins, ...change } });
  const { outcome, measurements } = checkCalibration(input);
  return { outcome, failed: measurements.filter(({ holds }) => !holds).map(({ name }) => name) };
}

test('intervals that promise another coverage than the policy fail, however well they hold', () => {
  const rows = covered([500, 0.9], [100, 0.9]);
  expect(calibrated(rows)).toEqual({ outcome: 'passed', failed: [] });
  for (const coverage of [0.5, 0.89, 0.95]) {
    expect(calibrated(rows, { coverage })).toEqual({
      outcome: 'failed',
      failed: ['coverage that the intervals promise'],
    });
  }
});

test('far compounds that intervals miss are seen in fixed bins, however the model cuts its own', () => {
  const missed = { outcome: 'failed', failed: ['coverage at similarity 0.00 to 0.30 (fixed bins)'] };
  expect(calibrated(covered([500, 0.92], [90, 0.78]))).toEqual(missed);
  expect(calibrated(covered([500, 0.92], [50, 0.78]))).toEqual(missed);
  expect(calibrated(covered([500, 0.92], [90, 0.8]))).toEqual({ outcome: 'passed', failed: [] });
  // Fewer than 50 are judged with the next nearer ones.
  expect(calibrated(covered([500, 0.92], [49, 0.78])).outcome).toBe('passed');
});
