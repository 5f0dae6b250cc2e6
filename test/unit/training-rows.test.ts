import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import type { LabelledRows } from '../../src/flows/dataset.ts';
import { requireDistinctFiles } from '../../src/flows/distinct-files.ts';
import { linkedGroups } from '../../src/flows/linked-groups.ts';
import { measuredValues } from '../../src/flows/measured-values.ts';
import type { Reference } from '../../src/store/reference.ts';
import { temporaryFolder } from '../assayer.ts';

interface Row {
  readonly key?: string;
  readonly y?: number;
  readonly whole?: boolean;
  readonly group?: number;
  readonly scaffold?: string;
  /** First byte of the fingerprint. */
  readonly bits?: number;
}

function rowsOf(rows: readonly Row[]): LabelledRows {
  const fingerprints = new Uint8Array(rows.length * FINGERPRINT_BYTES);
  rows.forEach(({ bits }, i) => {
    fingerprints[i * FINGERPRINT_BYTES] = bits ?? i + 1;
  });
  return {
    inchikeys: rows.map(({ key }, i) => key ?? `K${i}`),
    scaffolds: rows.map(({ scaffold }) => scaffold ?? ''),
    whole: rows.map(({ whole }) => whole ?? true),
    fingerprints,
    descriptors: new Float32Array(),
    y: Float64Array.from(rows, ({ y }) => y ?? 0),
    relation: new Int8Array(rows.length),
    groups: Int32Array.from(rows, ({ group }, i) => group ?? 100 + i),
  };
}

/** A reference of records: InChIKey, value, and whether the record was the compound by itself. */
function referenceOf(...records: [key: string, value: number, whole: boolean][]): Reference {
  const n = records.length;
  return {
    inchikeys: records.map(([key]) => key),
    values: Float32Array.from(records, ([, value]) => value),
    heldOut: new Float32Array(n),
    groups: new Int32Array(n),
    whole: records.map(([, , whole]) => whole),
  };
}

test('the measured value of a compound is the median of its records', () => {
  const values = measuredValues(referenceOf(['A', 1, true], ['B', 9, true], ['A', 4, true], ['A', 2, true]));
  expect([...values]).toEqual([2, 9, 2, 2]);
  expect(measuredValues(referenceOf(['A', 1, true], ['A', 4, true]))[0]).toBe(2.5);
});

test('a record with a bound alone has no value, and does not count beside one that has', () => {
  const none = Number.NaN;
  const values = measuredValues(referenceOf(['A', none, true], ['A', 4, false], ['B', none, true]));
  expect([...values]).toEqual([4, 4, none]);
  expect([...measuredValues(referenceOf(['C', none, true], ['C', none, true]))]).toEqual([none, none]);
});

test('where a compound was measured by itself, its salts and mixtures do not count', () => {
  expect([...measuredValues(referenceOf(['A', -8, false], ['A', -1, true]))]).toEqual([-1, -1]);
  expect([...measuredValues(referenceOf(['A', -8, false], ['A', -6, false]))]).toEqual([-7, -7]);
});

test('compounds without an InChIKey are never taken for one another', () => {
  expect([...measuredValues(referenceOf(['', 1, true], ['', 5, true]))]).toEqual([1, 5]);
});

test('rows are linked by split group, own scaffold or equal bits, through any chain', () => {
  const rows = rowsOf([
    { group: 1, scaffold: 'c1ccccc1' },
    { group: 2, scaffold: 'c1ccccc1' },
    { group: 2, bits: 77 },
    { group: 3, bits: 77 },
    { group: 4 },
    { group: 5 },
  ]);
  const groups = linkedGroups(rows);
  expect(new Set(groups.subarray(0, 4)).size).toBe(1);
  expect(new Set(groups).size).toBe(3);
});

test('acyclic compounds are not linked by having no scaffold', () => {
  expect(new Set(linkedGroups(rowsOf([{ scaffold: '' }, { scaffold: '' }]))).size).toBe(2);
});

test('an output that is its own input is refused, also through a link or another spelling', () => {
  const folder = temporaryFolder();
  const input = join(folder, 'a.csv');
  writeFileSync(input, 'smiles\nC\n');
  symlinkSync(input, join(folder, 'link.csv'));
  mkdirSync(join(folder, 'sub'));
  for (const other of [input, join(folder, 'link.csv'), join(folder, 'sub', '..', 'a.csv')]) {
    expect(() => requireDistinctFiles([input, other])).toThrow(/are the same file/);
  }
  expect(() => requireDistinctFiles(['new.csv', join(process.cwd(), 'new.csv')])).toThrow(/same file/);
  expect(() => requireDistinctFiles([input, join(folder, 'b.csv'), '-', '-', null, undefined])).not.toThrow();
});
