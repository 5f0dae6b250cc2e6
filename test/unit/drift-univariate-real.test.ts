import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { bridgeCompounds } from '../../src/statistics/bridge-compounds.ts';
import { classifierTwoSample } from '../../src/statistics/classifier-two-sample.ts';
import { clusterFolds } from '../../src/statistics/cluster-folds.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { labelShift } from '../../src/statistics/label-shift.ts';
import { independentLabels } from '../../src/statistics/permutation-labels.ts';
import { permutedDistances } from '../../src/statistics/permuted-distances.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';
import { westfallYoungMaxT } from '../../src/statistics/westfall-young.ts';
import { noShared, readShared, readSharedTable } from '../shared.ts';

/** Rows of a CSV file with quoted cells, none of which holds a line break. */
function readQuoted(path: string): Record<string, string>[] {
  const [head, ...lines] = readShared(path).trimEnd().split('\n');
  const split = (line: string) =>
    Array.from(line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g), ([, cell]) => cell.replace(/^"|"$/g, ''));
  const names = split(head);
  return lines.map((line) => {
    const cells = split(line);
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}

interface DriftCase {
  id: string;
  batchParts: string[];
  parts: { part: string; censoredShare: number }[];
  measured: Record<string, { label: { ks: number; p: number } }>;
}

interface Measurement {
  value: number;
  /** -1 where the true pIC50 is below. */
  relation: number;
  document: string;
  smiles: string;
}

function measurementsOf(
  rows: Record<string, string>[],
  picked: Record<string, string>[],
  part: string,
): Measurement[] {
  return picked
    .filter((pick) => pick.part === part)
    .map((pick) => {
      const row = rows[Number(pick.row)];
      // More than 10 uM is a pIC50 of less than 5.
      const relation = row['Standard Relation'].includes('>')
        ? -1
        : row['Standard Relation'].includes('<')
          ? 1
          : 0;
      const value = 9 - Math.log10(Number(row['Standard Value']));
      return { value, relation, document: row['Document ChEMBL ID'], smiles: row.Smiles };
    });
}

const values = (rows: Measurement[]) => rows.map(({ value }) => value);
const relations = (rows: Measurement[]) => rows.map(({ relation }) => relation);

/** Atoms and rings by letters of the SMILES: crude, but features of the real series. */
const PATTERNS: Record<string, RegExp> = {
  carbon: /C(?!l)/g,
  'aromatic carbon': /c/g,
  nitrogen: /N|n/g,
  oxygen: /O|o/g,
  fluorine: /F/g,
  chlorine: /Cl/g,
  'ring bond': /\d/g,
  branch: /\(/g,
};

describe.skipIf(noShared)('CYP3A4 by year and by document', () => {
  const rows = noShared ? [] : readQuoted('data/raw/pharmabench/dated/chembl_cyp_raw_data.csv.gz');
  const picked = noShared ? [] : readSharedTable('data/drift/cyp3a4-by-year.csv.gz');
  const reference = measurementsOf(rows, picked, 'reference');

  const cases: DriftCase[] = noShared ? [] : JSON.parse(readShared('data/drift-cases.json')).cases;
  const byYear = cases.filter(({ id }) => id === 'cyp3a4-by-year');
  const censored = (part: string) =>
    byYear[0].parts.find((entry) => entry.part === part)?.censoredShare ?? Number.NaN;

  test.each(byYear.flatMap(({ batchParts }) => batchParts))(
    'labels of %s moved as was measured when the case was made',
    (part) => {
      const { label } = byYear[0].measured[part];
      const batch = measurementsOf(rows, picked, part);
      const shift = labelShift(
        { values: values(reference), relations: relations(reference) },
        { values: values(batch), relations: relations(batch) },
      );
      // Its figures have two or three digits.
      expect(Math.abs(shift.ks.statistic - label.ks)).toBeLessThan(6e-4);
      expect(Math.abs((shift.ks.asymptotic ?? Number.NaN) / label.p - 1)).toBeLessThan(0.05);
      const { censoredBelow, censoredAbove } = shift;
      for (const [side, name] of [
        ['reference', 'reference'],
        ['batch', part],
      ] as const) {
        const share = censoredBelow[side].share + censoredAbove[side].share;
        expect(Math.abs(share - censored(name))).toBeLessThan(6e-4);
      }
      expect(censoredBelow.p).toBeLessThan(1e-6);
    },
  );

  test('halves of whole documents are no drift: row tests fire on them, permuted documents do not', () => {
    const documents = [...new Set(reference.map(({ document }) => document))];
    const clusters = Uint32Array.from(reference, ({ document }) => documents.indexOf(document));
    const names = Object.keys(PATTERNS);
    const features = Float64Array.from(
      reference.flatMap(({ smiles }) => names.map((name) => smiles.match(PATTERNS[name])?.length ?? 0)),
    );
    const columns = [
      { name: 'pIC50', values: values(reference) },
      ...names.map((name, k) => ({
        name,
        values: reference.map((_, row) => features[row * names.length + k]),
      })),
    ];
    const redraws = 60;
    const fired = { rowKs: 0, rowClassifier: 0, documentKs: 0, documentMaxT: 0, documentClassifier: 0 };
    for (let draw = 0; draw < redraws; draw++) {
      const random = seededRandom(draw);
      const halves = documents.map(() => (random() < 0.5 ? 1 : 0));
      const observed = Uint8Array.from(clusters, (cluster) => halves[cluster]);
      const request = { observed, permutations: 39, seed: draw };
      const byDocument = clusterSwapLabels(request, clusters);
      const [x, y] = [0, 1].map((side) => values(reference.filter((_, row) => observed[row] === side)));
      if ((kolmogorovSmirnov(twoSample('pIC50', x, y)).asymptotic ?? 1) <= 0.05) fired.rowKs++;
      const adjusted = westfallYoungMaxT(permutedDistances(columns, byDocument, 'kolmogorov-smirnov'));
      if (adjusted.raw[0] <= 0.05) fired.documentKs++;
      if (Math.min(...adjusted.stepDown) <= 0.05) fired.documentMaxT++;
      const test = { names, features, folds: clusterFolds(clusters, 5, draw) };
      if (classifierTwoSample({ ...test, labels: independentLabels(request) }).p <= 0.05)
        fired.rowClassifier++;
      if (classifierTwoSample({ ...test, labels: byDocument }).p <= 0.05) fired.documentClassifier++;
    }
    // 0.05 of 60 is 3; 9 or more has a probability below 0.003.
    for (const name of ['documentKs', 'documentMaxT', 'documentClassifier'] as const) {
      expect(fired[name], name).toBeLessThan(9);
    }
    expect(fired.rowKs).toBeGreaterThan(30);
    expect(fired.rowClassifier).toBeGreaterThanOrEqual(9);
  });
});

describe.skipIf(noShared)('solubility of the same compounds in two sources', () => {
  test.each(['C', 'D'])(
    'A and %s agree by less than 0.3 log units, and a unit error between them is a change',
    (source) => {
      const column = 'Solubility';
      const picked = readSharedTable(`data/drift/aqsoldb-paired-a-${source.toLowerCase()}.csv.gz`);
      const pick = (file: string, part: string) => {
        const rows = readQuoted(`data/raw/aqsoldb/sources/dataset-${file}.csv.gz`);
        return picked.filter((row) => row.part === part).map((row) => Number(rows[Number(row.row)][column]));
      };
      const before = pick('A', 'reference');
      const after = pick(source, source);
      expect(before.length).toBe(source === 'C' ? 223 : 520);
      const limits = { margin: 0.3, alpha: 0.05 };
      const bridge = bridgeCompounds(before, after, limits);
      expect(bridge.verdict).toBe('equivalent');
      // Most compounds agree, a few do not: the limits for one compound are far wider than the mean's interval.
      expect(bridge.agreement.upper.value).toBeGreaterThan(2 * bridge.t.high);
      const wrongUnit = after.map((value) => value + 3);
      expect(bridgeCompounds(before, wrongUnit, limits)).toMatchObject({ verdict: 'changed' });
    },
  );
});
