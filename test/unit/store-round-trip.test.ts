import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32Text } from '../../src/store/float32-text.ts';
import type { TableColumn } from '../../src/store/table-columns.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import { freshPath, read } from './store-fixtures.ts';

const ENDINGS = ['csv', 'csv.gz', 'tsv', 'tsv.gz', 'jsonl', 'jsonl.gz', 'parquet', 'arrow'];

const COLUMNS: TableColumn[] = [
  { name: 'row', type: 'int', nullable: false },
  { name: 'id', type: 'string', nullable: false },
  { name: 'smiles', type: 'string', nullable: true },
  { name: 'value', type: 'float', nullable: true, unit: 'log10 mol/L' },
  { name: 'in_domain', type: 'boolean', nullable: true },
];

function valuesOf(count: number, from = 0) {
  const rows = Array.from({ length: count }, (_, i) => from + i);
  return {
    row: Int32Array.from(rows),
    id: rows.map((i) => `id, "${i}"`),
    smiles: rows.map((i) => (i % 11 === 10 ? null : `C${'C'.repeat(i % 9)}O`)),
    value: Float32Array.from(rows, (i) => (i % 5 === 4 ? Number.NaN : Math.sin(i) * 10 ** ((i % 13) - 6))),
    in_domain: rows.map((i) => (i % 3 === 2 ? null : i % 2 === 0)),
  };
}

async function write(path: string, count: number, piece = count || 1) {
  await using writer = await createTableWriter(path, COLUMNS, { metadata: { b: "it's", a: '{"x": 1}' } });
  for (let from = 0; from < count; from += piece) {
    const length = Math.min(piece, count - from);
    await writer.write(valuesOf(length, from), length);
  }
  return await writer.finish();
}

describe.each(ENDINGS)('%s', (ending) => {
  it.each([1, 2, 4095, 4096, 4097, 10_000])('gives back %i rows as written', async (count) => {
    const path = freshPath(`t.${ending}`);
    await write(path, count);
    const { ids, inputs, rows } = await read(path);
    const expected = valuesOf(count);
    expect(rows.length).toBe(count);
    expect(ids).toEqual(expected.id);
    expect(inputs).toEqual(expected.smiles.map((smiles) => smiles ?? ''));
  });

  it('gives the same bytes whatever the pieces, and says their hash and size', async () => {
    const paths = [freshPath(`t.${ending}`), freshPath(`t.${ending}`), freshPath(`t.${ending}`)];
    const written = [
      await write(paths[0], 9000),
      await write(paths[1], 9000, 1000),
      await write(paths[2], 9000, 2049),
    ];
    const bytes = paths.map((path) => readFileSync(path));
    const { sha256 } = await import('../../src/core/hash.ts');
    expect(bytes[1].equals(bytes[0])).toBe(true);
    expect(bytes[2].equals(bytes[0])).toBe(true);
    for (const { sha256: hash, sizeBytes } of written) {
      expect(hash).toBe(sha256(bytes[0]));
      expect(sizeBytes).toBe(bytes[0].length);
    }
  });

  it('of no rows is written and is empty when read', async () => {
    const path = freshPath(`t.${ending}`);
    await write(path, 0);
    await expect(read(path)).rejects.toMatchObject({ code: 'ERR_INPUT_EMPTY' });
  });
});

