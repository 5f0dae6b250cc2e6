import { type ChosenColumns, chooseColumns, findColumn, type NamedColumns } from './choose-columns.ts';
import { MOLBLOCK_COLUMN, NAME_COLUMN } from './sdf-rows.ts';

/**
 * Columns of an SD file: the molblock, unless the caller names a field with SMILES; as id the field named, else the
 * name in the records' first lines, else a field by name.
 * @throws ERR_INPUT_COLUMN_NOT_FOUND
 */
export function chooseSdfColumns(
  path: string,
  columns: readonly string[],
  sample: readonly (readonly string[])[],
  named: NamedColumns,
): ChosenColumns & { readonly inputKind: 'smiles' | 'molblock' } {
  const hasNames = sample[columns.indexOf(NAME_COLUMN)].some((name) => name !== '');
  const idColumn = named.idColumn ?? (hasNames ? NAME_COLUMN : undefined);
  const smilesColumn = named.smilesColumn ?? MOLBLOCK_COLUMN;
  const chosen = chooseColumns(path, columns, sample, { smilesColumn, idColumn });
  const isMolblock = findColumn(path, columns, smilesColumn) === columns.indexOf(MOLBLOCK_COLUMN);
  if (!isMolblock) return { ...chosen, inputKind: 'smiles' };
  return {
    ...chosen,
    how: chosen.how.replace('SMILES as named', "each record's molblock"),
    inputKind: 'molblock',
  };
}
