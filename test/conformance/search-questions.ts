import { COSINE, DICE, type Metric, TANIMOTO, tversky } from '../../src/core/metric.ts';
import type { Hits, SearchIndex } from '../../src/core/ops.ts';
import type { Neighbors } from '../../src/core/ports.ts';
import type { MadeCase } from './packed-case.ts';

export const METRICS: Readonly<Record<string, Metric>> = {
  Tanimoto: TANIMOTO,
  Dice: DICE,
  cosine: COSINE,
  'Tversky 0.2, 1.5': tversky(0.2, 1.5),
  'Tversky 1, 0': tversky(1, 0),
  'Tversky 0, 1': tversky(0, 1),
  'Tversky 0, 0': tversky(0, 0),
};

/** Everything that a case asks of an index, by what was asked. */
export async function askAll(
  index: SearchIndex,
  { queries, k: ks, thresholds }: MadeCase,
): Promise<Map<string, Neighbors | Hits | Uint32Array>> {
  const answers = new Map<string, Neighbors | Hits | Uint32Array>();
  const rows = queries.fingerprints;
  for (const [name, metric] of Object.entries(METRICS)) {
    for (const k of ks) answers.set(`${name}, k ${k}`, await index.nearest(rows, k, { metric }));
    for (const threshold of thresholds) {
      const { numerator, denominator } = threshold;
      answers.set(`${name}, ${numerator}/${denominator}`, await index.within(rows, threshold, { metric }));
    }
    answers.set(`${name}, histogram`, await index.nearestHistogram(rows, 20, { metric }));
  }
  return answers;
}
