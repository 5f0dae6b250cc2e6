import { AssayerError } from '../core/errors.ts';
import type { CuratedRow, Curation, DroppedRow } from './curation.ts';
import type { DatasetRecipe } from './recipes/dataset-recipe.ts';
import type { SplitRow } from './split.ts';

/** A compound of the dataset with its place in the split. */
export interface DatasetRow extends CuratedRow {
  readonly part: 'train' | 'test';
  /** Number of the row's scaffold in the split. */
  readonly group: number;
}

/** Labels of split files have six decimals. */
const ROUNDING = 1e-6;

/**
 * Gives each curated compound its part, and checks that the split was made of the same compounds: same rows, labels,
 * bounds and numbers of merged rows. A record that chemistry refused has no identity: it is a row of the dataset
 * where the split says so, with the split's label, and unparsable where not.
 * @returns the rows in order, and those dropped here
 * @throws ERR_DATA_MISMATCH
 */
export function applySplit(
  recipe: DatasetRecipe,
  { kept }: Pick<Curation, 'kept'>,
  split: readonly SplitRow[],
  path: string,
): { readonly rows: readonly DatasetRow[]; readonly dropped: readonly DroppedRow[] } {
  const endpoint = recipe.endpoint.id;
  const mismatch = (problem: string) => new AssayerError('ERR_DATA_MISMATCH', { endpoint, problem, path });
  const places = new Map(split.map((place) => [place.row, place]));
  const rows: DatasetRow[] = [];
  const dropped: DroppedRow[] = [];
  for (const compound of kept) {
    const { record } = compound;
    const place = places.get(record.row);
    places.delete(record.row);
    if (place) {
      const { part, group } = place;
      const y = record.inchikey === null ? place.y : compound.y;
      const difference = record.inchikey === null ? null : differenceOf(compound, place);
      if (difference) throw mismatch(`row ${record.row} is curated to ${difference}`);
      rows.push({ ...compound, y, part, group });
    } else if (record.inchikey === null) {
      dropped.push({ record, reason: 'unparsable', detail: record.refusal ?? '', keptRow: null });
    } else if (recipe.splitOmits) {
      dropped.push({ record, reason: 'not-in-split', detail: '', keptRow: null });
    } else throw mismatch(`the split leaves out row ${record.row}, which the recipe keeps`);
  }
  const [missing] = places.keys();
  if (missing === undefined) return { rows, dropped };
  throw mismatch(`the split names row ${missing}, which is not in the raw file or is dropped by the recipe`);
}

function differenceOf({ y, n, isBound, relation }: CuratedRow, place: SplitRow): string | null {
  const sign = isBound ? (relation < 0 ? '<' : '>') : '=';
  if (sign !== place.relation) return `${sign}, in the split it is ${place.relation}`;
  if (Math.abs(y - place.y) > ROUNDING) return `${y}, in the split it is ${place.y}`;
  return n === place.n ? null : `${n} merged rows, in the split they are ${place.n}`;
}
