import { describe, expect, test } from 'vitest';
import { drawWholeClusters } from '../../src/flows/drift/draw-whole-clusters.ts';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const settings = { alpha: 0.05, permutations: 99, seed: 1 };

/** Rows with made-up features, each in a cluster by its number. */
function sample(rows: number, prefix: string, clusterOf: (row: number) => string): DriftSample {
  const made = madeSample(rows, { seed: 1, prefix });
  return { ...made, clusters: made.ids.map((_, row) => clusterOf(row)) };
}

const clustersOf = ({ clusters }: DriftSample, rows: Uint32Array) =>
  Map.groupBy(rows, (row) => (clusters as string[])[row]);

describe('rows of whole clusters, where all are too many', () => {
  // Clusters 0 to 39 in the reference, 30 to 49 in the batch: ten are on both sides.
  const reference = sample(120, 'r', (row) => `c${row % 40}`);
  const batch = sample(60, 'b', (row) => `c${30 + (row % 20)}`);
  const sizes = { reference: 3, batch: 3 };
  const check = { reference, batch, settings };

  test('a cluster is left out whole, on both sides, and only if the larger side holds it', () => {
    for (const seed of [1, 2, 3]) {
      const drawn = drawWholeClusters({ ...check, settings: { ...settings, seed } }, 120);
      const kept = {
        reference: clustersOf(reference, drawn.reference),
        batch: clustersOf(batch, drawn.batch),
      };
      for (const side of ['reference', 'batch'] as const) {
        for (const rows of kept[side].values()) expect(rows).toHaveLength(sizes[side]);
      }
      let leftOnBoth = 0;
      for (let c = 0; c < 50; c++) {
        const name = `c${c}`;
        if (c < 30) expect(kept.batch.has(name)).toBe(false);
        else if (c < 40) {
          expect(kept.batch.has(name)).toBe(kept.reference.has(name));
          if (!kept.batch.has(name)) leftOnBoth++;
        } else expect(kept.batch.has(name)).toBe(true);
      }
      // Otherwise nothing here was seen.
      expect(leftOnBoth).toBeGreaterThan(0);
      const rows = drawn.reference.length + drawn.batch.length;
      expect(rows).toBeLessThanOrEqual(120);
      expect(rows).toBeGreaterThan(120 - 6);
      expect(drawn.reference).toEqual(drawn.reference.toSorted());
      expect(drawn.batch).toEqual(drawn.batch.toSorted());
    }
  });

  test('the larger side can be the batch', () => {
    const drawn = drawWholeClusters({ reference: batch, batch: reference, settings }, 120);
    const kept = clustersOf(batch, drawn.reference);
    for (let c = 40; c < 50; c++) expect(kept.get(`c${c}`)).toHaveLength(3);
    expect(clustersOf(reference, drawn.batch).size).toBeLessThan(40);
  });

  test('another seed draws other clusters, the same seed the same', () => {
    const draw = (seed: number) => drawWholeClusters({ ...check, settings: { ...settings, seed } }, 120);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });

  test('nothing is left out where all rows are few enough', () => {
    const { reference: first, batch: second } = drawWholeClusters(check, 180);
    expect([first.length, second.length]).toEqual([120, 60]);
    expect(drawWholeClusters(check, 179).reference.length).toBeLessThan(120);
    expect(drawWholeClusters(check).batch).toHaveLength(60);
  });

  test('rows that stand for themselves are drawn by themselves', () => {
    const alone = { ...check, reference: { ...reference, clusters: null } };
    const drawn = drawWholeClusters(alone, 100);
    expect(drawn.reference).toHaveLength(40);
    expect(drawn.batch).toHaveLength(60);
  });
});