describe('values', () => {
  it('stand alike in CSV, TSV and JSON lines: float32 in shortest form, nothing for null and NaN', async () => {
    const values = {
      row: [0, -2147483648],
      id: ['a', 'é'],
      smiles: [null, 'C'],
      value: [0.1, Number.NaN],
      in_domain: [true, null],
    };
    const texts: Record<string, string> = {};
    for (const ending of ['csv', 'tsv', 'jsonl']) {
      const path = freshPath(`t.${ending}`);
      const writer = await createTableWriter(path, COLUMNS, { metadata: {} });
      await writer.write(values, 2);
      await writer.finish();
      texts[ending] = readFileSync(path, 'utf8');
    }
    expect(texts.csv).toBe('row,id,smiles,value,in_domain\n0,a,,0.1,true\n-2147483648,é,C,,\n');
    expect(texts.tsv).toBe(texts.csv.replaceAll(',', '\t'));
    expect(texts.jsonl).toBe(
      '{"row":0,"id":"a","smiles":null,"value":0.1,"in_domain":true}\n{"row":-2147483648,"id":"é","smiles":"C","value":null,"in_domain":null}\n',
    );
  });

  it('in Arrow carry types, nulls, units and metadata', async () => {
    const path = freshPath('t.arrow');
    await write(path, 100);
    const table = tableFromIPC(readFileSync(path));
    const expected = valuesOf(100);
    expect(table.schema.metadata.get('a')).toBe('{"x": 1}');
    expect(table.schema.fields[3].metadata.get('unit')).toBe('log10 mol/L');
    expect([...(table.getChild('row') ?? [])]).toEqual([...expected.row]);
    expect([...(table.getChild('smiles') ?? [])]).toEqual(expected.smiles);
    expect([...(table.getChild('value') ?? [])]).toEqual(
      [...expected.value].map((v) => (Number.isNaN(v) ? null : v)),
    );
    expect([...(table.getChild('in_domain') ?? [])]).toEqual(expected.in_domain);
  });

  it('in Parquet carry types, nulls, units and metadata', async () => {
    const path = freshPath('t.parquet');
    await write(path, 100);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const result = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    const expected = valuesOf(100);
    const [row, , smiles, value, inDomain] = result.getColumns();
    expect(result.columnTypes().map(String)).toEqual(['INTEGER', 'VARCHAR', 'VARCHAR', 'FLOAT', 'BOOLEAN']);
    expect(row).toEqual([...expected.row]);
    expect(smiles).toEqual(expected.smiles);
    expect(value).toEqual([...expected.value].map((v) => (Number.isNaN(v) ? null : v)));
    expect(inDomain).toEqual(expected.in_domain);
    const pairs = await connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}') ORDER BY 1`,
    );
    expect(pairs.getRows()).toEqual([
      ['a', '{"x": 1}'],
      ['b', "it's"],
      ['units', '{"value":"log10 mol/L"}'],
    ]);
    connection.closeSync();
  });

  it('gzip says nothing of time or system in its header', async () => {
    const path = freshPath('t.csv.gz');
    await write(path, 5);
    const bytes = readFileSync(path);
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, bytes[8], 255]);
    expect(gunzipSync(bytes).toString()).toContain('row,id,smiles');
  });

  it('that do not fit their column are a defect of the caller', async () => {
    const writer = await createTableWriter(freshPath('t.csv'), COLUMNS, { metadata: {} });
    await expect(writer.write({ ...valuesOf(2), row: [0, 1.5] }, 2)).rejects.toThrow(TypeError);
    await expect(writer.write({ ...valuesOf(2), id: ['a', null] }, 2)).rejects.toThrow(/no value in row 1/);
    await expect(writer.write({ ...valuesOf(2), id: ['a'] }, 2)).rejects.toThrow(/1 values for 2 rows/);
    await writer.abort();
  });
});

describe('nasty cells', () => {
  const unit = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '"',
        ',',
        '\n',
        '\r\n',
        '\t',
        ';',
        '\\',
        "'",
        '=',
        '+',
        '@',
        '\0',
        ' ',
        '$$$$',
      ),
    },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }) },
  );
  const cell = fc.array(unit, { maxLength: 6 }).map((parts) => parts.join('').toWellFormed());
  const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 25 });

  it.each(ENDINGS)('come back equal, one row for each, from %s', async (ending) => {
    await fc.assert(
      fc.asyncProperty(table, async (pairs) => {
        const path = freshPath(`n.${ending}`);
        const columns: TableColumn[] = ['smiles', 'id'].map((name) => ({
          name,
          type: 'string',
          nullable: false,
        }));
        const writer = await createTableWriter(path, columns, { metadata: {} });
        await writer.write(
          { smiles: pairs.map(([smiles]) => smiles), id: pairs.map(([, id]) => id) },
          pairs.length,
        );
        await writer.finish();
        const { inputs, ids } = await read(path);
        expect(inputs).toEqual(pairs.map(([smiles]) => smiles));
        expect(ids).toEqual(pairs.map(([, id], i) => id || String(i)));
      }),
      { numRuns: ending === 'parquet' ? 10 : 40 },
    );
  });

  it.each(ENDINGS)('a lone column of empty cells keeps its rows in %s', async (ending) => {
    const path = freshPath(`n.${ending}`);
    const writer = await createTableWriter(path, [{ name: 'smiles', type: 'string', nullable: true }], {
      metadata: {},
    });
    await writer.write({ smiles: ['C', '', null, 'CC'] }, 4);
    await writer.finish();
    expect((await read(path)).inputs).toEqual(['C', '', '', 'CC']);
  });
});

describe('float32 text', () => {
  it('reads back as the same float32, and no shorter text does', () => {
    const bits = new Uint32Array(1);
    const float = new Float32Array(bits.buffer);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (pattern) => {
        bits[0] = pattern;
        const value = float[0];
        fc.pre(Number.isFinite(value));
        const text = float32Text(value);
        expect(Math.fround(Number(text))).toBe(value === 0 ? 0 : value);
        const digits = text
          .replace(/e.*/, '')
          .replace(/\D/g, '')
          .replace(/^0+|0+$/g, '').length;
        for (let fewer = 1; fewer < digits; fewer++) {
          expect(Math.fround(Number(value.toPrecision(fewer)))).not.toBe(value);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    [0.1, '0.1'],
    [-5.25, '-5.25'],
    [16777216, '16777216'],
    [1e-7, '1e-7'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [-0, '0'],
    [1 / 3, '0.33333334'],
  ])('%d is %s', (value, text) => {
    expect(float32Text(value)).toBe(text);
  });
});
