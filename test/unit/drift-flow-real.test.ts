import { afterAll, describe, expect, test } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import { noShared, readShared } from '../shared.ts';
import { DriftBench, verdictOf } from './drift-flow-fixtures.ts';

/** Small cuts of the real streams: whole cases are for `npm run proof`. */
describe.skipIf(noShared)('real streams', () => {
  const bench = new DriftBench();
  afterAll(() => bench.close());

  /** The first rows of each part of a case, as files. */
  function cut(id: string, raw: string, smilesAt: number, sizes: Readonly<Record<string, number>>): string[] {
    const lines = readShared(`data/raw/${raw}`).split('\n').slice(1);
    const members = readShared(`data/drift/${id}.csv.gz`).trimEnd().split('\n').slice(1);
    return Object.entries(sizes).map(([part, size], k) => {
      const rows = members
        .filter((line) => line.startsWith(`${part},`))
        .map((line) => Number(line.split(',').at(-1)));
      // Spread over the part: neighbours in a file are analogues.
      const taken = Array.from({ length: size }, (_, i) => rows[Math.floor((i * rows.length) / size)]);
      return bench.write(
        `${id}-${k}.csv`,
        taken.map((row) => `${row},${lines[row].split(',')[smilesAt]}`),
        'id,smiles',
      );
    });
  }

  const fired = ({ verdicts }: DriftReport) =>
    verdicts.filter(({ state }) => state === 'drift').map(({ stream }) => stream);

  test('a library that turns into natural products fires, its first batch of the same compounds does not', async () => {
    const [reference, same, mixed] = cut('library-slow-mix', 'library/library-220k.csv.gz', 0, {
      reference: 300,
      '0:0%': 100,
      '6:80%': 100,
    });
    const moved = await bench.check(reference, mixed, { permutations: 399 });
    expect(fired(moved)).toEqual(expect.arrayContaining(['chemistry', 'descriptors', 'classifier']));
    expect(verdictOf(moved, 'descriptors').moved.map(({ name }) => name)).toContain('FractionCSP3');
    const quiet = await bench.check(reference, same, { permutations: 399 });
    expect(fired(quiet)).toEqual([]);
    expect(quiet.state).toBe('steady');
  });
});
