import type { Dataset, LabelledRows } from '../dataset.ts';
import { linkedGroups } from '../linked-groups.ts';
import { joinRows } from '../row-collector.ts';
import type { RawRows } from './raw-rows.ts';

/** All labelled rows of a dataset as one, for other splits than its own; row i of every array is one row. */
export interface Pool {
  /** Rows with a value first. `groups` are scaffolds that belong together (linked-groups.ts) over all rows. */
  readonly rows: LabelledRows;
  /** How many rows have a value; for the rest only a bound is known. */
  readonly values: number;
  /** Data row of the raw file. */
  readonly rawRows: Int32Array;
}

/** Training and test rows of a dataset together. Rows that chemistry rejected have no features and are not among them. */
export function poolRows(dataset: Dataset, raw: RawRows): Pool {
  const values = joinRows(dataset.train, dataset.test);
  const rows = joinRows(values, joinRows(dataset.trainBounds, dataset.testBounds));
  const named = [...raw.train, ...raw.test, ...raw.trainBounds, ...raw.testBounds];
  const groups = linkedGroups({ ...rows, groups: Int32Array.from(named, ({ group }) => group) });
  return {
    rows: { ...rows, groups },
    values: values.y.length,
    rawRows: Int32Array.from(named, ({ row }) => row),
  };
}
