import { throwIfCancelled } from '../../store/file-error.ts';
import type { LabelledRows } from '../dataset.ts';
import { fitDomain } from '../domain.ts';
import type { Engine } from '../engine.ts';
import type { FittedModel, fitModel } from '../fit-model.ts';
import { heldOutSimilarities } from '../held-out-similarity.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import { joinRows, selectRows } from '../row-collector.ts';
import { scoreRows } from '../score-rows.ts';
import type { Pool } from './pool.ts';
import type { Provenance } from './provenance-rule.ts';
import type { SplitName } from './report-schema.ts';
import type { SplitResult } from './split-report.ts';
import type { Parting } from './split-rules.ts';

/** Below these a fit and its calibration, or figures, mean nothing. */
const LEAST = { training: 50, groups: 20, test: 20 };

/** The parts of one parting: training rows with values, training bounds, scored rows, scored bounds. */
interface Parts {
  readonly training: LabelledRows;
  readonly trainingBounds: LabelledRows;
  readonly test: LabelledRows;
  readonly testBounds: LabelledRows;
  readonly testAt: readonly number[];
  readonly leftOut: Readonly<Record<string, number>>;
}

/**
 * Parts a pool. A training row whose compound (InChIKey of the standardized parent) stands on the other side is left out.
 * @returns a reason where too little is left to fit or to score
 */
export function partPool(
  pool: Pool,
  parting: Parting,
  kind: 'regression' | 'classification',
): Parts | string {
  const { rows, values } = pool;
  const isTest = parting.sides.map((side) => side === 'test');
  const testKeys = new Set(rows.inchikeys.filter((key, i) => isTest[i] && key !== ''));
  const isTwin = rows.inchikeys.map((key, i) => parting.sides[i] === 'train' && testKeys.has(key));
  const isTraining = parting.sides.map((side, i) => side === 'train' && !isTwin[i]);
  const select = (wanted: readonly boolean[], bounds: boolean) =>
    selectRows(
      rows,
      wanted.map((flag, i) => flag && i >= values === bounds),
    );
  const outside = parting.sides.filter((side) => side === 'out').length;
  const twins = isTwin.filter(Boolean).length;
  const parts = {
    training: select(isTraining, false),
    trainingBounds: select(isTraining, true),
    test: select(isTest, false),
    testBounds: select(isTest, true),
    testAt: [...isTest.keys()].filter((i) => isTest[i] && i < values),
    leftOut: {
      ...(twins > 0 && { 'same compound is held out': twins }),
      ...(outside > 0 && { [parting.outReason]: outside }),
    },
  };
  const { training, test } = parts;
  const groups = new Set(training.groups).size;
  if (training.y.length < LEAST.training || groups < LEAST.groups)
    return `it leaves ${training.y.length} training rows in ${groups} scaffold groups (at least ${LEAST.training} in ${LEAST.groups} are needed)`;
  if (test.y.length < LEAST.test) return `it leaves ${test.y.length} rows to score (at least ${LEAST.test})`;
  const isOneClass = ({ y }: LabelledRows) => kind === 'classification' && new Set(y).size < 2;
  if (isOneClass(training) || isOneClass(test)) return 'it leaves rows of one class only';
  return parts;
}

/** One parting of one split of a pool. */
interface PartedPool {
  readonly split: SplitName;
  readonly pool: Pool;
  readonly provenance: Provenance;
  readonly parting: Parting;
  readonly parts: Parts;
}

/** What a split needs of fitModel. */
export type Fit = (
  ...call: Parameters<typeof fitModel>
) => Promise<Pick<FittedModel, 'calibration' | 'predict'>>;

interface RefitOptions {
  readonly seed: number;
  /** Tests replace it. */
  readonly fitWith: Fit;
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: string, share: number | null) => void;
}

/**
 * Fits the whole model (weights and calibration too) on the training part of a split, and answers for the rest.
 * @throws what fitModel throws
 */
export async function refitSplit(
  engine: Engine,
  recipe: DatasetRecipe,
  { split, pool, provenance, parting, parts }: PartedPool,
  options: RefitOptions,
): Promise<SplitResult> {
  const { kind } = recipe.endpoint;
  const { training, trainingBounds, test, testBounds } = parts;
  const { signal, seed, fitWith, onProgress } = options;
  throwIfCancelled(signal);
  const rows = joinRows(training, trainingBounds);
  const model = await fitWith(engine, rows, training.y.length, recipe.assayLimits ?? null, {
    kind,
    seed,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  throwIfCancelled(signal);
  onProgress?.('figures', null);
  await using index = await engine.createNeighborIndex(rows.fingerprints);
  const none = { rejectedY: new Float64Array(), rejectedGroups: new Int32Array() };
  const mean = training.y.reduce((sum, label) => sum + label, 0) / training.y.length;
  return {
    split,
    heldOut: parting.heldOut,
    how: parting.how,
    kind,
    rows: await scoreRows({ accepted: test, ...none }, model.predict(test), index, mean),
    calibration: model.calibration,
    counts: {
      training: training.y.length,
      trainingBounds: trainingBounds.y.length,
      test: test.y.length,
      testRejected: 0,
      leftOut: parts.leftOut,
    },
    accepted: test,
    domain: fitDomain(heldOutSimilarities(rows.fingerprints, rows.groups), rows.descriptors),
    origin: provenance.origin.map(({ by, labels }) => ({
      by,
      labels: parts.testAt.map((i) => labels[pool.rawRows[i]]),
    })),
    bounds: testBounds,
    boundAnswers: model.predict(testBounds),
  };
}
