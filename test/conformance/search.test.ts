import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { COSINE, DICE, type Metric, TANIMOTO, tversky } from '../../src/core/metric.ts';
import type { Hits, SearchIndex } from '../../src/core/ops.ts';
import type { Neighbors } from '../../src/core/ports.ts';
import { BACKENDS } from './backends.ts';
import { type MadeCase, makeCase, readCases } from './packed-case.ts';

const METRICS: Record<string, Metric> = {
  Tanimoto: TANIMOTO,
  Dice: DICE,
  cosine: COSINE,
  'Tversky 0.2, 1.5': tversky(0.2, 1.5),
  'Tversky 1, 0': tversky(1, 0),
  'Tversky 0, 1': tversky(0, 1),
  'Tversky 0, 0': tversky(0, 0),
};
const cases = readCases('search').map(makeCase);

/** Everything that a case asks of an index, by what was asked. */
async function askAll(
  index: SearchIndex,
  { queries, k: ks, thresholds }: MadeCase,
): Promise<Map<string, Neighbors | Hits>> {
  const answers = new Map<string, Neighbors | Hits>();
  const rows = queries.fingerprints;
  for (const [name, metric] of Object.entries(METRICS)) {
    for (const k of ks) answers.set(`${name}, k ${k}`, await index.nearest(rows, k, { metric }));
    for (const threshold of thresholds) {
      const { numerator, denominator } = threshold;
      answers.set(`${name}, ${numerator}/${denominator}`, await index.within(rows, threshold, { metric }));
    }
  }
  return answers;
}

/** `toEqual` takes long over large equal arrays, but says best where they differ. */
function expectSame(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected)) expect(found, what).toEqual(expected);
}

describe.each(cases)('$name', (made) => {
  const { references, queries } = made;
  const { tombstones: _, ...targets } = references;

  test('search finds what the reference finds', async () => {
    await using reference = await referenceBackend.ops.search!(references);
    const expected = await askAll(reference, made);
    for (const { form, backend } of BACKENDS) {
      await using index = await backend.ops.search!(references);
      expect(index.size).toBe(reference.size);
      for (const [asked, answer] of await askAll(index, made)) {
        expectSame(answer, expected.get(asked), `${form}: ${asked}`);
      }
    }
  });

  test('intersections are those of the reference', async () => {
    const expected = await referenceBackend.ops.intersections!(queries, targets);
    for (const { form, backend } of BACKENDS) {
      expectSame(await backend.ops.intersections!(queries, targets), expected, form);
    }
  });
});
