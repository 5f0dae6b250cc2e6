import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompoundName } from '../../src/core/trace.ts';
import { CompoundKeys } from '../../src/store/compound-keys.ts';
import { buildCompoundKeys, writeCompoundKeys } from '../../src/store/compound-keys-build.ts';
import { keysPath, PAGE_BYTES, PAGE_ENTRIES } from '../../src/store/compound-keys-layout.ts';
import { KeyEntries } from '../../src/store/compound-keys-sort.ts';
import { ResultReader } from '../../src/store/result-rows.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import type { Workspace } from '../../src/store/workspace.ts';
import { failure } from './store-fixtures.ts';
import {
  FORMATS,
  freshPath,
  freshWorkspace,
  inchikeyOf,
  type Row,
  writeResult,
} from './trace-compound-fixtures.ts';

async function find(workspace: Workspace, sha256: string, name: CompoundName): Promise<number[]> {
  await using keys = await CompoundKeys.open(workspace, sha256);
  return await keys!.find(name);
}

const cellText = fc.oneof(
  fc.constantFrom('', '0', 'a,b', 'say "x"', 'two\nlines', '\r\n', 'tab\there', 'ü', '漢字', '💊', '"', ' '),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const someRows = fc.array(
  fc.record({
    id: cellText,
    inchikey: fc.option(fc.integer({ min: 0, max: 5 }).map(inchikeyOf)),
    value: fc.float({ noNaN: true, noDefaultInfinity: true }),
  }),
  { maxLength: 40 },
);

describe('keys of a result', () => {
  it.each(FORMATS)(
    'find every row of every compound of a %s file, and the rows read so are those',
    async (ending) => {
      const workspace = await freshWorkspace();
      await using reader = new ResultReader(workspace);
      await fc.assert(
        fc.asyncProperty(someRows, async (rows) => {
          const result = await writeResult(freshPath(`r.${ending}`), rows);
          const header = await buildCompoundKeys(workspace, result);
          expect(header.rows).toBe(rows.length);
          // One for each id, '' too; one for each InChIKey that there is.
          expect(header.entries).toBe(rows.length + rows.filter(({ inchikey }) => inchikey !== null).length);
          const names: CompoundName[] = [
            { kind: 'id', text: 'nowhere to be found' },
            { kind: 'inchikey', text: inchikeyOf(77) },
            ...rows.map(({ id }) => ({ kind: 'id', text: id.toWellFormed() }) as const),
            ...rows.flatMap(({ inchikey }) =>
              inchikey ? [{ kind: 'inchikey', text: inchikey } as const] : [],
            ),
          ];
          for (const name of names) {
            const places = await find(workspace, result.sha256, name);
            const read = places.length ? await reader.read(result, places) : [];
            const expected = rows.flatMap((row, i) =>
              (row[name.kind] ?? '').toWellFormed() === name.text ? [i] : [],
            );
            expect(read.map((row) => Number(row.row))).toEqual(expected);
            read.forEach((row, k) => {
              const { id, inchikey, value } = rows[expected[k]];
              expect(row.id ?? '').toBe(id.toWellFormed());
              expect(row.inchikey).toBe(inchikey);
              const number = row.herg === null ? null : Math.fround(Number(row.herg));
              expect(number).toBe(value === 0 ? 0 : value);
            });
          }
        }),
        { numRuns: ending === 'csv' ? 12 : 4 },
      );
    },
  );

  it('rows read alike from every format, floats as the text formats write them', async () => {
    const workspace = await freshWorkspace();
    const rows: Row[] = [{ id: 'a', inchikey: inchikeyOf(1), value: 0.1 }];
    for (const ending of FORMATS) {
      const result = await writeResult(freshPath(`alike.${ending}`), rows);
      await buildCompoundKeys(workspace, result);
      await using reader = new ResultReader(workspace);
      const [row] = await reader.read(
        result,
        await find(workspace, result.sha256, { kind: 'id', text: 'a' }),
      );
      expect(Object.keys(row).slice(0, 8).join()).toBe('row,id,input,smiles,inchikey,status,reason,herg');
      expect(String(row.herg)).toBe('0.1');
      expect(String(row.herg_in_domain)).toBe('true');
    }
  });

  it.each([0, 1, PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 20_011])('%i rows', async (count) => {
    const workspace = await freshWorkspace();
    const rows = Array.from({ length: count }, (_, i) => ({
      id: `c${i}`,
      inchikey: inchikeyOf(i >> 1),
      value: i,
    }));
    const result = await writeResult(freshPath('sized.csv'), rows);
    const { entries } = await buildCompoundKeys(workspace, result);
    expect(entries).toBe(2 * count);
    await using reader = new ResultReader(workspace);
    for (const i of new Set([0, 1, count >> 1, count - 1].filter((i) => i >= 0 && i < count))) {
      const [one] = await reader.read(
        result,
        await find(workspace, result.sha256, { kind: 'id', text: `c${i}` }),
      );
      expect(one.id).toBe(`c${i}`);
      const pair = await find(workspace, result.sha256, { kind: 'inchikey', text: inchikeyOf(i >> 1) });
      expect((await reader.read(result, pair)).map(({ id }) => id)).toContain(`c${i}`);
      expect(pair.length).toBe(i === count - 1 && count % 2 ? 1 : 2);
    }
    expect(await find(workspace, result.sha256, { kind: 'id', text: 'c-1' })).toEqual([]);
  });

  it.each(FORMATS)('rows of a %s file longer than what is read at once are found', async (ending) => {
    const workspace = await freshWorkspace();
    const long = (i: number, length: number) => `${i}:${'long, "id"\n'.repeat(length / 11)}`;
    const rows = Array.from({ length: 9000 }, (_, i) => ({
      id: i % 1000 === 7 ? long(i, 70_000 + i) : `c${i}`,
      inchikey: inchikeyOf(i),
      value: i,
    }));
    const result = await writeResult(freshPath(`long.${ending}`), rows);
    await buildCompoundKeys(workspace, result);
    await using reader = new ResultReader(workspace);
    const numbers = [0, 6, 7, 8, 2007, 8007, 8191, 8192, 8999];
    const found = [];
    for (const i of numbers)
      found.push(...(await find(workspace, result.sha256, { kind: 'id', text: rows[i].id })));
    // Asked for out of order, they come by place.
    const read = await reader.read(result, found.toReversed(), ['id', 'row']);
    expect(read.map((row) => Number(row.row))).toEqual(numbers);
    expect(read.map(({ id }) => id)).toEqual(numbers.map((i) => rows[i].id));
  });

  it('are whole when two make them at once', async () => {
    const workspace = await freshWorkspace();
    const rows = Array.from({ length: 2000 }, (_, i) => ({ id: `c${i}`, inchikey: inchikeyOf(i), value: i }));
    const result = await writeResult(freshPath('twice.csv'), rows);
    const build = () => buildCompoundKeys(workspace, result);
    expect(await Promise.all([build(), build()])).toMatchObject([{ rows: 2000 }, { rows: 2000 }]);
    expect((await find(workspace, result.sha256, { kind: 'id', text: 'c1234' })).length).toBe(1);
    expect(readdirSync(workspace.tmp)).toEqual([]);
  });

  it('are not made of a file that is another one than recorded, and nothing is left', async () => {
    const workspace = await freshWorkspace();
    const result = await writeResult(freshPath('other.csv'), [{ id: 'a', inchikey: null, value: null }]);
    const error = await failure(buildCompoundKeys(workspace, { ...result, sha256: 'b'.repeat(64) }));
    expect(error.code).toBe('ERR_INPUT_CORRUPT');
    expect(error.message).toContain(result.sha256);
    expect(readdirSync(workspace.tmp)).toEqual([]);
    expect(await CompoundKeys.open(workspace, 'b'.repeat(64))).toBeNull();
  });

  it.each(['csv', 'jsonl', 'parquet', 'arrow'])(
    'are not made of a %s table that is no result',
    async (ending) => {
      const workspace = await freshWorkspace();
      const path = freshPath(`table.${ending}`);
      const writer = await createTableWriter(path, [{ name: 'id', type: 'string', nullable: false }], {
        metadata: {},
      });
      await writer.write({ id: ['a'] }, 1);
      const result = { ...(await writer.finish()), path, format: writer.format };
      const error = await failure(buildCompoundKeys(workspace, result));
      expect(error.code).toMatch(/^ERR_INPUT_/);
      expect(error.message).toContain('inchikey');
    },
  );

  it('an InChIKey is no id, and an id no InChIKey', async () => {
    const workspace = await freshWorkspace();
    const rows = [
      { id: inchikeyOf(1), inchikey: inchikeyOf(2), value: 1 },
      { id: inchikeyOf(2), inchikey: inchikeyOf(1), value: 2 },
    ];
    const result = await writeResult(freshPath('swapped.jsonl'), rows);
    await buildCompoundKeys(workspace, result);
    await using reader = new ResultReader(workspace);
    const places = await find(workspace, result.sha256, { kind: 'inchikey', text: inchikeyOf(1) });
    expect((await reader.read(result, places, ['row'])).map((row) => ({ ...row }))).toEqual([{ row: 1 }]);
  });
});

describe('the search', () => {
  const sha256 = '5'.repeat(64);

  /** A key file of entries whose keys are given, whatever name would have them. */
  async function keyFile(workspace: Workspace, keys: readonly bigint[]) {
    const entries = new KeyEntries();
    keys.forEach((key, i) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(key);
      entries.add(bytes, i);
    });
    const header = { schema: 'assayer.keys/1', result: sha256, format: 'csv', rows: keys.length } as const;
    await writeCompoundKeys(workspace, { ...header, entries: keys.length }, entries);
  }

  async function expectFound(keys: readonly bigint[], wanted: readonly bigint[]) {
    const workspace = await freshWorkspace();
    await keyFile(workspace, keys);
    await using opened = await CompoundKeys.open(workspace, sha256);
    for (const key of wanted) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(key);
      const expected = keys.flatMap((other, i) => (other === key ? [i] : []));
      expect(await opened!.placesOf(bytes)).toEqual(expected);
    }
  }

  const TOP = 2n ** 64n - 1n;

  it('finds keys that are one, few, bunched or at the ends', async () => {
    const many = 5 * PAGE_ENTRIES + 3;
    await expectFound(Array(many).fill(7n), [6n, 7n, 8n, 0n, TOP]);
    await expectFound(Array(many).fill(0n), [0n, 1n, TOP]);
    await expectFound(Array(many).fill(TOP), [TOP, TOP - 1n, 0n]);
    const bunched = Array.from({ length: many }, (_, i) => (i % 3 === 0 ? TOP - BigInt(i) : BigInt(i % 7)));
    await expectFound(bunched, [...new Set(bunched)].slice(0, 50).concat(8n, TOP - 1n));
    // One key fills whole pages in the middle.
    const plateau = [
      ...Array(PAGE_ENTRIES - 1).fill(10n),
      ...Array(2 * PAGE_ENTRIES + 2).fill(20n),
      30n,
      31n,
    ];
    await expectFound(plateau, [9n, 10n, 11n, 20n, 21n, 30n, 31n, 32n]);
  });

  it('finds what a plain look through all entries finds', async () => {
    const key = fc.oneof(
      fc.bigInt({ min: 0n, max: TOP }),
      fc.bigInt({ min: 0n, max: 30n }),
      fc.bigInt({ min: 2n ** 63n - 3n, max: 2n ** 63n + 3n }),
    );
    const shape = fc.tuple(fc.array(key, { maxLength: 30 }), fc.integer({ min: 1, max: 60 }), key);
    await fc.assert(
      fc.asyncProperty(shape, async ([some, times, absent]) => {
        const keys = Array.from({ length: some.length * times }, (_, i) => some[(i * 7) % some.length]);
        await expectFound(keys, [...some, absent]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a damaged key file', () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ id: `c${i}`, inchikey: inchikeyOf(i), value: i }));
  async function built() {
    const workspace = await freshWorkspace();
    const result = await writeResult(freshPath('d.csv'), rows);
    await buildCompoundKeys(workspace, result);
    return { workspace, result, path: keysPath(workspace, result.sha256) };
  }
  const searchAll = async (workspace: Workspace, sha256: string) => {
    for (const { id } of rows) await find(workspace, sha256, { kind: 'id', text: id });
  };

  it('is told wherever a byte of it is read, by its name, and can be made anew', async () => {
    const { workspace, result, path } = await built();
    const whole = readFileSync(path);
    for (const at of [3, 40, PAGE_BYTES - 1, PAGE_BYTES, 2 * PAGE_BYTES + 4090, 9 * PAGE_BYTES + 123]) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 16;
      writeFileSync(path, bytes);
      const error = await failure(searchAll(workspace, result.sha256));
      expect(error.code).toBe('ERR_BLOB_CORRUPT');
      expect(error.message).toContain(path);
    }
    await buildCompoundKeys(workspace, result);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  it('is told when pages were swapped, taken from another result, or cut off', async () => {
    const { workspace, result, path } = await built();
    const whole = readFileSync(path);
    const page = (i: number) => whole.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
    const swapped = Buffer.concat([page(0), page(2), page(1), whole.subarray(3 * PAGE_BYTES)]);
    writeFileSync(path, swapped);
    expect((await failure(searchAll(workspace, result.sha256))).code).toBe('ERR_BLOB_CORRUPT');

    const other = await writeResult(freshPath('e.csv'), rows.slice(1));
    writeFileSync(keysPath(workspace, other.sha256), whole);
    expect((await failure(searchAll(workspace, other.sha256))).code).toBe('ERR_BLOB_CORRUPT');

    writeFileSync(path, whole);
    for (const size of [statSync(path).size - 1, statSync(path).size - PAGE_BYTES, PAGE_BYTES, 100, 0]) {
      truncateSync(path, size);
      const error = await failure(CompoundKeys.open(workspace, result.sha256));
      expect(error.code).toBe('ERR_BLOB_CORRUPT');
      expect(error.message).toContain(path);
    }
  });
});

it('without a key file there is none', async () => {
  expect(await CompoundKeys.open(await freshWorkspace(), 'a'.repeat(64))).toBeNull();
});
