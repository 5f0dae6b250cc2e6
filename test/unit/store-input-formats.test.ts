import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  CompressionType,
  compressionRegistry,
  Dictionary,
  Int32,
  LargeUtf8,
  RecordBatchFileWriter,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import { openTable } from '../../src/store/compound-table.ts';
import { decodeLz4Frame } from '../../src/store/lz4-frame.ts';
import { failure, fileWith, freshPath, read, readAll, spoolFolder } from './store-fixtures.ts';

const SMILES = ['CCO', 'c1ccccc1', 'CC(=O)Oc1ccccc1C(=O)O'];
const NAMES = ['ethanol', 'benzene', 'acetylsalicylic acid'];

const MOLBLOCK = (name: string) => `${name}
  -test-

  1  0  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0  0  0  0  0  0  0  0  0  0  0
M  END
`;
const SDF = `${MOLBLOCK('methane')}> <smiles>
C

>  <Note>  (7)
first line
second line

$$$$
${MOLBLOCK('other')}> <smiles>
CC

$$$$
`;

function arrowTable(): Table {
  return new Table({
    smiles: vectorFromArray(SMILES, new Utf8()),
    id: vectorFromArray([1, 2, 3], new Int32()),
  });
}

describe('SMI', () => {
  it('splits at the first white space, keeps the rest as name, and skips blank lines', async () => {
    const text = `CCO\tethanol\r\n\r\n  c1ccccc1   benzene \nCC(=O)Oc1ccccc1C(=O)O acetylsalicylic acid\nC`;
    const { inputs, ids, table } = await read(fileWith('a.smi', text));
    expect(inputs).toEqual([...SMILES, 'C']);
    expect(ids).toEqual([...NAMES, '3']);
    expect(table.format).toBe('smi');
  });

  it('takes the first line as a header only when its first word is smiles', async () => {
    expect((await read(fileWith('a.smi', 'SMILES name\nC a\n'))).inputs).toEqual(['C']);
    expect((await read(fileWith('a.smi', 'C name\nsmiles a\n'))).inputs).toEqual(['C', 'smiles']);
  });
});

describe('SD file', () => {
  it('gives molblocks, with the first line of each as id', async () => {
    const { inputs, ids, table } = await read(fileWith('a.sdf', SDF));
    expect(table.inputKind).toBe('molblock');
    expect(inputs).toEqual([MOLBLOCK('methane'), MOLBLOCK('other')]);
    expect(ids).toEqual(['methane', 'other']);
    expect(table.columns).toEqual(['_Molblock', '_Name', 'smiles', 'Note']);
  });

  it('gives the SMILES of a named field instead, and a field as id', async () => {
    const { inputs, ids, table } = await read(fileWith('a.sdf', SDF), {
      smilesColumn: 'smiles',
      idColumn: 'Note',
    });
    expect(table.inputKind).toBe('smiles');
    expect(inputs).toEqual(['C', 'CC']);
    expect(ids).toEqual(['first line\nsecond line', '1']);
  });

  it('reads CR LF, a last record without $$$$, and keeps a record without a molblock', async () => {
    const text = `$$$$\n${SDF}${MOLBLOCK('last')}`.replaceAll('\n', '\r\n');
    const { inputs, ids } = await read(fileWith('a.sdf', text));
    expect(inputs).toEqual(['', MOLBLOCK('methane'), MOLBLOCK('other'), MOLBLOCK('last')]);
    expect(ids).toEqual(['0', 'methane', 'other', 'last']);
  });
});

