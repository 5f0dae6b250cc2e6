import { AssayerError } from '../core/errors.ts';
import { hasSmilesStructure, looksLikeSmiles } from './smiles-text.ts';

/** Which columns hold the SMILES and the id, as indexes, and how they were found, in words. */
export interface ChosenColumns {
  readonly smiles: number;
  readonly id: number | null;
  readonly how: string;
  /** True when the SMILES column was found by its values alone. */
  readonly byContent: boolean;
}

/** What the caller named; null lets the columns be found. */
export interface NamedColumns {
  readonly smilesColumn?: string | undefined;
  readonly idColumn?: string | undefined;
}

/** Names that mean SMILES, the surest first; compared without case and punctuation. */
const SMILES_NAMES = [
  'smiles', 'canonicalsmiles', 'isomericsmiles', 'smilesunify', 'standardizedsmiles', 'standardsmiles',
  'parentsmiles', 'rdkitsmiles', 'moleculesmiles', 'molsmiles', 'compoundsmiles', 'structuresmiles', 'openeyesmiles',
  'cansmiles', 'isosmiles', 'smi', 'cxsmiles', 'inputsmiles',
]; // biome-ignore format: one list
/** Names that may mean SMILES but also names of compounds: the values decide. */
const VAGUE_NAMES = ['structure', 'drug', 'mol', 'molecule', 'compound', 'ligand', 'chemical', 'input'];
const ID_NAMES = [
  'id', 'compoundid', 'moleculechemblid', 'molchemblid', 'chemblid', 'compoundchemblid', 'moleculeid', 'molid',
  'drugid', 'internalid', 'identifier', 'zincid', 'pubchemcid', 'cid', 'cas', 'casnumber', 'name', 'compoundname',
  'moleculename', 'molname', 'drugname', 'title',
]; // biome-ignore format: one list

/** Whether a text is a name by which a column of SMILES or ids is found: then its line is a header. */
export function isKnownName(text: string): boolean {
  const key = keyOf(text);
  return [SMILES_NAMES, VAGUE_NAMES, ID_NAMES].some((names) => names.includes(key));
}

/** Share of sampled values that must look like SMILES before a column is taken by content. */
const LEAST_SHARE = 0.5;

/**
 * Finds the SMILES and id columns: as named, else by name, else (SMILES only) by content.
 * @param path   the input as the user named it
 * @param sample sampled cells, one array for each column
 * @param ifOnlyOne what to say about a table of one column that holds no SMILES
 * @throws ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_NO_SMILES_COLUMN
 */
export function chooseColumns(
  path: string,
  columns: readonly string[],
  sample: readonly (readonly string[])[],
  named: NamedColumns,
  ifOnlyOne = '',
): ChosenColumns {
  const keys = columns.map(keyOf);
  const smiles = findSmiles(columns, sample, named.smilesColumn);
  if (smiles === null) {
    if (named.smilesColumn !== undefined) throw noColumn(path, columns, named.smilesColumn);
    const listed = listOf(columns) + (columns.length === 1 ? ifOnlyOne : '');
    throw new AssayerError('ERR_INPUT_NO_SMILES_COLUMN', { path, columns: listed });
  }
  if (named.idColumn !== undefined) {
    return { ...smiles, id: findColumn(path, columns, named.idColumn), how: `${smiles.how}; id as named` };
  }
  for (const name of ID_NAMES) {
    const id = keys.findIndex((key, i) => key === name && i !== smiles.smiles);
    if (id >= 0) return { ...smiles, id, how: `${smiles.how}; id "${columns[id]}" by name` };
  }
  return { ...smiles, id: null, how: `${smiles.how}; no id column, so the row number` };
}

/**
 * The column of this name: exactly, else without regard to case if only one fits; the first of equal names.
 * @throws ERR_INPUT_COLUMN_NOT_FOUND
 */
export function findColumn(path: string, columns: readonly string[], name: string): number {
  const found = indexOfColumn(columns, name);
  if (found < 0) throw noColumn(path, columns, name);
  return found;
}

