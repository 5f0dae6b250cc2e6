import { expect, test } from 'vitest';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import { MMD_TIE, type MmdInput } from '../../src/core/mmd.ts';
import { seededRandom } from '../../src/core/random.ts';

const onThreads = (threads: number) =>
  createWasmBackend({
    workerUrl: new URL('../../src/workers/search.ts', import.meta.url),
    mmdWorkerUrl: new URL('../../src/workers/mmd.ts', import.meta.url),
    threads,
    mmdAloneBelow: 0,
  }).ops.mmd!;

const ROWS = 3000;
const DIMENSIONS = 3;

/**
 * Rows of two kinds; `inX` units in X, and label columns: true ones, the same again, true ones with one unit changed for
 * another, and others far from them.
 * @param units  cluster of each row
 */
function makeInput(inX: number, units?: Uint32Array): MmdInput {
  const random = seededRandom(7);
  const fingerprints = Uint8Array.from({ length: ROWS * 32 }, () => (random() * 256) & (random() * 256));
  const features = Float64Array.from({ length: ROWS * DIMENSIONS }, random);
  const count = units ? Math.max(...units) + 1 : ROWS;
  const bytes = Math.ceil(count / 8);
  const column = (isInX: (unit: number) => boolean) => {
    const bits = new Uint8Array(bytes);
    for (let unit = 0; unit < count; unit++) if (isInX(unit)) bits[unit >> 3] |= 1 << (unit & 7);
    return bits;
  };
  const observed = column((unit) => unit < inX);
  const changed = column((unit) => (unit < inX && unit !== 1) || unit === inX);
  const others = Array.from({ length: 3 }, (_, i) =>
    column((unit) => unit >= (i + 1) * 20 && unit < (i + 1) * 20 + inX),
  );
  const columns = Uint8Array.from([observed, observed, changed, ...others].flatMap((bits) => [...bits]));
  return {
    samples: { fingerprints, bits: 256 },
    features,
    labels: { columns },
    ...(units && { clusters: units }),
    kernels: [
      { kind: 'tanimoto' },
      { kind: 'rbf-features', bandwidth: 0.3 },
      { kind: 'rbf-features', bandwidth: 0.6 },
    ],
  };
}

/** The first cluster has more rows than a block, the others one to four. */
const clusters = Uint32Array.from({ length: ROWS }, (_, row) =>
  row % 4 === 0 ? 0 : 1 + Math.floor((row * 0.74) / (1 + (row % 3))),
);
const names = [...new Set(clusters)].sort((i, j) => i - j);
const numbered = clusters.map((cluster) => names.indexOf(cluster));

test.each([
  ['511 rows, one block', 511, undefined],
  ['512 rows, one block', 512, undefined],
  ['513 rows, past a block', 513, undefined],
  ['1,025 rows, past two blocks', 1025, undefined],
  ['1,500 rows, half of all', 1500, undefined],
  ['whole clusters, one larger than a block', 90, numbered],
  ['whole clusters, about half of all rows', 700, numbered],
])('a column that is the true labels again has their value to 1e-13: %s', async (_, inX, units) => {
  const input = makeInput(inX, units);
  const found = await onThreads(1)(input);
  const columns = found.values.length / 3;
  expect(columns).toBe(6);
  for (let k = 0; k < 3; k++) {
    const [observed, again, changed] = found.values.subarray(k * columns);
    expect(Math.abs(again - observed)).toBeLessThanOrEqual(1e-13);
    expect(changed).not.toBe(observed);
    expect(found.exceedances[k]).toBeGreaterThanOrEqual(1);
  }
});

test('columns that are computed again are the same bytes on one and four threads', async () => {
  const input = makeInput(513);
  expect(await onThreads(4)(input)).toEqual(await onThreads(1)(input));
});

test('exceedances are exact where the sample that K is centred by is of rows unlike all others', async () => {
  const rows = 1024;
  const random = seededRandom(7);
  // The sample is every eighth row; those are one kind, far off. Rows 2 i and 2 i + 1 are all but the same.
  const isSampled = (row: number) => row % 8 === 4;
  const features = new Float64Array(rows * DIMENSIONS);
  for (let at = 0; at < features.length; at++) {
    const row = Math.floor(at / DIMENSIONS);
    if (isSampled(row)) features[at] = 50;
    else if (row % 2 === 0) features[at] = 2 * random() + random();
    else if (isSampled(row - 1)) features[at] = 2 * random();
    else features[at] = features[at - DIMENSIONS] + 1e-4 * (random() - 0.5);
  }
  const bytes = rows / 8;
  const draw = () => {
    const bits = new Uint8Array(bytes);
    // One of each pair, so that it can change places with the other.
    for (let i = 0; i < bytes; i++) {
      for (const place of [0, 2, 4, 6]) bits[i] |= 1 << (place + (random() < 0.5 ? 1 : 0));
    }
    return bits;
  };
  const observed = draw();
  const twins = Array.from({ length: 40 }, (_, i) => {
    const bits = observed.slice();
    bits[3 * i] ^= 3;
    return bits;
  });
  const columns = [observed, ...Array.from({ length: 61 }, draw), ...twins];
  const ask = (some: readonly Uint8Array[]) =>
    onThreads(1)({
      samples: { fingerprints: new Uint8Array(rows * 32), bits: 256 },
      features,
      labels: { columns: Uint8Array.from(some.flatMap((bits) => [...bits])) },
      kernels: [{ kind: 'rbf-features', bandwidth: 1 }],
    });
  // A column by itself is summed in float64.
  const exact: number[] = [];
  for (const one of columns) exact.push((await ask([one])).values[0]);
  const differences = exact.slice(-40).map((value) => value - exact[0]);
  // On either side, and nearer than float32 can tell: 4e-8.
  expect(differences.filter((value) => value > MMD_TIE).length).toBeGreaterThan(5);
  expect(differences.filter((value) => value < -MMD_TIE).length).toBeGreaterThan(5);
  expect(differences.filter((value) => Math.abs(value) < 4e-8).length).toBeGreaterThan(20);
  const { values, exceedances } = await ask(columns);
  const [first, ...permuted] = exact;
  expect(exceedances[0]).toBe(permuted.filter((value) => value >= first - MMD_TIE).length);
  for (const [i, value] of exact.slice(-40).entries()) {
    expect(Math.abs(values[columns.length - 40 + i] - value)).toBeLessThanOrEqual(1e-13);
  }
});