describe('JSON lines', () => {
  it('reads strings, numbers and nested values, and fills what is absent', async () => {
    const text = '{"id":7,"smiles":"CCO"}\n\n{"smiles":"C\\n","extra":{"a":1}}\n{"id":null}\n';
    const { inputs, ids, table } = await read(fileWith('a.jsonl', text));
    expect(table.columns).toEqual(['id', 'smiles', 'extra']);
    expect(inputs).toEqual(['CCO', 'C\n', '']);
    expect(ids).toEqual(['7', '1', '2']);
  });

  it('does not take what every object inherits for a cell', async () => {
    const path = fileWith('a.jsonl', '{"smiles":"C","constructor":"a"}\n{"smiles":"CC"}\n');
    expect((await read(path, { idColumn: 'constructor' })).ids).toEqual(['a', '1']);
  });

  it('keeps a damaged line as a row that shows it', async () => {
    const { inputs } = await read(fileWith('a.jsonl', '{"smiles":"CCO"}\n{"smiles":"CC\n{"smiles":"C"}\n'));
    expect(inputs).toEqual(['CCO', '{"smiles":"CC', 'C']);
  });
});

describe('Arrow', () => {
  it.each([
    ['file', tableToIPC(arrowTable(), 'file')],
    ['stream', tableToIPC(arrowTable(), 'stream')],
  ])('reads an IPC %s', async (_, bytes) => {
    const { inputs, ids } = await read(fileWith('a.arrow', bytes));
    expect(inputs).toEqual(SMILES);
    expect(ids).toEqual(['1', '2', '3']);
  });

  it('reads dictionaries, large strings, nulls and several batches', async () => {
    const table = () =>
      new Table({
        smiles: vectorFromArray(['CCO', 'C', 'CCO', null], new Dictionary(new Utf8(), new Int32())),
        id: vectorFromArray(['a', 'b', null, 'd'], new LargeUtf8()),
      });
    const both = table().concat(table());
    expect(both.batches.length).toBe(2);
    const { inputs, ids } = await read(fileWith('a.arrow', tableToIPC(both, 'stream')));
    expect(inputs).toEqual(['CCO', 'C', 'CCO', '', 'CCO', 'C', 'CCO', '']);
    expect(ids).toEqual(['a', 'b', '2', 'd', 'a', 'b', '6', 'd']);
  });

  it.each([
    ['Zstandard', CompressionType.ZSTD],
    ['LZ4', CompressionType.LZ4_FRAME],
  ])('reads buffers compressed by %s', async (_, compressionType) => {
    const cells = [...Array(50).fill(SMILES).flat(), 'C'.repeat(304)];
    const { bytes, at } = await compressed(cells, compressionType);
    expect((await read(fileWith('a.arrow', bytes))).inputs).toEqual(cells);
    for (const [length, problem] of [
      [2 ** 31, /unpacks to 214\d+ bytes, and 1073741824 is the most/],
      [100, /larger than 100 bytes|longer than stated/],
      [2000, /unpacks to 1904|shorter than stated/],
    ] as const) {
      const lying = Buffer.from(bytes);
      lying.writeBigInt64LE(BigInt(length), at);
      const error = await failure(read(fileWith('a.arrow', lying)));
      expect(error.code).toBe('ERR_INPUT_CORRUPT');
      expect(error.message).toMatch(problem);
    }
  });
});

/**
 * An Arrow file with compressed buffers; `at` is where the last of them states its length. The library's writer states the
 * compressed length there (pyarrow refuses its files), so the right one is put in.
 */
async function compressed(cells: readonly string[], compressionType: CompressionType) {
  const codec = compressionRegistry.get(compressionType);
  const made: { readonly packed: Uint8Array; readonly length: number }[] = [];
  const encode = (data: Uint8Array) => {
    const packed = compressionType === CompressionType.ZSTD ? zstdCompressSync(data) : literalLz4Frame(data);
    if (packed.length < data.length) made.push({ packed, length: data.length });
    return packed;
  };
  compressionRegistry.set(compressionType, { ...codec, encode });
  const writer = new RecordBatchFileWriter({ compressionType });
  writer.writeAll(new Table({ smiles: vectorFromArray(cells, new Utf8()) }));
  const bytes = Buffer.from(await writer.toUint8Array());
  let at = -1;
  for (const { packed, length } of made) {
    at = bytes.indexOf(packed) - 8;
    bytes.writeBigInt64LE(BigInt(length), at);
  }
  return { bytes, at };
}

