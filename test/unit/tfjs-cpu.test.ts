import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createTfjsBackend } from '../../src/backends/tfjs/backend.ts';
import { COSINE, TANIMOTO, tversky } from '../../src/core/metric.ts';
import { makeMmdInput, readMmdCases } from '../conformance/mmd-case.ts';
import { makeCase, readCases } from '../conformance/packed-case.ts';
import { openEngine } from './tfjs-engines.ts';

const { engine, countTensors } = await openEngine('cpu');
const { ops } = createTfjsBackend({ engine, exactMmd: referenceBackend.ops.mmd! });

test('the plain JavaScript engine finds what the reference finds', async () => {
  const before = countTensors();
  {
    const { references, queries } = makeCase(readCases('search').find(({ name }) => name === '256 bits')!);
    await using index = await ops.search!(references);
    await using reference = await referenceBackend.ops.search!(references);
    const rows = queries.fingerprints;
    for (const metric of [TANIMOTO, COSINE, tversky(0.2, 1.5)]) {
      const threshold = { numerator: 2, denominator: 10 };
      expect(await index.nearest(rows, 7, { metric })).toEqual(await reference.nearest(rows, 7, { metric }));
      const expected = await reference.within(rows, threshold, { metric });
      expect(await index.within(rows, threshold, { metric })).toEqual(expected);
    }
  }
  expect(countTensors()).toBe(before);
});

test('the plain JavaScript engine gives the drift statistic of the reference', async () => {
  const recipe = readMmdCases().find(({ name }) => name === 'clusters with features')!;
  const input = makeMmdInput({ ...recipe, permutations: 100 });
  const before = countTensors();
  const found = await ops.mmd!(input);
  const expected = await referenceBackend.ops.mmd!(input);
  expect(found.exceedances).toEqual(expected.exceedances);
  for (const [i, value] of expected.values.entries()) {
    expect(Math.abs(found.values[i] - value), `value ${i}`).toBeLessThanOrEqual(1e-6);
  }
  expect(countTensors()).toBe(before);
});
