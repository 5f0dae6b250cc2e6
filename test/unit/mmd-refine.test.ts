import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MmdInput, type MmdResult, summarizeMmd } from '../../src/core/mmd.ts';
import { prepareMmd } from '../../src/core/mmd-problem.ts';
import { refineMmd } from '../../src/core/mmd-refine.ts';
import { seededRandom } from '../../src/core/random.ts';

const UNITS = 12;
const BYTES = 2;

/** Columns that differ, so that a column can be told by its bits. */
function makeInput(columns: number, kernels: number): MmdInput {
  const bits = new Uint8Array(columns * BYTES);
  let made = 0;
  for (let mask = 0; made < columns; mask++) {
    const n = [...mask.toString(2)].filter((digit) => digit === '1').length;
    if (n < 2 || n > UNITS - 2) continue;
    bits.set([mask & 0xff, mask >> 8], made++ * BYTES);
  }
  return {
    samples: { fingerprints: new Uint8Array(UNITS * 32), bits: 256 },
    labels: { columns: bits },
    kernels: Array.from({ length: kernels }, () => ({ kind: 'tanimoto' })),
  };
}

/** An exact backend that looks its answers up. @param truth [kernels, columns] */
function lookUp(input: MmdInput, truth: Float64Array, asked: number[][]) {
  const kernels = input.kernels.length;
  const columns = truth.length / kernels;
  const keysOf = ({ labels }: MmdInput) => {
    if (!('columns' in labels)) throw new Error('labels are given');
    const { columns } = labels;
    return Array.from(
      { length: columns.length / BYTES },
      (_, i) => columns[2 * i] | (columns[2 * i + 1] << 8),
    );
  };
  const all = keysOf(input);
  return async (some: MmdInput): Promise<MmdResult> => {
    const chosen = keysOf(some).map((key) => all.indexOf(key));
    asked.push(chosen);
    const values = some.kernels.flatMap((_, k) => chosen.map((column) => truth[k * columns + column]));
    return summarizeMmd(Float64Array.from(values), chosen.length);
  };
}

async function refine(truth: Float64Array, estimates: Float64Array, kernels = 1) {
  const asked: number[][] = [];
  const input = makeInput(truth.length / kernels, kernels);
  const found = await refineMmd(input, prepareMmd(input), async () => estimates, lookUp(input, truth, asked));
  return { found, asked };
}

test('exceedances are exact whatever estimates are, within their error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.integer({ min: 101, max: 400 }),
      fc.constantFrom(1, 2),
      fc.constantFrom(0, 1e-9, 1e-4, 1e-2),
      async (seed, columns, kernels, error) => {
        const random = seededRandom(seed);
        // Some columns tie with the observed one.
        const truth = Float64Array.from({ length: columns * kernels }, () => Math.round(random() * 50) / 50);
        const estimates = truth.map(
          (value) => value + error * (random() < 0.5 ? -1 : 1) * (0.1 + 0.9 * random()),
        );
        const { found } = await refine(truth, estimates, kernels);
        const expected = summarizeMmd(truth, columns);
        expect(found.exceedances).toEqual(expected.exceedances);
        expect(found.p).toEqual(expected.p);
        for (let k = 0; k < kernels; k++) expect(found.values[k * columns]).toBe(truth[k * columns]);
      },
    ),
    { numRuns: 200 },
  );
});

test('a wrong estimate that a round shows has columns further off computed again', async () => {
  const columns = 201;
  const truth = Float64Array.from({ length: columns }, (_, i) => i / 200);
  truth[0] = 0.5;
  const estimates = truth.slice();
  // By 0.01 standard deviations only column 100 is near; it shows an error of 0.0016, so 64 times that is asked for.
  estimates[100] += 0.0016;
  // This one is on the wrong side.
  estimates[110] = 0.49;
  truth[110] = 0.51;
  truth[90] = 0.49;
  estimates[90] = 0.505;
  const { found, asked } = await refine(truth, estimates);
  expect(found.exceedances).toEqual(summarizeMmd(truth, columns).exceedances);
  expect(asked.length).toBeGreaterThan(1);
});

test('few columns are asked for where estimates are good, and never more than 99 permuted ones at once', async () => {
  const truth = Float64Array.from({ length: 1001 }, (_, i) => i / 1000);
  truth[0] = 0.7;
  const { asked } = await refine(truth, truth.slice());
  // The first 15, those next to the observed one, and that one in each of at most two rounds.
  expect(asked.flat().length).toBeLessThan(30);
  const tied = await refine(new Float64Array(298).fill(0.2), new Float64Array(298).fill(0.2));
  expect(tied.found.exceedances).toEqual(Uint32Array.of(297));
  expect(tied.asked.map(({ length }) => length)).toEqual([100, 100, 100]);
});

test('columns of more than three rounds are asked for with all others at once', async () => {
  const truth = new Float64Array(399).fill(0.2);
  truth.fill(0.9, 300);
  const { found, asked } = await refine(truth, truth.slice());
  expect(found.exceedances).toEqual(Uint32Array.of(398));
  expect(asked.map(({ length }) => length)).toEqual([399]);
});

test('an error that no column near the observed one has is seen in the first columns', async () => {
  const truth = Float64Array.from({ length: 1001 }, (_, i) => i / 1000);
  truth[0] = 0.7;
  // By 0.01 standard deviations, 0.003, only columns 698 to 702 are near, and these have no error.
  const estimates = truth.slice();
  estimates[9] += 1e-4;
  truth[706] = 0.6999;
  const { found } = await refine(truth, estimates);
  expect(found.exceedances).toEqual(summarizeMmd(truth, 1001).exceedances);
});

test('columns as near as roundings of their own elements are asked for, where all others are far', async () => {
  // 8 c sqrt(2 n (n - 1)) 2^-20 is some 4e-6 for two or three of 12 rows; 0.01 standard deviations are less.
  const truth = new Float64Array(201).fill(0.1);
  truth[0] = 0.1001;
  truth[150] = 0.1001 - 1e-6;
  const estimates = truth.slice();
  estimates[150] = 0.1001 + 1e-6;
  const { found } = await refine(truth, estimates);
  expect(found.exceedances).toEqual(Uint32Array.of(0));
});

test('fewer than 100 permuted columns are not estimated', async () => {
  const truth = Float64Array.from({ length: 100 }, (_, i) => i);
  const asked: number[][] = [];
  const input = makeInput(100, 1);
  const estimate = () => Promise.reject(new Error('not to be called'));
  const found = await refineMmd(input, prepareMmd(input), estimate, lookUp(input, truth, asked));
  expect([...found.values]).toEqual([...truth]);
  expect(asked).toHaveLength(1);
});
