import { expect, test } from 'vitest';
import type { Calibration, ConformalCalibration, Domain, Manifest } from '../../src/core/artifact.ts';
import type { FeatureBatch } from '../../src/core/compound.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import type { Transform } from '../../src/core/endpoint.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { predictBatch } from '../../src/flows/predict.ts';
import type { ReadyModel } from '../../src/flows/ready-models.ts';

interface Compound {
  readonly inchikey?: string;
  /** What the model answers. */
  readonly prediction?: number;
  readonly spread?: number;
  /** Nearest training row with shared bits and union. */
  readonly nearest?: [row: number, shared: number, union: number];
  /** Value of every descriptor. */
  readonly descriptor?: number;
  readonly rejected?: boolean;
}

const DOMAIN: Domain = {
  minSimilarity: 0.3,
  maxDescriptorZ: 2,
  descriptorMeans: new Array(DESCRIPTOR_COUNT).fill(10),
  descriptorDeviations: new Array(DESCRIPTOR_COUNT).fill(5),
};

const CONFORMAL: ConformalCalibration = {
  kind: 'conformal',
  coverage: 0.9,
  spread: 'constant',
  edges: [0, 0.5],
  halfWidths: [2, 1],
  counts: [100, 100],
};

/** A batch and a model whose parts answer what each compound says. */
function setUp(
  compounds: readonly Compound[],
  transform: Transform = 'identity',
  calibration: Calibration = CONFORMAL,
  parts: Partial<Manifest> = {},
): [ReadyModel, FeatureBatch] {
  const count = compounds.length;
  const texts = compounds.map(() => '');
  const features: FeatureBatch = {
    count,
    reasons: compounds.map(({ rejected }) => (rejected ? 'SYNTAX: cannot be read' : null)),
    smiles: texts,
    inchikeys: compounds.map(({ inchikey }) => inchikey ?? ''),
    scaffolds: texts,
    notes: texts,
    fingerprints: new Uint8Array(count * FINGERPRINT_BYTES),
    descriptors: Float32Array.from({ length: count * DESCRIPTOR_COUNT }, (_, i) => {
      const { descriptor } = compounds[Math.floor(i / DESCRIPTOR_COUNT)];
      // Only the last descriptor differs: one far out is enough.
      return i % DESCRIPTOR_COUNT === DESCRIPTOR_COUNT - 1 ? (descriptor ?? 10) : 10;
    }),
  };
  const nearest = compounds.map((compound) => compound.nearest ?? [0, 4, 10]);
  const endpoint = { transform };
  const manifest = { endpoint, calibration, domain: DOMAIN, ...parts } as unknown as Manifest;
  const reference = {
    inchikeys: ['KEY-A', 'KEY-B', 'KEY-C'],
    values: Float32Array.of(7, 5, 4.5),
    heldOut: new Float32Array(3),
    groups: new Int32Array(3),
    whole: [true, true, true],
  };
  const model: ReadyModel = {
    artifact: { manifest, reference, model: new Uint8Array(), fingerprints: new Uint8Array() },
    predictor: {
      predict: async () => ({
        values: Float32Array.from(compounds, ({ prediction }) => prediction ?? 6),
        spreads: compounds[0]?.spread ? Float32Array.from(compounds, ({ spread }) => spread ?? 1) : null,
      }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    device: 'cpu',
    refusals: [],
    neighbors: {
      size: 3,
      nearest: async () => ({
        indexes: Uint32Array.from(nearest, ([row]) => row),
        intersections: Uint16Array.from(nearest, ([, shared]) => shared),
        unions: Uint16Array.from(nearest, ([, , union]) => union),
      }),
      [Symbol.asyncDispose]: async () => undefined,
    },
    measured: Float64Array.from(reference.values),
    rowOf: new Map(reference.inchikeys.map((key, row) => [key, row])),
  };
  return [model, features];
}

test('a modelled value in nM swaps the interval ends, and the neighbour is in nM too', async () => {
  const answers = await predictBatch(...setUp([{ prediction: 6, nearest: [1, 4, 10] }], '9-log10'));
  expect(answers.value).toEqual([1000]);
  expect(answers.low).toEqual([10]);
  expect(answers.high).toEqual([100_000]);
  expect(answers.neighborId).toEqual(['KEY-B']);
  expect(answers.neighborValue).toEqual([10_000]);
});

test('a measurement stored in float32 comes back with the digits it has', async () => {
  const answers = await predictBatch(...setUp([{ nearest: [2, 4, 10] }], '9-log10'));
  expect(answers.neighborValue).toEqual([31_622.8]);
});

test('the half-width is that of the bin of the similarity; an edge belongs to the bin above', async () => {
  const compounds: Compound[] = [{ nearest: [0, 4, 10] }, { nearest: [0, 5, 10] }, { nearest: [0, 0, 0] }];
  const answers = await predictBatch(...setUp(compounds));
  expect(answers.similarity).toEqual([0.4, 0.5, 1]);
  expect(answers.low).toEqual([4, 5, 5]);
  expect(answers.high).toEqual([8, 7, 7]);
});

test('a predicted spread multiplies the half-width of the bin', async () => {
  const calibration = { ...CONFORMAL, spread: 'predicted' } as const;
  const compounds: Compound[] = [
    { nearest: [0, 4, 10], spread: 0.5 },
    { nearest: [0, 6, 10], spread: 3 },
  ];
  const answers = await predictBatch(...setUp(compounds, 'identity', calibration));
  expect(answers.low).toEqual([5, 3]);
  expect(answers.high).toEqual([7, 9]);
  await expect(predictBatch(...setUp([{}], 'identity', calibration))).rejects.toThrow(/spread/);
});

test('a model without a calibration gives values and no intervals', async () => {
  const answers = await predictBatch(...setUp([{ prediction: 2 }], 'identity', { kind: 'none' }));
  expect([answers.value, answers.low, answers.high]).toEqual([[2], [null], [null]]);
});

test('a percentile counts the drugs below, in the order of the unit', async () => {
  const approvedLike = { source: '', sourceHash: '', compounds: 5, quantiles: [1, 2, 2, 2, 6] };
  const compounds: Compound[] = [0, 1, 1.5, 2, 4, 6, 7].map((prediction) => ({ prediction }));
  const percentiles = async (transform: Transform) =>
    (await predictBatch(...setUp(compounds, transform, CONFORMAL, { approvedLike }))).percentile;
  expect(await percentiles('identity')).toEqual([0, 0, 12.5, 75, 87.5, 100, 100]);
  // More of a pIC50 is less of an IC50.
  expect(await percentiles('9-log10')).toEqual([100, 100, 87.5, 25, 12.5, 0, 0]);
  expect((await predictBatch(...setUp([{}]))).percentile).toEqual([null]);
});

test('classes have a probability and no interval', async () => {
  const answers = await predictBatch(
    ...setUp([{ prediction: 0.75 }], 'identity', { kind: 'platt', slope: 1, offset: 0 }),
  );
  expect([answers.value, answers.low, answers.high]).toEqual([[0.75], [null], [null]]);
});

test('the domain needs both a near neighbour and descriptors near the training ones', async () => {
  const compounds: Compound[] = [
    { nearest: [0, 3, 10] },
    { nearest: [0, 2, 10] },
    { descriptor: 20 },
    { descriptor: 20.1 },
    { descriptor: -0.1 },
    { descriptor: Number.NaN },
  ];
  const answers = await predictBatch(...setUp(compounds));
  expect(answers.inDomain).toEqual([true, false, true, false, false, false]);
});

test('a compound that was trained on is its own nearest neighbour, whatever shares its bits', async () => {
  const compounds: Compound[] = [
    { inchikey: 'KEY-C', nearest: [0, 10, 10] },
    { inchikey: 'KEY-X', nearest: [0, 10, 10] },
  ];
  const answers = await predictBatch(...setUp(compounds));
  expect(answers.neighborId).toEqual(['KEY-C', 'KEY-A']);
  expect(answers.neighborValue).toEqual([4.5, 7]);
});

test('a rejected row has no answers and does not shift the others', async () => {
  const answers = await predictBatch(...setUp([{ prediction: 1 }, { rejected: true }, { prediction: 3 }]));
  expect(answers.value).toEqual([1, null, 3]);
  for (const column of Object.values(answers)) {
    expect(column).toHaveLength(3);
    expect(column[1]).toBeNull();
  }
});
