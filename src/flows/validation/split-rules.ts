import { sha256 } from '../../core/hash.ts';
import { heldOutSimilarities } from '../held-out-similarity.ts';
import type { Pool } from './pool.ts';
import type { Provenance } from './provenance-rule.ts';
import { orderedByHash, takeUpTo } from './take-groups.ts';

/** Share of the rows that a split holds out where it can choose. */
const TEST_SHARE = 0.2;
/** The positive rate of held-out rows may differ from that of all by this much. */
const BALANCE = 0.05;
const SALTS = 20;
/** Years must be known for this share of the rows. */
const LEAST_DATED = 0.5;
/** A source is held out when it has this many rows and this share of them; the largest so many are. */
const SOURCES = { rows: 30, share: 0.02, most: 4 };

/** Where each row of a pool goes. */
export type Side = 'train' | 'test' | 'out';

/** One way to part a pool. */
export interface Parting {
  readonly heldOut: string | null;
  readonly how: string;
  readonly sides: readonly Side[];
  /** What 'out' means. */
  readonly outReason: string;
}

/** Parts a pool, or says why it cannot be parted so. */
export type SplitRule = (
  pool: Pool,
  provenance: Provenance,
  kind: 'regression' | 'classification',
) => readonly Parting[] | string;

/** Compounds by hash: near relatives of nearly every test compound are in training. */
export const randomSplit: SplitRule = ({ rows, rawRows }) => {
  const compounds = rows.inchikeys.map((key, i) => key || `row ${rawRows[i]}`);
  const order = orderedByHash(new Set(compounds), 'random:');
  return [
    {
      heldOut: null,
      how: 'a fifth of the compounds, chosen by hash; only to show how optimistic a random split is',
      ...sidesOf(takeUpTo(compounds, order, TEST_SHARE)),
    },
  ];
};

/**
 * Whole Bemis-Murcko scaffolds in the order of the hashes of their keys, each to the held-out part while it has room;
 * another salt where classes would be unbalanced.
 */
export const scaffoldSplit: SplitRule = ({ rows, values }, _, kind) => {
  const groups = [...rows.groups].map(String);
  // The key of a group does not depend on the order of rows: the least of its scaffolds (compounds where acyclic).
  const keys = new Map<string, string>();
  groups.forEach((group, i) => {
    const key = rows.scaffolds[i] || rows.inchikeys[i];
    if (key < (keys.get(group) ?? '\uffff')) keys.set(group, key);
  });
  for (let salt = 0; salt < SALTS; salt++) {
    const order = orderedByHash(keys.keys(), `scaffold${salt}:`, (group) => keys.get(group)!);
    const taken = takeUpTo(groups, order, TEST_SHARE);
    if (kind === 'classification' && !isBalanced(rows.y.subarray(0, values), taken)) continue;
    const how = 'whole Bemis-Murcko scaffolds, chosen by hash until a fifth of the rows is held out';
    return [{ heldOut: null, how, ...sidesOf(taken) }];
  }
  return `none of ${SALTS} orders of scaffolds keeps the positive rate within ${BALANCE * 100} points`;
};

/** The older half of the documents against the newer half. */
export const timeSplit: SplitRule = (pool, { years }) => byYear(pool, years, 0.5);

/** The newest fifth; where there are no dates the scaffolds that lie furthest from all others. */
export const nextWeekSplit: SplitRule = (pool, { years }) => {
  const dated = byYear(pool, years, TEST_SHARE);
  return typeof dated === 'string' ? [mostDistant(pool, dated)] : dated;
};

/** Each large source in turn. */
export const sourceSplit: SplitRule = ({ rawRows, values }, { origin, source }) => {
  if (typeof source === 'string') return source;
  const { labels } = origin.find(({ by }) => by === source.by)!;
  const label = (i: number) => labels[rawRows[i]];
  const counts = new Map<string, number>();
  for (let i = 0; i < values; i++) {
    const name = label(i);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const least = Math.max(SOURCES.rows, SOURCES.share * values);
  const large = [...counts]
    .filter(([, rows]) => rows >= least)
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, SOURCES.most);
  if (large.length === 0) return `no ${source.by} has ${Math.ceil(least)} rows`;
  return large.map(([name]) => ({
    heldOut: name,
    how: `all rows of one ${source.by}; sources of at least ${Math.ceil(least)} rows, at most the ${SOURCES.most} largest`,
    // A row whose source is not known may be of the one held out.
    sides: [...rawRows.keys()].map((i) => {
      if (label(i) === null) return 'out';
      return label(i) === name ? 'test' : 'train';
    }),
    outReason: `no ${source.by} known`,
  }));
};

function byYear({ rawRows }: Pool, years: Provenance['years'], share: number): readonly Parting[] | string {
  if (typeof years === 'string') return years;
  const known = [...rawRows].map((row) => years[row]);
  const dated = known.filter((year) => year !== null);
  if (dated.length < LEAST_DATED * known.length) {
    return `a year is known for ${dated.length} of ${known.length} rows, and half of them would be needed`;
  }
  const newer = (from: number) => dated.filter((year) => year >= from).length / dated.length;
  const distinct = [...new Set(dated)].sort((a, b) => a - b).slice(1);
  if (distinct.length === 0) return `all rows are of one year (${dated[0]})`;
  const from = distinct.reduce((best, year) =>
    Math.abs(newer(year) - share) < Math.abs(newer(best) - share) ? year : best,
  );
  const wanted = share === 0.5 ? 'the newer half' : 'the newest fifth';
  return [
    {
      heldOut: null,
      how: `documents of ${from} and later, trained on those before: whole years, as near to ${wanted} as they come (${Math.round(100 * newer(from))} %)`,
      sides: known.map((year) => (year === null ? 'out' : year >= from ? 'test' : 'train')),
      outReason: 'no year is known',
    },
  ];
}

/**
 * Groups (whole scaffolds) in the order of the mean similarity of their rows to the nearest row of another group, the
 * most distant first, each held out while there is room.
 */
function mostDistant({ rows }: Pool, noDates: string): Parting {
  const similarities = heldOutSimilarities(rows.fingerprints, rows.groups);
  const groups = [...rows.groups].map(String);
  const members = Map.groupBy(groups.keys(), (i) => groups[i]);
  const mean = (group: string) => {
    const at = members.get(group)!;
    return at.reduce((sum, i) => sum + similarities[i], 0) / at.length;
  };
  const order = [...members.keys()]
    .map((group) => ({ group, distance: mean(group), tie: sha256(rows.inchikeys[members.get(group)![0]]) }))
    .sort((a, b) => a.distance - b.distance || (a.tie < b.tie ? -1 : 1))
    .map(({ group }) => group);
  return {
    heldOut: null,
    how: `no dates (${noDates}), so the most distant chemistry: the fifth of the rows whose whole scaffolds have the lowest mean similarity to the nearest compound of any other scaffold`,
    ...sidesOf(takeUpTo(groups, order, TEST_SHARE)),
  };
}

function sidesOf(taken: readonly boolean[]): Pick<Parting, 'sides' | 'outReason'> {
  return { sides: taken.map((isTest) => (isTest ? 'test' : 'train')), outReason: '' };
}

function isBalanced(labels: Float64Array, taken: readonly boolean[]): boolean {
  const rate = (values: Float64Array) => values.reduce((sum, label) => sum + label, 0) / values.length;
  return Math.abs(rate(labels.filter((_, i) => taken[i])) - rate(labels)) <= BALANCE;
}
