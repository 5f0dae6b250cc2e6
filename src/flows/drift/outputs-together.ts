import { medianDistance } from '../../statistics/median-distance.ts';
import { minimumDetectableDistance } from '../../statistics/minimum-detectable-effect.ts';
import { mmdLabels } from '../../statistics/permutation-labels.ts';
import { scaleFeatures } from '../../statistics/scale-features.ts';
import { drawWholeClusters } from './draw-whole-clusters.ts';
import { type DriftCheck, drawLabels, gatherRows, runOperation } from './drift-check.ts';
import type { TestedColumn } from './tested-columns.ts';
import { detectableEffect } from './verdict.ts';

/** The shortest fingerprint that the operation takes. */
const LEAST_BITS = 256;

/** What the test of several outputs as one vector found. */
export interface TogetherTest {
  readonly p: number;
  /** Unbiased MMD2; can be negative */
  readonly value: number;
  /** MMD2 that would be found 8 times in 10; Infinity where none is known. */
  readonly detectable: number;
  /** In words, how many compounds were not compared; '' where all were. */
  readonly left: string;
}

/**
 * Whether outputs have moved as one vector: maximum mean discrepancy with a Gaussian kernel as wide as the median distance
 * between rows, on scaled columns. Outputs are few, so one width serves, where descriptors have three.
 * @param columns  numbers, none constant
 * @throws ERR_NO_BACKEND, ERR_CANCELLED, ERR_OUT_OF_MEMORY
 * @source Gretton et al. 2012, JMLR 13:723-773
 */
export async function outputsTogether(
  check: DriftCheck,
  columns: readonly TestedColumn[],
  level: number,
): Promise<TogetherTest> {
  const { settings, signal, reference, batch } = check;
  const taken = drawWholeClusters(check);
  const { labels } = drawLabels(check, gatherRows(check, taken.reference, taken.batch));
  const inReference = reference.inchikeys.length;
  const rows = [...taken.reference, ...Array.from(taken.batch, (row) => inReference + row)];
  const dimensions = columns.length;
  const outputs = Float64Array.from(rows.flatMap((row) => columns.map(({ values }) => values[row])));
  const features = scaleFeatures(outputs, dimensions);
  const bandwidth = medianDistance(features, dimensions, settings.seed);
  const { values, p } = await runOperation(check, 'mmd', (mmd) =>
    mmd(
      {
        // Not read by these kernels: the operation wants a row for each label.
        samples: { fingerprints: new Uint8Array((rows.length * LEAST_BITS) / 8), bits: LEAST_BITS },
        ...mmdLabels(labels),
        features,
        kernels: [{ kind: 'rbf-features', bandwidth }],
      },
      { ...(signal && { signal }) },
    ),
  );
  const left = inReference + batch.inchikeys.length - rows.length;
  return {
    p: p[0],
    value: values[0],
    detectable: detectableEffect(values, level, minimumDetectableDistance),
    left: left > 0 ? `, ${left} compounds left out with their clusters` : '',
  };
}
