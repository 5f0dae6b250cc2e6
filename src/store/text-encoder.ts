import { float32Text } from './float32-text.ts';
import { type Cell, type ColumnValues, cellsOf, type TableColumn } from './table-columns.ts';

/** Rows as text lines. */
export interface TextEncoding {
  /** What stands before the rows. */
  head(columns: readonly TableColumn[]): string;
  rows(columns: readonly TableColumn[], values: ColumnValues, count: number): string;
}

/**
 * CSV or TSV: a header line, LF line ends, cells in quotes only where they need it, null and NaN as nothing. Cells are
 * written as they are: a spreadsheet may take one that begins with = + - or @ for a formula (docs/formats.md).
 * @source RFC 4180, but for the line ends
 */
export function delimitedEncoding(delimiter: ',' | '\t'): TextEncoding {
  const special = delimiter === ',' ? /[",\r\n]/ : /["\t\r\n]/;
  const quote = (text: string) => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells: readonly string[]) => {
    // A lone empty cell would be a blank line, which readers skip.
    return `${cells.length === 1 && cells[0] === '' ? '""' : cells.join(delimiter)}\n`;
  };
  return {
    head: (columns) => line(columns.map(({ name }) => quote(name))),
    rows(columns, values, count) {
      const texts = columns.map((column) =>
        cellsOf(column, values, count).map((cell) =>
          typeof cell === 'string' ? quote(cell) : plainText(column, cell),
        ),
      );
      let text = '';
      for (let i = 0; i < count; i++) text += line(texts.map((cells) => cells[i]));
      return text;
    },
  };
}

/** JSON lines: one object a row, every column in it, null for no value. */
export const jsonLinesEncoding: TextEncoding = {
  head: () => '',
  rows(columns, values, count) {
    const keys = columns.map(({ name }) => JSON.stringify(name));
    const texts = columns.map((column) =>
      cellsOf(column, values, count).map((cell) =>
        typeof cell === 'string' ? JSON.stringify(cell) : plainText(column, cell) || 'null',
      ),
    );
    let text = '';
    for (let i = 0; i < count; i++) text += `{${keys.map((key, k) => `${key}:${texts[k][i]}`).join(',')}}\n`;
    return text;
  },
};

function plainText({ type }: TableColumn, cell: Cell): string {
  if (cell === null) return '';
  return type === 'float' ? float32Text(cell as number) : String(cell);
}