export function indexOfColumn(columns: readonly string[], name: string): number {
  const exact = columns.indexOf(name);
  if (exact >= 0) return exact;
  const folded = columns.flatMap((column, i) => (column.toLowerCase() === name.toLowerCase() ? [i] : []));
  return folded.length === 1 ? folded[0] : -1;
}

function noColumn(path: string, columns: readonly string[], name: string): AssayerError {
  return new AssayerError('ERR_INPUT_COLUMN_NOT_FOUND', { path, column: name, columns: listOf(columns) });
}

/**
 * The SMILES column: as named, else by name, else by content.
 * @param sample sampled cells, one array for each column
 * @returns null when there is none
 */
export function findSmiles(
  columns: readonly string[],
  sample: readonly (readonly string[])[],
  name: string | undefined,
): Omit<ChosenColumns, 'id'> | null {
  if (name !== undefined) {
    const smiles = indexOfColumn(columns, name);
    if (smiles < 0) return null;
    const repeated = columns.indexOf(columns[smiles], smiles + 1) >= 0;
    const how = `SMILES as named${repeated ? ` (the first of several columns "${columns[smiles]}")` : ''}`;
    return { smiles, how, byContent: false };
  }
  const keys = columns.map(keyOf);
  const byName = SMILES_NAMES.flatMap((known) => keys.flatMap((key, i) => (key === known ? [i] : [])));
  const evidence = sample.map((values) => evidenceOf(values));
  for (const known of VAGUE_NAMES) {
    keys.forEach((key, i) => {
      if (key === known && evidence[i].share >= LEAST_SHARE) byName.push(i);
    });
  }
  if (byName.length > 0) {
    const [smiles, ...others] = byName;
    return {
      smiles,
      how: `SMILES "${columns[smiles]}" by name${alsoPossible(columns, others)}`,
      byContent: false,
    };
  }
  const byContent = evidence
    .map((found, i) => ({ ...found, i }))
    .filter((found) => found.share >= LEAST_SHARE && found.varied)
    .sort((a, b) => b.structured - a.structured || b.share - a.share || a.i - b.i);
  if (byContent.length === 0) return null;
  const [best, ...others] = byContent;
  const percent = Math.round(best.share * 100);
  const how = `SMILES "${columns[best.i]}" by content: ${percent} % of ${best.count} sampled values look like SMILES`;
  return {
    smiles: best.i,
    how:
      how +
      alsoPossible(
        columns,
        others.map(({ i }) => i),
      ),
    byContent: true,
  };
}

/** How far a column's values speak for SMILES. */
interface Evidence {
  /** Values that are not empty. */
  readonly count: number;
  /** Share of them that look like SMILES. */
  readonly share: number;
  /** Share of them that also show structure. */
  readonly structured: number;
  /** A column of one repeated code ("PPB", "F") is no list of compounds. */
  readonly varied: boolean;
}

function evidenceOf(values: readonly string[]): Evidence {
  const present = values.filter((value) => value !== '');
  const like = present.filter(looksLikeSmiles);
  const structured = like.filter(hasSmilesStructure);
  const distinct = new Set(like).size;
  return {
    count: present.length,
    share: present.length ? like.length / present.length : 0,
    structured: present.length ? structured.length / present.length : 0,
    varied: structured.length >= 0.2 * like.length || distinct >= 0.5 * like.length,
  };
}

function keyOf(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function alsoPossible(columns: readonly string[], others: readonly number[]): string {
  if (others.length === 0) return '';
  const names = others.map((i) => `"${columns[i]}"`).join(', ');
  return ` (ambiguous: ${names} would do too; --smiles-column decides)`;
}

/** Column names for a message; long lists are cut. */
export function listOf(columns: readonly string[]): string {
  const shown = columns
    .slice(0, 20)
    .map((name) => (name.length > 60 ? `${name.slice(0, 60)}...` : name) || '(no name)');
  return shown.join(', ') + (columns.length > 20 ? ` and ${columns.length - 20} more` : '') || 'none';
}
