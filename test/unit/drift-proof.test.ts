import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CaseRows, caseNamed, drawHalves, drawRows, readParts } from '../../bench/proof/cases.ts';
import { type ProofPlace, readCompounds } from '../../bench/proof/compounds.ts';
import { proveLateLabels } from '../../bench/proof/late-labels.ts';
import { proveNullRedraws } from '../../bench/proof/null-redraws.ts';
import { proveRealCases } from '../../bench/proof/real-cases.ts';
import { judgeStreams } from '../../bench/proof/streams.ts';
import { proveUniformity } from '../../bench/proof/uniformity.ts';
import { createEngine } from '../../src/main.ts';
import { noShared, shared } from '../shared.ts';

// The small version of `npm run proof`: enough runs to tell a test that keeps its level from one that does not.

describe('p-values under the null', () => {
  const { independent, clustered, naive } = proveUniformity({ runs: 300, permutations: 99, seed: 3 });

  test.each([
    ['independent rows', independent],
    ['whole series', clustered],
  ])('are uniform where what is exchangeable is permuted: %s', (_, { uniform, atMost }) => {
    expect(uniform).toBeGreaterThan(1e-3);
    for (const level of ['0.01', '0.05']) {
      expect(atMost[level].low).toBeLessThanOrEqual(Number(level));
      expect(atMost[level].high).toBeGreaterThanOrEqual(Number(level));
    }
  });

  test('are far too small where rows of a series are permuted one by one', () => {
    expect(naive.uniform).toBeLessThan(1e-9);
    expect(naive.atMost['0.05'].low).toBeGreaterThan(0.05);
  });
});

test('the interval of the weighted error holds the truth about 95 times in 100, that of the plain mean does not', () => {
  const [found] = proveLateLabels({ batches: 200, seed: 4, sizes: [240] }).cases;
  expect(found.weighted.high).toBeGreaterThan(0.95);
  expect(found.weighted.low).toBeGreaterThan(0.85);
  expect(found.unweighted.high).toBeLessThan(0.5);
  expect(Math.abs(found.bias)).toBeLessThan(Math.abs(found.unweightedBias) / 5);
});

test('halves take whole keys, and rows are drawn by tag, as the scripts of the data do', () => {
  const rows = Array.from({ length: 200 }, (_, row) => row);
  const keyOf = (row: number) => `key ${row % 20}`;
  const [first, second] = drawHalves(rows, 'a', keyOf);
  expect([...first, ...second].sort((a, b) => a - b)).toEqual(rows);
  const keys = new Set(first.map(keyOf));
  expect(second.some((row) => keys.has(keyOf(row)))).toBe(false);
  expect(first.length).toBeGreaterThan(0);
  expect(drawRows(rows, 30, 'a')).not.toEqual(drawRows(rows, 30, 'b'));
  expect(drawRows(rows, 500, 'a')).toEqual(rows);
});

describe.skipIf(noShared)('on real compounds', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'drift-proof-'));
  afterAll(() => rmSync(workspace, { recursive: true }));
  const engine = createEngine({ threads: 1, backends: ['wasm', 'reference'] });
  const place: ProofPlace = { engine, shared, workspace };

  test('halves of whole documents are told apart by rows every time, by documents seldom', async () => {
    // With fewer, the several kernels of chemistry cannot fire.
    const settings = { alpha: 0.05, permutations: 399, seed: 1, redraws: 4 };
    const only = (id: string) => id === 'cyp3a4-documents';
    const { designs } = await proveNullRedraws(place, settings, { only, most: 300 });
    const { fitting, naive } = designs[0];
    expect(fitting.p.chemistry).toHaveLength(4);
    expect(naive.streams.chemistry.alarms).toBe(4);
    expect(fitting.streams.chemistry.alarms).toBeLessThanOrEqual(1);
  });

  test('compounds of another laboratory are told apart by whole scaffolds, too', async () => {
    const read = async (id: string, part: string) => {
      const { rows, file } = readParts(shared, caseNamed(shared, id)).get(part) as CaseRows;
      return readCompounds(place, caseNamed(shared, id).files[file], drawRows(rows, 250, 'moved'));
    };
    const laboratory = await read('microsomal-rat-lab', 'reference');
    const literature = await read('microsomal-rat-lab', 'literature');
    const settings = { alpha: 0.05, permutations: 399, seed: 1 };
    const { findings } = await judgeStreams(place, laboratory, literature, settings, 'inputs');
    for (const stream of ['chemistry', 'distance', 'descriptors', 'classifier']) {
      expect(findings[stream], stream).toMatchObject({ state: 'drift', nullHypothesis: 'clusters' });
    }
  });

  test('the same compounds from two sources are quiet, and so are their values', async () => {
    const only = (id: string) => id === 'aqsoldb-paired-a-c';
    const { batches } = await proveRealCases(place, { alpha: 0.05, permutations: 199, seed: 1 }, { only });
    expect(batches).toHaveLength(1);
    expect(Object.values(batches[0].findings).map(({ state }) => state)).not.toContain('drift');
    expect(batches[0].bridge).toMatchObject({ pairs: 223, verdict: 'equivalent' });
  });
});
