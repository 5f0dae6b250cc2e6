import { sha256 } from '../../core/hash.ts';
import type { Workspace } from '../../store/workspace.ts';
import { curate } from '../curation.ts';
import type { Engine } from '../engine.ts';
import { readRecords } from '../read-records.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import type { SplitRow } from '../split.ts';

/** One new scaffold in so many is a test scaffold. */
const ONE_IN = 5;

export interface SplitRequest {
  /** Of the raw file; what it says of the split is not looked at. */
  readonly recipe: DatasetRecipe;
  readonly rawPath: string;
  readonly workspace: Workspace;
  /** Rows that have a place already, by their number, and how many first rows of the file they were chosen from. */
  readonly placed?: { readonly rows: readonly SplitRow[]; readonly of: number };
}

/**
 * The split of a raw file by scaffolds. Rows that have a place keep it; of the others each goes where its scaffold is, and a
 * scaffold that is nowhere yet goes to the part that its SHA-256 says, so that a scaffold never changes sides when
 * more compounds come. Compounds without rings stand for themselves; records that chemistry refuses are left out.
 * @returns the text of a split file, as readSplit takes it
 * @throws as readRecords and curate
 */
export async function splitByScaffold(
  engine: Engine,
  { recipe, rawPath, workspace, placed = { rows: [], of: 0 } }: SplitRequest,
  signal?: AbortSignal,
): Promise<string> {
  const scaffolds = new Map<number, string>();
  const records = await readRecords(
    engine,
    recipe,
    rawPath,
    workspace,
    (row, _, features, i) => scaffolds.set(row, features.scaffolds[i] || `alone ${features.inchikeys[i]}`),
    signal ? { signal } : {},
  );
  const places = new Map(placed.rows.map((place) => [place.row, place]));
  const sides = new Map<string, Pick<SplitRow, 'part' | 'group'>>();
  let groups = 0;
  for (const { row, part, group } of placed.rows) {
    groups = Math.max(groups, group + 1);
    const scaffold = scaffolds.get(row);
    if (scaffold !== undefined && !sides.has(scaffold)) sides.set(scaffold, { part, group });
  }
  const lines = curate(recipe, records, rawPath).kept.flatMap(({ record, y, n, isBound, relation }) => {
    const scaffold = scaffolds.get(record.row);
    if (record.row < placed.of || scaffold === undefined) {
      const place = places.get(record.row);
      if (!place) return [];
      const label = record.inchikey === null ? place.y : y;
      return [lineOf(record.row, place, label, n, isBound ? (relation < 0 ? '<' : '>') : '=')];
    }
    const isTest = Number.parseInt(sha256(`scaffold ${scaffold}`).slice(0, 8), 16) % ONE_IN === 0;
    const side = sides.get(scaffold) ?? { part: isTest ? 'test' : 'train', group: groups++ };
    sides.set(scaffold, side);
    return [lineOf(record.row, side, y, n, isBound ? (relation < 0 ? '<' : '>') : '=')];
  });
  return `row,split,y,n,rel,group\n${lines.join('\n')}\n`;
}

function lineOf(
  row: number,
  { part, group }: Pick<SplitRow, 'part' | 'group'>,
  y: number,
  n: number,
  relation: SplitRow['relation'],
): string {
  return [row, part, y, n, relation, group].join(',');
}
