import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';

/** What is known of where the rows of a raw file come from; entry i of every array is raw row i. */
export interface Provenance {
  /** Year in which a row's document appeared, null where that is not known; or why no row has one. */
  readonly years: readonly (number | null)[] | string;
  /** What rows are told apart by, null where a row has no single label. */
  readonly origin: readonly { readonly by: string; readonly labels: readonly (string | null)[] }[];
  /** Which of `origin` names sources that could be held out in turn; or why none does. */
  readonly source: { readonly by: string } | string;
}

/** Reads columns of a file below the data folder; entry k is column k. `sha256` is of the bytes inside the gzip. */
export type ReadTable = (file: string, sha256: string, columns: readonly string[]) => Promise<string[][]>;

/** Finds the provenance of a recipe's raw file. */
export type FindProvenance = (recipe: DatasetRecipe, read: ReadTable) => Promise<Provenance>;
