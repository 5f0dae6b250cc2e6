import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure, fileWith, read } from './store-fixtures.ts';

describe('delimited input', () => {
  it('takes each data row as one compound, counted from 0', async () => {
    const { rows, ids, inputs } = await read(fileWith('a.csv', 'id,smiles\na,CCO\nb,c1ccccc1\n'));
    expect(rows).toEqual([0, 1]);
    expect(ids).toEqual(['a', 'b']);
    expect(inputs).toEqual(['CCO', 'c1ccccc1']);
  });

  it.each([
    ['a byte order mark', '\ufeffsmiles,id\nCCO,a\n'],
    ['CR LF', 'smiles,id\r\nCCO,a\r\n'],
    ['no last line feed', 'smiles,id\nCCO,a'],
    ['blank lines', '\n\nsmiles,id\n\nCCO,a\n\r\n\n'],
    ['quoted cells', '"smiles","id"\n"CCO","a"\n'],
    ['semicolons', 'smiles;id\nCCO;a\n'],
    ['tabs in a .csv', 'smiles\tid\nCCO\ta\n'],
    ['more cells than columns', 'smiles,id\nCCO,a,x,y,z\n'],
    ['quoted line ends with CR LF', '"smiles","id"\r\n"CCO","a"\r\n'],
  ])('tolerates %s', async (_, text) => {
    const { ids, inputs, table } = await read(fileWith('a.csv', text));
    expect(inputs).toEqual(['CCO']);
    expect(ids).toEqual(['a']);
    expect(table.columns).toEqual(['smiles', 'id']);
  });

  it.each([
    ['sep=;', 'sep=;\nid;smiles\na;CCO\nb;"CC;N"\n'],
    ['sep=, in quotes, after a byte order mark', '\ufeff"SEP=,"\r\nid,smiles\r\na,CCO\r\nb,CC;N\r\n'],
    ['sep=|, though commas would do', 'sep=|\nid|smiles|x,smiles\na|CCO|1,2\nb|CC;N|3,4\n'],
    ['sep= and a tab', 'sep=\t\nid\tsmiles\na\tCCO\nb\tCC;N\n'],
  ])('takes a first line %s for the delimiter, not for the header', async (_, text) => {
    for (const name of ['a.csv', 'a.tsv']) {
      const { rows, ids, inputs, table } = await read(fileWith(name, text));
      expect(table.columns.slice(0, 2)).toEqual(['id', 'smiles']);
      expect([rows, ids, inputs]).toEqual([
        [0, 1],
        ['a', 'b'],
        ['CCO', 'CC;N'],
      ]);
    }
  });

  it('counts the declared delimiter in line numbers, and reads a table without header after it', async () => {
    const error = await failure(read(fileWith('a.csv', 'sep=;\nsmiles;name\nCCO;a\nCCN;"b\n')));
    expect(error.message).toContain('line 4');
    const { inputs, rows } = await read(fileWith('a.csv', 'sep=;\nCCO;x y\nc1ccccc1;z\n'));
    expect([inputs, rows]).toEqual([
      ['CCO', 'c1ccccc1'],
      [0, 1],
    ]);
    for (const text of ['sep=;', 'sep=;\nsmiles;id\n']) {
      expect((await failure(read(fileWith('a.csv', text)))).code).toBe('ERR_INPUT_EMPTY');
    }
  });

  it.each([
    ['a comma in a name', 'Name;SMILES;IC50, nM\na;CCO;1\nb;CCN;2\n', {}],
    ['decimal commas in each row', 'Name;SMILES;IC50, nM\na;CCO;1,5\nb;CCN;2,5\n', {}],
    ['a header that names no SMILES', 'Name;Struktur;IC50, nM\na;CCO;1\nb;c1ccccc1N;2\n', {}],
    ['a column the caller names', 'Name;X;IC50, nM\na;?;1,5\nb;?;2,5\n', { smilesColumn: 'X' }],
    ['quoted commas', '"Na,me";"SMILES"\n"a,";"CCO"\n"b";"CCN"\n', {}],
    ['tabs', 'Name, first\tSMILES\na, b\tCCO\nb\tCCN\n', {}],
  ])('reads a CSV delimited otherwise in spite of %s', async (_, text, named) => {
    const { table, inputs } = await read(fileWith('a.csv', text), named);
    expect(table.columns.length).toBeGreaterThan(1);
    expect(table.smilesColumn).toBe(table.columns[1]);
    expect(inputs.length).toBe(2);
    for (const input of inputs) expect(input).not.toMatch(/[;,\t]/);
  });

  it.each([
    ['semicolons in a cell', 'smiles,synonyms\nCCO,a;b\nCCN,c;d\n'],
    ['semicolons in the header', 'smiles,value; unit\nCCO,1\nCCN,2\n'],
    ['unquoted commas in most names', 'smiles,name; other\nCCO,1,2-diol\nCCN,1,2-amine\n'],
    ['semicolons without a header', 'CCO,a;b\nCCN,c;d\n'],
  ])('keeps to commas in spite of %s', async (_, text) => {
    expect((await read(fileWith('a.csv', text))).inputs).toEqual(['CCO', 'CCN']);
  });

  it('hints at the delimiter where no SMILES are found in the only column', async () => {
    for (const name of ['a.csv', 'a.tsv']) {
      const error = await failure(read(fileWith(name, 'Name^SMILES\na^CCO\nb^CCN\n')));
      expect(error.code).toBe('ERR_INPUT_NO_SMILES_COLUMN');
      expect(error.message).toMatch(/columns: Name\^SMILES; only one: .*semicolon/);
    }
    const two = await failure(read(fileWith('a.csv', 'Name,Weight\nx,1\ny,2\n')));
    expect(two.message).toContain('(columns: Name, Weight)');
  });

  it('reads quotes, commas and line feeds inside quoted cells', async () => {
    const text = 'smiles,name\nCCO,"1,2-""di""\nol"\nCCN,plain "quotes" inside\nCCC,"closed" early\n';
    const { ids } = await read(fileWith('a.csv', text));
    expect(ids).toEqual(['1,2-"di"\nol', 'plain "quotes" inside', 'closed early']);
  });

  it('keeps a row with too few cells, with an empty input', async () => {
    const { rows, inputs, ids } = await read(fileWith('a.csv', 'id,x,smiles\na,1,CCO\nb\nc,1,CCN\n'));
    expect(rows).toEqual([0, 1, 2]);
    expect(inputs).toEqual(['CCO', '', 'CCN']);
    expect(ids).toEqual(['a', 'b', 'c']);
  });

  it('gives a row without an id its row number', async () => {
    expect((await read(fileWith('a.csv', 'id,smiles\n,CCO\nb,CC\n'))).ids).toEqual(['0', 'b']);
    expect((await read(fileWith('a.csv', 'smiles\nCCO\nCC\n'))).ids).toEqual(['0', '1']);
  });

  it('passes Latin-1 bytes on as U+FFFD and keeps the rows around them', async () => {
    const bytes = Buffer.from('smiles,name\nCCO,caf\xe9\nCC,b\n', 'latin1');
    const { ids, inputs } = await read(fileWith('a.csv', bytes));
    expect(ids).toEqual(['caf\ufffd', 'b']);
    expect(inputs).toEqual(['CCO', 'CC']);
  });

  it('names the line of a quote that is never closed', async () => {
    const error = await failure(read(fileWith('a.csv', 'smiles,name\nCCO,a\nCCN,"b\nCCC,c\n')));
    expect(error.code).toBe('ERR_INPUT_FORMAT');
    expect(error.message).toContain('line 3');
  });

  it('refuses a stray quote that would swallow rows up to the next quote', async () => {
    const error = await failure(read(fileWith('a.csv', 'smiles,name\nCCO,"a\nCCN,b\nCCC,"c"\n')));
    expect(error.code).toBe('ERR_INPUT_FORMAT');
    expect(error.message).toContain('line 2');
  });

  it('finds an unclosed quote in a large file without calling it a long line', async () => {
    const error = await failure(read(fileWith('a.csv', `smiles,name\nCCO,"${'CCO,a\n'.repeat(300_000)}`)));
    expect(error.code).toBe('ERR_INPUT_FORMAT');
    expect(error.message).toContain('line 2');
  });

  it('takes a first line that is a compound as data', async () => {
    const { inputs, ids, table } = await read(
      fileWith('a.csv', 'CCO,ethanol\nc1ccccc1,benzene\nCCN,amine\n'),
    );
    expect(inputs).toEqual(['CCO', 'c1ccccc1', 'CCN']);
    expect(ids).toEqual(['0', '1', '2']);
    expect(table.how).toContain('no header');
    expect((await read(fileWith('one.csv', 'c1ccccc1'))).inputs).toEqual(['c1ccccc1']);
  });

  it('reads the first of several columns of one name', async () => {
    const { inputs, table } = await read(fileWith('a.csv', 'smiles,smiles\nCCO,CCN\n'), {
      smilesColumn: 'smiles',
    });
    expect(inputs).toEqual(['CCO']);
    expect(table.how).toContain('several columns');
  });

  it('reads the same rows wherever the 256 KiB pieces are cut', async () => {
    for (const shift of [0, 1, 2, 3, 5]) {
      const names = Array.from({ length: 30_000 }, (_, i) => `"n${i},\r\n""ü""${'x'.repeat(i % 7)}"`);
      const text = `smiles,name${' '.repeat(shift)}\r\n${names.map((name) => `CCO,${name}`).join('\r\n')}`;
      const { ids } = await read(fileWith('a.csv.gz', gzipSync(text)));
      expect(ids).toEqual(names.map((name) => name.slice(1, -1).replaceAll('""', '"')));
    }
  });

  it('never loses or adds a row, whatever the unquoted bytes are', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('C', '1', ' ', 'é', '\0', "'", '=', '\\', '\u2028'),
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 30 }),
        async (rows) => {
          const text = `smiles,id\n${rows.map((cells) => cells.join(',')).join('\n')}\n`;
          const { inputs } = await read(fileWith('p.csv', text));
          expect(inputs).toEqual(rows.map((cells) => cells[0]));
        },
      ),
      { numRuns: 60 },
    );
  });
});