it('an Arrow cell over 1 MiB keeps its row, with its first 65,536 characters', async () => {
  const cells = ['C', 'C'.repeat(2 ** 20), 'C'.repeat(2 ** 20 + 1), 'é'.repeat(2 ** 19 + 1)];
  const table = new Table({ smiles: vectorFromArray(cells, new Utf8()) });
  const { inputs } = await read(fileWith('a.arrow', tableToIPC(table, 'file')));
  expect(inputs.map(({ length }) => length)).toEqual([1, 2 ** 20, 65_536, 65_536]);
});

/** An LZ4 frame of one compressed block, with a match only where the data ends in a run. */
function literalLz4Frame(data: Uint8Array): Uint8Array {
  let run = 1;
  while (run < data.length && data[data.length - run - 1] === data[data.length - 1]) run++;
  const lengthBytes = (length: number) =>
    length < 15 ? [] : [...Array(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
  const isLong = run > 10;
  const literals = isLong ? data.subarray(0, data.length - run + 1) : data;
  const match = isLong ? run - 1 - 5 : 0;
  const tail = isLong ? data.subarray(data.length - 5) : new Uint8Array();
  const nibble = (length: number) => Math.min(length, 15);
  const block = [
    (nibble(literals.length) << 4) | (isLong ? nibble(match - 4) : 0),
    ...lengthBytes(literals.length),
    ...literals,
    ...(isLong ? [1, 0, ...lengthBytes(match - 4), nibble(5) << 4, ...tail] : []),
  ];
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, ...size, ...block, 0, 0, 0, 0]);
}

describe('Parquet', () => {
  async function parquetOf(name: string, select: string): Promise<string> {
    const path = freshPath(name);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    return path;
  }

  it('reads text that its writer marked as bytes, and numbers as ids', async () => {
    const path = await parquetOf(
      'a.parquet',
      String.raw`SELECT encode('F/C=C\F') AS smiles, 7::BIGINT AS id`,
    );
    const { inputs, ids } = await read(path);
    expect(inputs).toEqual([String.raw`F/C=C\F`]);
    expect(ids).toEqual(['7']);
  });

  it('keeps the row of a cell over 1 MiB, with its first 65,536 characters, and cells below whole', async () => {
    const path = await parquetOf(
      'a.parquet',
      "SELECT unnest(['C', repeat('C', 1048576), repeat('C', 1048577)]) AS smiles",
    );
    expect((await read(path)).inputs.map(({ length }) => length)).toEqual([1, 2 ** 20, 65_536]);
  });

  it('reads a gzipped file, and a file whose name has pattern characters', async () => {
    const path = await parquetOf('b.parquet', "SELECT 'CCO' AS smiles");
    expect((await read(fileWith('c.parquet.gz', gzipSync(readFileSync(path))))).inputs).toEqual(['CCO']);
    expect((await read(fileWith('d[1]*{x}.parquet', readFileSync(path)))).inputs).toEqual(['CCO']);
    expect(readdirSync(spoolFolder)).toEqual([]);
  });
});

describe('LZ4 frame', () => {
  it('decodes overlapping matches, long literals and stored blocks', () => {
    const data = Buffer.from(`${'CCO'.repeat(200)}${'x'.repeat(700)}`);
    expect(Buffer.from(decodeLz4Frame(literalLz4Frame(data), data.length))).toEqual(data);
    const stored = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 65, 66, 67, 0, 0, 0, 0];
    expect(Buffer.from(decodeLz4Frame(Uint8Array.from(stored), 3)).toString()).toBe('ABC');
  });

  it('refuses content that is longer or shorter than stated, or more than its bytes can hold', () => {
    const data = Buffer.from('CCO'.repeat(200));
    for (const length of [data.length - 1, data.length + 1, 2 ** 29]) {
      expect(() => decodeLz4Frame(literalLz4Frame(data), length)).toThrow(RangeError);
    }
  });

  it('refuses a match from before the start', () => {
    const bad = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 4, 0, 0, 0, 0x10, 65, 9, 0, 0, 0, 0, 0];
    expect(() => decodeLz4Frame(Uint8Array.from(bad), 10)).toThrow(RangeError);
  });
});

