import { expect, test } from 'vitest';
import { labelsUnder } from '../../src/flows/drift/drift-check.ts';
import { clusterShareLabels } from '../../src/statistics/cluster-share-labels.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { independentLabels } from '../../src/statistics/permutation-labels.ts';

const settings = { alpha: 0.05, permutations: 49, seed: 7 };

/** Clusters with so many rows in the batch and in the reference. */
function rowsOf(parts: readonly (readonly [batch: number, reference: number])[]) {
  const rows = parts.flatMap(([batch, reference], cluster) =>
    Array.from({ length: batch + reference }, (_, i) => ({ cluster, side: i < batch ? 1 : 0 })),
  );
  return {
    observed: Uint8Array.from(rows, ({ side }) => side),
    clusters: Uint32Array.from(rows, ({ cluster }) => cluster),
    series: [],
    nullHypothesis: 'clusters' as const,
  };
}

test.each<[string, (at: number) => readonly [number, number]]>([
  ['each on one side', (at) => (at % 2 ? [2, 0] : [0, 3])],
  ['of which both sides take alike', (at) => (at % 2 ? [2, 3] : [3, 2])],
])('clusters %s swap sides whole', (_, part) => {
  const rows = rowsOf(Array.from({ length: 12 }, (_, at) => part(at)));
  const request = { observed: rows.observed, permutations: 49, seed: 7 };
  const labels = labelsUnder(settings, rows);
  expect(labels).toEqual(clusterSwapLabels(request, rows.clusters));
  expect(labels).not.toEqual(clusterShareLabels(request, rows.clusters));
});

test('shares of clusters change places where one side takes more of them than the other', () => {
  const rows = rowsOf(Array.from({ length: 12 }, () => [1, 9] as const));
  const request = { observed: rows.observed, permutations: 49, seed: 7 };
  const labels = labelsUnder(settings, rows);
  expect(labels).toEqual(clusterShareLabels(request, rows.clusters));
  expect(labels).not.toEqual(clusterSwapLabels(request, rows.clusters));
});

test('rows that stand for themselves are permuted as they are, whatever their clusters', () => {
  const rows = {
    ...rowsOf(Array.from({ length: 12 }, () => [2, 2] as const)),
    nullHypothesis: 'rows' as const,
  };
  const request = { observed: rows.observed, permutations: 49, seed: 7 };
  expect(labelsUnder(settings, rows)).toEqual(independentLabels(request));
});
