import { expect, test } from 'vitest';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { errorStreams } from '../../src/flows/drift/model-streams.ts';
import { madeSample } from './drift-flow-fixtures.ts';

// As in hlm-clearance, where a third of what is measured stands at the assay's limit.
const LIMIT = 0.675687;

test('a label at the assay limit ties with the training values at it, which are kept as float32', () => {
  const rows = 120;
  const values = Float64Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? LIMIT : row / rows + 1));
  const check: DriftCheck = {
    reference: madeSample(rows, { seed: 1, prefix: 'r' }),
    batch: madeSample(rows, { seed: 2, prefix: 'b' }),
    ofModel: true,
    settings: { alpha: 0.05, permutations: 399, seed: 1 },
    streamAlpha: 0.05 / 8,
    backends: [],
  };
  const distances = {
    heldOut: Uint32Array.from(values.keys()),
    calibration: values.map((_, row) => row / rows),
    batch: values.map((_, row) => row / rows),
    others: [],
  };
  const answers = { values, halfWidths: null, similarities: distances.calibration.map((d) => 1 - d) };
  const endpoint = { id: 'hlm-clearance', kind: 'regression', unit: 'log10', modelledScale: 'log10' };
  const manifest = { endpoint, calibration: { kind: 'none' } };
  const unknown = values.map(() => Number.NaN);
  const { verdicts } = errorStreams(
    check,
    distances,
    { reference: { values: Float32Array.from(values) } } as never,
    { manifest, reference: answers, batch: answers } as never,
    {
      values,
      relations: new Int8Array(rows),
      submitted: unknown,
      measured: unknown,
      latest: Number.NaN,
      unmatched: 0,
      revised: 0,
    },
  );
  const labels = verdicts.find(({ stream }) => stream === 'labels');
  // The same values on both sides: as doubles beside floats, a third of them would lie on one side of the others.
  expect(labels).toMatchObject({ state: 'steady', p: 1 });
  expect(labels?.effect?.value).toBe(0);
});