describe('format', () => {
  it.each([
    ['SMI', 'CCO ethanol\nCC ethane\n', 'smi'],
    ['a list of SMILES', 'CCO\nc1ccccc1\n', 'smi'],
    ['SMI with a header', 'smiles name\nCCO a\n', 'smi'],
    ['CSV', 'smiles,id\nCCO,a\n', 'csv'],
    ['CSV of one column', 'canonical_smiles\nCCO\n', 'csv'],
    ['TSV', 'id\tsmiles\na\tCCO\n', 'tsv'],
    ['JSON lines', '{"smiles":"CCO"}\n', 'jsonl'],
    ['an SD file', SDF, 'sdf'],
    ['Arrow', tableToIPC(arrowTable(), 'file'), 'arrow'],
    ['an Arrow stream', tableToIPC(arrowTable(), 'stream'), 'arrow'],
  ])('%s is known by its content where the name says nothing, gzipped or not', async (_, content, format) => {
    const plain = await read(fileWith('table.dat', content));
    const packed = await read(fileWith('table.dat', gzipSync(content)));
    expect(plain.table.format).toBe(format);
    expect(packed.table.format).toBe(format);
    expect(packed.inputs).toEqual(plain.inputs);
    expect(plain.inputs.length).toBeGreaterThan(0);
  });

  it('gzip is known by its bytes, not by the name', async () => {
    const content = 'smiles\nCCO\n';
    expect((await read(fileWith('a.csv', gzipSync(content)))).inputs).toEqual(['CCO']);
    expect((await read(fileWith('a.csv.gz', content))).inputs).toEqual(['CCO']);
    const members = Buffer.concat([gzipSync('smiles\nCCO\n'), gzipSync('CC\n')]);
    expect((await read(fileWith('a.csv.gz', members))).inputs).toEqual(['CCO', 'CC']);
  });

  it('Arrow bytes win over a name that says CSV', async () => {
    expect((await read(fileWith('a.csv', tableToIPC(arrowTable(), 'file')))).inputs).toEqual(SMILES);
  });
});

describe('standard input', () => {
  it('is spooled, hashed as given, read twice, and leaves no file', async () => {
    const bytes = gzipSync('smiles,id\nCCO,a\nCC,b\n');
    const stdin = Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]);
    const table = await openTable('-', { spoolFolder, stdin });
    expect(table.sha256).toBe(sha256(bytes));
    expect((await readAll(table)).inputs).toEqual(['CCO', 'CC']);
    expect((await readAll(table)).ids).toEqual(['a', 'b']);
    await table[Symbol.asyncDispose]();
    expect(readdirSync(spoolFolder)).toEqual([]);
  });

  it('of one endless line is refused before it fills the disk', async () => {
    let sent = 0;
    async function* endless() {
      for (; sent < 2 ** 30; sent += 1 << 16) yield Buffer.alloc(1 << 16, 'C');
    }
    const error = await failure(read('-', { stdin: Readable.from(endless()) }));
    expect(error.code).toBe('ERR_INPUT_LINE_TOO_LONG');
    expect(sent).toBeLessThan(4 << 20);
    expect(readdirSync(spoolFolder)).toEqual([]);
  });

  it('that is cancelled leaves no file', async () => {
    const controller = new AbortController();
    async function* slow() {
      yield Buffer.from('smiles\nCCO\n');
      controller.abort();
      yield Buffer.from('CC\n');
    }
    const error = await failure(read('-', { stdin: Readable.from(slow()), signal: controller.signal }));
    expect(error.code).toBe('ERR_CANCELLED');
    expect(readdirSync(spoolFolder)).toEqual([]);
  });

  it('takes the format the caller names', async () => {
    const stdin = Readable.from([Buffer.from('smiles\tx y\nCCO\ta\n')]);
    const { inputs, table } = await read('-', { stdin, format: 'tsv' });
    expect(table.format).toBe('tsv');
    expect(inputs).toEqual(['CCO']);
  });
});
