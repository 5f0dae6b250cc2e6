import { setImmediate } from 'node:timers/promises';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { AssayerError } from '../core/errors.ts';
import { seededRandom } from '../core/random.ts';
import { growTree, leafValue, type Tree, type TreeSettings } from './grow-tree.ts';
import { logistic, lossSlope, type TargetScale, targetScale } from './mlp-loss.ts';
import { dealFolds, FOLDS } from './scaffold-folds.ts';
import type { Features, FitOptions, TrainingData } from './training-data.ts';
import { TREE_FEATURES, type TreeColumns, treeColumns } from './tree-columns.ts';

/** Chosen by scaffold folds inside the training rows: docs/trainers-tried.md. */
export interface BoostingSettings extends TreeSettings {
  readonly trees: number;
  readonly rate: number;
  /** Share of the features that a tree may split on, drawn for each tree. */
  readonly featureShare: number;
  readonly folds: number;
}
export const BOOSTING_SETTINGS: BoostingSettings = {
  trees: 300,
  rate: 0.06,
  leaves: 24,
  leastRows: 10,
  ridge: 1,
  featureShare: 0.3,
  folds: FOLDS,
};

/** Fitted trees: score = center + spread * sum of the trees; log odds for classes. */
export interface BoostedTrees {
  readonly kind: 'regression' | 'classification';
  /** For the manifest's trainer.parameters. */
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly scale: TargetScale;
  readonly trees: readonly Tree[];
  /** float64 [n]: scores of the training rows by trees that have not seen the row's fold of scaffolds. */
  readonly heldOut: Float64Array;
}

/**
 * Fits boosted regression trees on descriptors and bits, by squared error, logistic loss for classes, and the
 * probability of the bound for bounds. Plain arithmetic in a fixed order: same data and seed, same bytes.
 * @throws ERR_CANCELLED
 * @source Friedman 2001, doi:10.1214/aos/1013203451
 */
export async function fitBoostedTrees(
  data: TrainingData,
  options: FitOptions,
  settings: BoostingSettings = BOOSTING_SETTINGS,
): Promise<BoostedTrees> {
  const { kind, seed } = options;
  const { folds, trees: count } = settings;
  const columns = treeColumns(data);
  const scale = targetScale(kind, data);
  const foldOf = dealFolds(data.groups, folds);
  const n = foldOf.length;
  const work = n * folds * count;
  let done = 0;
  const slopeOf = lossSlope(kind, data, scale);
  const curvatureOf = (output: number) => {
    const p = logistic(output + scale.center);
    return kind === 'classification' ? p * (1 - p) : 1;
  };
  const boost = async (name: string, rows: Uint32Array, seedOfRun: number) => {
    const { trees, outputs } = await boostRows(
      columns,
      rows,
      seedOfRun,
      settings,
      { slopeOf, curvatureOf },
      async () => {
        options.onProgress?.(name, done / work);
        // Lets an interrupt be seen between two trees.
        await setImmediate();
        if (options.signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
        done += rows.length;
      },
    );
    return { trees, scores: outputs.map((output) => scale.center + scale.spread * output) };
  };

  const heldOut = new Float64Array(n);
  const everyRow = Uint32Array.from(foldOf.keys());
  for (let fold = 0; fold < folds; fold++) {
    const { scores } = await boost(
      'held-out trees',
      everyRow.filter((row) => foldOf[row] !== fold),
      seed * 1000 + fold,
    );
    for (const row of everyRow) if (foldOf[row] === fold) heldOut[row] = scores[row];
  }
  const { trees } = await boost('trees', everyRow, seed * 1000 + folds);
  const { leaves, leastRows, ridge, rate, featureShare } = settings;
  return {
    kind,
    parameters: { rows: n, trees: count, folds, leaves, leastRows, ridge, rate, featureShare },
    scale,
    trees,
    heldOut,
  };
}

/** How a row's loss changes with its output. */
export interface LossShape {
  slopeOf(row: number, output: number): number;
  /** Above 0. */
  curvatureOf(output: number): number;
}

/**
 * Boosts trees on some of the rows.
 * @param onTree  called before each tree
 * @returns the trees, their leaves times the rate, and the sums of their leaves for all rows, also of those not fitted to
 */
export async function boostRows(
  columns: TreeColumns,
  rows: Uint32Array,
  seed: number,
  settings: Omit<BoostingSettings, 'folds'>,
  { slopeOf, curvatureOf }: LossShape,
  onTree: () => Promise<void>,
): Promise<{ trees: Tree[]; outputs: Float64Array }> {
  const random = seededRandom(seed);
  const outputs = new Float64Array(columns.count);
  const slopes = new Float64Array(columns.count);
  const curvatures = new Float64Array(columns.count);
  const trees: Tree[] = [];
  const frequent = frequentFeatures(columns, rows, settings.leastRows);
  for (let t = 0; t < settings.trees; t++) {
    await onTree();
    for (const row of rows) {
      slopes[row] = slopeOf(row, outputs[row]);
      curvatures[row] = curvatureOf(outputs[row]);
    }
    const allowed = frequent.map((flag) => (flag && random() < settings.featureShare ? 1 : 0));
    const tree = growTree(columns, rows.slice(), slopes, curvatures, allowed, settings);
    const shrunk = { ...tree, values: tree.values.map((value) => Math.fround(value * settings.rate)) };
    for (let row = 0; row < columns.count; row++) outputs[row] += leafValue(shrunk, columns, row);
    trees.push(shrunk);
  }
  return { trees, outputs };
}

/** 1 for descriptors, and for bits that enough rows have and enough lack. */
function frequentFeatures({ sets }: TreeColumns, rows: Uint32Array, least: number): Uint8Array {
  const counts = new Uint32Array(TREE_FEATURES).fill(least, 0, DESCRIPTOR_COUNT);
  for (const row of rows) {
    for (let k = sets.starts[row]; k < sets.starts[row + 1]; k++) counts[DESCRIPTOR_COUNT + sets.bits[k]]++;
  }
  return Uint8Array.from(counts, (count) => (count >= least && count <= rows.length - least ? 1 : 0));
}

/** Scores in float64, on the modelled scale; log odds for classes. float64 [n] */
export function predictBoostedTrees({ trees, scale }: BoostedTrees, features: Features): Float64Array {
  const count = features.descriptors.length / DESCRIPTOR_COUNT;
  return Float64Array.from({ length: count }, (_, row) => {
    const sum = trees.reduce((value, tree) => value + leafValue(tree, features, row), 0);
    return scale.center + scale.spread * sum;
  });
}
