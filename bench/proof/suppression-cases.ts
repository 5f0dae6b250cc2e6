/** Compounds at home and away that estimates without labels are proven on. */
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { caseNamed, drawRows } from './cases.ts';
import { type Compounds, type ProofPlace, readCompounds } from './compounds.ts';
import { joinCompounds } from './join-compounds.ts';
import { openParts } from './real-cases.ts';

export interface SuppressionCase {
  readonly estimate: 'confidence-based' | 'direct-loss';
  readonly figure: string;
  /** Whose compounds, and what is away. */
  readonly title: string;
  /** Compounds of a batch, and the shares of it that come from away. */
  readonly batch: number;
  readonly sharesAway: readonly number[];
  readonly all: Compounds;
  /** Places in `all`. */
  readonly home: readonly number[];
  readonly away: readonly number[];
}

const ACCURACY = { estimate: 'confidence-based', figure: 'accuracy' } as const;
const ERROR = { estimate: 'direct-loss', figure: 'mean absolute error, log units' } as const;
/** Compounds of one file, of which the heaviest are away. */
const FILES = [
  { ...ACCURACY, title: 'Ames', path: 'raw/pharmabench/ames_cls_final_data.csv.gz', rows: 9138 },
  { ...ERROR, title: 'logD', path: 'raw/pharmabench/logd_reg_final_data.csv.gz', rows: 6000 },
] as const;
const TAGS = { Ames: 'suppression-ames', logD: 'null-logd' } as const;
const MOST_ROWS = 6000;

/** Compounds of another laboratory or of later years, with the same endpoint. */
const OTHERS = [
  {
    ...ERROR,
    title: 'HLM clearance, away: the literature',
    caseId: 'microsomal-human-lab',
    part: 'literature',
    batch: 300,
  },
  {
    ...ERROR,
    title: 'RLM clearance, away: the literature',
    caseId: 'microsomal-rat-lab',
    part: 'literature',
    batch: 300,
  },
  {
    ...ACCURACY,
    title: 'CYP3A4 at 10 uM, away: 2014-2016',
    caseId: 'cyp3a4-by-year',
    part: '2014-2016',
    batch: 200,
  },
] as const;
/** pIC50 from which a compound counts as an inhibitor. */
const INHIBITS = 5;

export async function suppressionCases(place: ProofPlace): Promise<SuppressionCase[]> {
  const cases: SuppressionCase[] = [];
  for (const { estimate, figure, title, path, rows } of FILES) {
    const numbers = Array.from({ length: rows }, (_, row) => row);
    const all = await readCompounds(place, path, drawRows(numbers, Math.min(rows, MOST_ROWS), TAGS[title]));
    const sides = byMass(all);
    const full = `${title}, away: the heaviest quarter`;
    cases.push({ estimate, figure, title: full, batch: 300, sharesAway: [0, 0.25, 0.5, 1], all, ...sides });
  }
  for (const { estimate, figure, title, caseId, part, batch } of OTHERS) {
    const one = caseNamed(place.shared, caseId);
    const parts = await openParts(place, one);
    const [before, after] = [one.referencePart, part].map((name) => parts.get(name) as Compounds);
    const isClass = estimate === 'confidence-based';
    const values = isClass
      ? [before, after].map((side) => side.values.map((value) => (value >= INHIBITS ? 1 : 0)))
      : [before.values, likeMeans(before.values, after.values)];
    const all = joinCompounds({ ...before, values: values[0] }, { ...after, values: values[1] });
    const places = [...all.rows.keys()];
    const [home, away] = [places.slice(0, before.rows.length), places.slice(before.rows.length)];
    cases.push({ estimate, figure, title, batch, sharesAway: [0, 1], all, home, away });
  }
  return cases;
}

/** The clearances of the two sources are in different units, which is a constant on the log scale: their means are made equal. */
function likeMeans(before: Float64Array, after: Float64Array): Float64Array {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const difference = mean(before) - mean(after);
  return after.map((value) => value + difference);
}

/** The lighter half is at home, the heaviest quarter away. */
function byMass(all: Compounds): Pick<SuppressionCase, 'home' | 'away'> {
  const descriptors = all.sample.descriptors as Float64Array;
  const column = DESCRIPTOR_NAMES.indexOf('exactmw');
  const mass = Float64Array.from(all.rows, (_, at) => descriptors[at * DESCRIPTOR_COUNT + column]);
  const sorted = mass.slice().sort();
  const [middle, heavy] = [0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)]);
  const places = [...all.rows.keys()];
  return {
    home: places.filter((at) => mass[at] <= middle),
    away: places.filter((at) => mass[at] > heavy),
  };
}
