import { afterAll, describe, expect, test } from 'vitest';
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { decodeDescriptor } from '../../src/flows/drift/decode-descriptor.ts';
import { besideModel, modelSample } from '../../src/flows/drift/model-sample.ts';
import { covariateColumns, covariateNotes } from '../../src/flows/drift/tested-columns.ts';
import { readModel, selectModels } from '../../src/flows/models.ts';
import { type DescriptorEncoding, encodeDescriptors } from '../../src/trainers/descriptor-encoding.ts';
import { roundToFloat16 } from '../../src/trainers/float16.ts';
import { COMPOUNDS, DriftBench, madeSample, STRANGERS, verdictOf } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());

/** Two sides of 100 rows with one covariate. */
function sides(reference: (row: number) => string, batch: (row: number) => string) {
  const side = (prefix: string, cell: (row: number) => string) => {
    const sample = madeSample(100, { seed: 1, prefix });
    return { ...sample, covariates: new Map([['pH', sample.ids.map((_, row) => cell(row))]]) };
  };
  return { reference: side('r', reference), batch: side('b', batch) };
}

describe('a covariate of numbers', () => {
  test('stays one where a cell cannot be read, and the cell is told', () => {
    const two = sides(String, (row) => (row === 17 ? ' n/a' : String(row + 40)));
    const [numbers, given, ...more] = covariateColumns(two);
    expect(more).toEqual([]);
    expect(numbers).toMatchObject({ name: 'pH', categories: null });
    expect(numbers.values[116]).toBe(56);
    // The median of the 199 numbers that are there.
    expect(numbers.values[117]).toBe(70);
    expect(given).toMatchObject({ name: 'pH (empty cells)', categories: ['given', 'empty'] });
    expect(given.values.indexOf(1)).toBe(117);
    expect(covariateNotes(two)).toEqual([
      'in pH 1 cell is no number and counts as empty (the first is "n/a" of b17 in the batch)',
    ]);
  });

  test('says how many cells are empty on either side', () => {
    const two = sides(
      (row) => (row < 3 ? '' : '7'),
      (row) => (row < 60 ? ' ' : '8'),
    );
    expect(covariateColumns(two)[0].categories).toBeNull();
    expect(covariateNotes(two)).toEqual([
      'pH is empty in 3 of 100 rows of the reference and 60 of 100 of the batch',
    ]);
    expect(covariateNotes(sides(String, String))).toEqual([]);
  });

  test('has nine numbers in ten cells; with fewer it is one of categories, and that is told', () => {
    const unread = (count: number) =>
      sides(
        (row) => (row < count ? 'low' : '7'),
        () => '8',
      );
    expect(covariateColumns(unread(20))[0].categories).toBeNull();
    const [mixed, ...more] = covariateColumns(unread(21));
    expect([mixed.categories, more]).toEqual([['low', '7', '8'], []]);
    expect(covariateNotes(unread(21))).toEqual([
      'pH is taken for categories, since only 179 of its 200 cells are numbers',
    ]);
    expect(
      covariateNotes(
        sides(
          () => 'north',
          () => 'south',
        ),
      ),
    ).toEqual([]);
  });

  test('is seen to move though one of its cells cannot be read', async () => {
    const lines = COMPOUNDS.map(
      (line, row) => `${line},${row < 120 ? row % 9 : row === 130 ? 'n/a' : 20 + (row % 9)}`,
    );
    const head = 'name,smiles,temperature';
    const report = await bench.check(
      bench.write('cold.csv', lines.slice(0, 120), head),
      bench.write('warm.csv', lines.slice(120), head),
      { covariates: ['temperature'] },
    );
    const verdict = verdictOf(report, 'descriptors');
    expect(verdict.state).toBe('drift');
    expect(verdict.moved[0]).toMatchObject({ name: 'temperature', measure: 'median', reference: 4 });
    expect(verdict.inWords).toContain(
      'in temperature 1 cell is no number and counts as empty (the first is "n/a" of ',
    );
  });
});

describe('descriptors of a model are told as they are', () => {
  test('a decoded descriptor is the shortest decimal that is encoded alike', () => {
    const encoding: DescriptorEncoding = {
      means: Float32Array.from({ length: DESCRIPTOR_COUNT }, (_, d) => (d % 5) - 1),
      scales: Float32Array.from({ length: DESCRIPTOR_COUNT }, (_, d) => (d === 3 ? 0 : 0.7 + d / 10)),
    };
    for (const value of [0, 1, 2, 17, -1, -3, 0.5]) {
      const row = Float32Array.from({ length: DESCRIPTOR_COUNT }, () => value);
      const encoded = roundToFloat16(encodeDescriptors(encoding, row));
      for (const [d, z] of encoded.entries()) {
        const decoded = decodeDescriptor(encoding, d, z);
        if (d === 3) expect(decoded).toBeNaN();
        else if (Math.abs(z) < 5) expect(decoded).toBe(value);
        else {
          const again = encodeDescriptors(
            encoding,
            Float32Array.from(row, () => decoded),
          );
          expect(roundToFloat16(again)[d]).toBe(z);
        }
      }
    }
  });

  test('medians of both sides are descriptors, the batch beyond the encoding, too', async () => {
    const model = 'tox21-sr-mmp';
    const [entry] = await selectModels(bench.engine.modelsFolder, [model]);
    const artifact = await readModel(entry);
    const { encoding } = modelSample(artifact, 'scaffold');
    expect(encoding?.means).toHaveLength(DESCRIPTOR_COUNT);

    const batch = bench.write('strangers.csv', STRANGERS);
    const { moved } = verdictOf(await bench.check(model, batch), 'descriptors');
    const rings = moved.find(({ name }) => name === 'NumAromaticRings');
    expect(rings).toMatchObject({ measure: 'median', batch: 3 });
    expect([0, 1, 2]).toContain(rings?.reference);

    const huge = madeSample(3, { seed: 1 });
    const raw = huge.descriptors?.map(() => 1e9);
    const beside = besideModel({ ...huge, descriptors: raw ?? null }, artifact);
    expect(beside.rawDescriptors).toBe(raw);
    expect(Math.max(...(beside.descriptors ?? []))).toBe(5);
    expect(DESCRIPTOR_NAMES).toHaveLength(DESCRIPTOR_COUNT);
  });
});
