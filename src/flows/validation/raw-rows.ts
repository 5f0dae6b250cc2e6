import { AssayerError } from '../../core/errors.ts';
import type { Dataset } from '../dataset.ts';
import type { SplitRow } from '../split.ts';

/** Data rows of the raw file behind the rows of a dataset's parts, in the order of those parts. */
export interface RawRows {
  readonly train: readonly SplitRow[];
  readonly trainBounds: readonly SplitRow[];
  readonly test: readonly SplitRow[];
  readonly testBounds: readonly SplitRow[];
  readonly rejectedTest: readonly SplitRow[];
}

/** Labels of split files have six decimals. */
const ROUNDING = 1e-6;

/**
 * Finds the raw row and the split's scaffold number of every row of a dataset. A dataset holds what its split file names
 * but for the rows that it tells it dropped, in the order of the raw file.
 * @throws ERR_INTERNAL where labels do not agree
 */
export function rawRowsOf(dataset: Dataset, split: readonly SplitRow[]): RawRows {
  const dropped = new Map(dataset.dropped.map(({ record, reason }) => [record.row, reason]));
  const named = split.toSorted((a, b) => a.row - b.row);
  const select = (part: SplitRow['part'], isBound: boolean) =>
    named.filter((row) => row.part === part && (row.relation !== '=') === isBound && !dropped.has(row.row));
  const rows: RawRows = {
    train: select('train', false),
    trainBounds: select('train', true),
    test: select('test', false),
    testBounds: select('test', true),
    rejectedTest: named.filter(
      ({ row, part, relation }) => part === 'test' && relation === '=' && dropped.get(row) === 'rejected',
    ),
  };
  requireSameLabels('train', rows.train, dataset.train.y);
  requireSameLabels('trainBounds', rows.trainBounds, dataset.trainBounds.y);
  requireSameLabels('test', rows.test, dataset.test.y);
  requireSameLabels('testBounds', rows.testBounds, dataset.testBounds.y);
  requireSameLabels('rejectedTest', rows.rejectedTest, dataset.rejectedTestY);
  return rows;
}

function requireSameLabels(part: string, rows: readonly SplitRow[], y: Float64Array): void {
  const differs = rows.findIndex((row, i) => !(Math.abs(row.y - y[i]) <= ROUNDING));
  if (rows.length === y.length && differs < 0) return;
  const problem = `raw rows of ${part} are ${rows.length}, labels are ${y.length}; first difference at ${differs}`;
  throw new AssayerError('ERR_INTERNAL', { problem });
}
