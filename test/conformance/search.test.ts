import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { openBackends } from './backends.ts';
import { makeCase, readCases } from './packed-case.ts';
import { askAll } from './search-questions.ts';

const cases = readCases('search').map(makeCase);
const backends = await openBackends();

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
    for (const { form, backend } of backends) {
      await using index = await backend.ops.search!(references);
      expect(index.size).toBe(reference.size);
      for (const [asked, answer] of await askAll(index, made)) {
        expectSame(answer, expected.get(asked), `${form}: ${asked}`);
      }
    }
  });

  test('intersections are those of the reference', async () => {
    const expected = await referenceBackend.ops.intersections!(queries, targets);
    for (const { form, backend, without } of backends) {
      if (without?.operation === 'intersections') continue;
      expectSame(await backend.ops.intersections!(queries, targets), expected, form);
    }
  });
});

test.each(backends.flatMap(({ form, backend, without }) => (without ? [{ form, backend, ...without }] : [])))(
  '$form has no $operation: $reason',
  ({ backend, operation }) => {
    expect(backend.ops[operation]).toBeUndefined();
  },
);
