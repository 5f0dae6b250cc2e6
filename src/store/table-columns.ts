/** One column of an output table. */
export interface TableColumn {
  readonly name: string;
  /** int is 32 bits, float is float32. */
  readonly type: 'int' | 'float' | 'string' | 'boolean';
  readonly nullable: boolean;
  /** Unit of the values; stands in the schema of formats that have one. */
  readonly unit?: string;
}

/** Rows to write: an array for each column by name. null, undefined and (float) NaN or infinite mean "no value". */
export type ColumnValues = Readonly<Record<string, ArrayLike<unknown>>>;

/** A cell as written: floats are float32. */
export type Cell = string | number | boolean | null;

/**
 * The cells of one column, checked against its type.
 * @throws TypeError when a value does not fit the column: a defect of the caller
 */
export function cellsOf(column: TableColumn, values: ColumnValues, count: number): Cell[] {
  const given = values[column.name];
  if (given === undefined || given.length < count) {
    throw new TypeError(`column ${column.name}: ${given?.length ?? 0} values for ${count} rows`);
  }
  return Array.from({ length: count }, (_, i) => {
    const cell = cellOf(column, given[i]);
    if (cell === null && !column.nullable) throw new TypeError(`column ${column.name}: no value in row ${i}`);
    return cell;
  });
}

function cellOf({ name, type }: TableColumn, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (type === 'float' && typeof value === 'number')
    return Number.isFinite(value) ? Math.fround(value) : null;
  if (type === 'int' && typeof value === 'number' && value === (value | 0)) return value;
  if (type === 'string' && typeof value === 'string') return value.toWellFormed();
  if (type === 'boolean' && typeof value === 'boolean') return value;
  throw new TypeError(`column ${name}: ${typeof value} ${value} is no ${type}`);
}

/** What the schema says beside names and types: the units by column, as canonical metadata. */
export function unitsOf(columns: readonly TableColumn[]): Record<string, string> {
  return Object.fromEntries(columns.flatMap(({ name, unit }) => (unit === undefined ? [] : [[name, unit]])));
}

/**
 * Cuts rows into pieces of one size, so that the bytes of a file do not depend on how the caller cut them.
 */
export class FixedPieces {
  readonly #columns: readonly TableColumn[];
  readonly #size: number;
  #pending: Cell[][];

  constructor(columns: readonly TableColumn[], size: number) {
    this.#columns = columns;
    this.#size = size;
    this.#pending = columns.map(() => []);
  }

  /** @returns every full piece, as cells by column */
  *push(values: ColumnValues, count: number): Generator<Cell[][]> {
    const cells = this.#columns.map((column) => cellsOf(column, values, count));
    for (let from = 0; from < count; ) {
      const to = Math.min(count, from + this.#size - this.#pending[0].length);
      cells.forEach((all, k) => {
        for (let i = from; i < to; i++) this.#pending[k].push(all[i]);
      });
      from = to;
      if (this.#pending[0].length === this.#size) yield this.rest();
    }
  }

  /** What is left, which may be nothing. */
  rest(): Cell[][] {
    const rest = this.#pending;
    this.#pending = this.#columns.map(() => []);
    return rest;
  }
}
