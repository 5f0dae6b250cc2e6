import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import type { DriftPlots, Moved, Verdict } from '../../core/drift.ts';
import { FINGERPRINT_BYTES } from '../../core/fingerprint.ts';
import type { PackedRows } from '../../core/ops.ts';
import { minimumDetectableDistance } from '../../statistics/minimum-detectable-effect.ts';
import { BANDWIDTHS, type MmdTest, type MmdView, mmdTest } from '../../statistics/mmd-test.ts';
import { type ClusterWitness, witnessByCluster } from '../../statistics/witness.ts';
import { drawWholeClusters } from './draw-whole-clusters.ts';
import { type DriftCheck, type PooledRows, runOperation } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { histogramOf } from './histogram.ts';
import { takeWide } from './take-rows.ts';
import { detectableEffect, figure, judged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'maximum mean discrepancy (Tanimoto on fingerprints, Gaussian on descriptors), least p over the kernels';
const SHOWN_SERIES = 8;
/** Morgan bits: what neighbours and the domain are of, too. */
const BITS = 2048;

/** Whether batch and reference are of the same chemistry, and which series make the difference. */
export async function chemistryStream(
  check: DriftCheck,
): Promise<{ verdict: Verdict; plots: Pick<DriftPlots, 'mmdNull'> }> {
  const taken = drawWholeClusters(check);
  const kernels = check.reference.descriptors && check.batch.descriptors ? 1 + BANDWIDTHS.length : 1;
  // The least p of several kernels is corrected for them.
  const level = check.streamAlpha / kernels;
  const asked = poolJudgeable(check, 'chemistry', TEST, { ...taken, level });
  if ('refused' in asked) return { verdict: asked.refused, plots: { mmdNull: null } };
  const { pooled } = asked;
  const { reference, batch, signal, settings, streamAlpha } = check;
  const pick = <Values extends Uint8Array | Float64Array>(
    valuesOf: (sample: DriftSample) => Values,
    width: number,
    Kind: new (length: number) => Values,
  ): Values => {
    const own = takeWide(valuesOf(reference), taken.reference, width, Kind);
    const other = takeWide(valuesOf(batch), taken.batch, width, Kind);
    const joined = new Kind(own.length + other.length);
    joined.set(own);
    joined.set(other, own.length);
    return joined;
  };
  const samples: PackedRows = {
    fingerprints: pick(({ fingerprints }) => fingerprints, FINGERPRINT_BYTES, Uint8Array),
    bits: BITS,
    rowBytes: FINGERPRINT_BYTES,
  };
  const options = { ...(signal && { signal }) };
  const views: MmdView[] = [];
  if (reference.descriptors && batch.descriptors) {
    const features = pick(
      ({ descriptors }) => descriptors ?? new Float64Array(),
      DESCRIPTOR_COUNT,
      Float64Array,
    );
    views.push({ name: 'descriptors', features, dimensions: DESCRIPTOR_COUNT });
  }
  const test = await runOperation(check, 'mmd', (mmd) =>
    mmdTest({ samples, views, labels: pooled.labels, seed: settings.seed }, mmd, options),
  );
  // What moved is asked only where something did: all pairs are compared for it.
  const witness =
    test.p <= streamAlpha
      ? await runOperation(check, 'intersections', (intersections) =>
          witnessByCluster(samples, pooled, intersections, options),
        )
      : null;
  const values = test.values.subarray(0, settings.permutations + 1);
  // A kernel by itself fires no later than at its Bonferroni part, so the effect is rather too large than too small.
  const kernelAlpha = streamAlpha / test.kernels.length;
  const detectable = detectableEffect(values, kernelAlpha, minimumDetectableDistance);
  const [tanimoto] = test.kernels;
  const left = reference.inchikeys.length + batch.inchikeys.length - pooled.observed.length;
  const drawn = left > 0 ? ` Whole clusters drawn at random, ${left} compounds, were left out.` : '';
  const verdict = judged(check, pooled, {
    stream: 'chemistry',
    test: TEST,
    effect: { name: 'MMD2 (Tanimoto)', value: tanimoto.value, unit: '' },
    p: test.p,
    detectable,
    moved: (witness?.clusters ?? [])
      .filter(({ contribution }) => contribution > 0)
      .slice(0, SHOWN_SERIES)
      .map((one) => seriesOf(check, pooled, taken.batch, one)),
    words: {
      drift: `The batch is of another chemistry than the reference (${strongest(test)}).${drawn}`,
      steady: `No difference in chemistry was seen (p ${figure(test.p)}). ${wouldBeFound(detectable, (value) => `An MMD2 of ${value} between the fingerprints`)}${drawn}`,
    },
  });
  const mmdNull = {
    kernel: 'Tanimoto',
    observed: tanimoto.value,
    permuted: histogramOf({ name: 'MMD2 under the null', unit: '' }, values.subarray(1), []),
  };
  return { verdict, plots: { mmdNull } };
}

function strongest({ kernels, least, p }: MmdTest): string {
  const { view, adjusted } = kernels[least];
  const seen = view === 'tanimoto' ? 'seen in the fingerprints' : `seen in the ${view}`;
  // The effect, the plot and the parts of series are the fingerprints', so that they compare from check to check.
  const beside =
    view === 'tanimoto'
      ? ''
      : `; the MMD2 told and drawn is of the fingerprints, p ${figure(kernels[0].adjusted)}`;
  return `${seen}, p ${figure(p)} over all kernels, ${figure(adjusted)} for that one${beside}`;
}

/** A series for the report. @param batchRows  rows of the batch that were compared */
function seriesOf(
  { batch, ofModel }: DriftCheck,
  { observed, series }: PooledRows,
  batchRows: ArrayLike<number>,
  { cluster, contribution, inBatch, inReference, examples }: ClusterWitness,
): Moved {
  const first = observed.indexOf(1);
  return {
    kind: 'series',
    name: series[cluster],
    effect: { name: 'part of MMD2', value: contribution, unit: '' },
    p: null,
    measure: 'compounds',
    // Of a model's training compounds the series are not known, but where one is in the batch, too.
    reference: ofModel && inReference === 0 ? null : inReference,
    batch: inBatch,
    examples: [...examples]
      .filter((row) => row >= first)
      .flatMap((row) => batch.smiles?.[batchRows[row - first]] ?? []),
  };
}
