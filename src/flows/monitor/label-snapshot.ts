import { AssayerError } from '../../core/errors.ts';
import type { LabelVersion } from '../../registry/labels-as-of.ts';
import { readHead } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import type { DriftSample } from '../drift/drift-sample.ts';

/** Labels of a batch as the registry knew them at one time, as a file that `assayer drift --labels` reads. */
export interface LabelSnapshot {
  /** CSV; equal labels give equal text. */
  readonly text: string;
  /** Compounds with a value, and compounds that were submitted and have none. */
  readonly labelled: number;
  readonly waiting: number;
}

interface Known {
  value: Pick<LabelVersion, 'value' | 'relation' | 'measuredAt'> | null;
  measured: string | null;
  submitted: string | null;
}

/**
 * The labels of a batch's compounds as of now, found by the ids of its rows or by InChIKey. Of each compound the value that was
 * measured last, as it was recorded last, with the days of its first submission and its first value, which its delay goes by.
 * @returns null where nothing is known of any of them
 * @throws ERR_LABELS where an id with labels names several compounds
 */
export async function snapshotLabels(
  sql: Sql,
  endpoint: string,
  batch: DriftSample,
): Promise<LabelSnapshot | null> {
  const keys = keysOf(batch);
  const upTo = (await readHead(sql)).sequence;
  const named = [endpoint, [...keys.keys()], upTo];
  const labels = await sql.query<LabelVersion>(
    `select compound, value, relation, unit, assay, measured_at as "measuredAt", record from assayer.labels
     where endpoint = $1 and compound = any($2::text[]) and record <= $3 order by record`,
    named,
  );
  const submissions = await sql.query<{ compound: string; submittedAt: string }>(
    `select compound, submitted_at as "submittedAt" from assayer.submissions
     where endpoint = $1 and compound = any($2::text[]) and record <= $3 order by record`,
    named,
  );
  const known = new Map<string, Known>();
  const of = (compound: string): Known => {
    const inchikey = inchikeyOf(keys, compound, endpoint);
    const found = known.get(inchikey) ?? { value: null, measured: null, submitted: null };
    known.set(inchikey, found);
    return found;
  };
  const assays = new Map<string, LabelVersion>();
  for (const label of labels) {
    const found = of(label.compound);
    found.measured = earlier(found.measured, label.measuredAt);
    // In one assay what is recorded later revises what was recorded before, whenever that was measured.
    assays.set(`${label.assay}\n${inchikeyOf(keys, label.compound, endpoint)}`, label);
  }
  for (const label of assays.values()) {
    const found = of(label.compound);
    if (found.value === null || label.measuredAt >= found.value.measuredAt) found.value = label;
  }
  for (const { compound, submittedAt } of submissions) {
    const found = of(compound);
    found.submitted = earlier(found.submitted, submittedAt);
  }
  if (known.size === 0) return null;
  const rows = [...known].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const labelled = rows.filter(([, { value }]) => value !== null).length;
  const text = ['inchikey,value,relation,submitted,measured', ...rows.map(([key, one]) => rowOf(key, one))];
  return { text: `${text.join('\n')}\n`, labelled, waiting: rows.length - labelled };
}

function rowOf(inchikey: string, { value, measured, submitted }: Known): string {
  const cells = value
    ? [value.value, value.relation, beforeOrAt(submitted, measured), measured?.slice(0, 10)]
    : ['', '', submitted?.slice(0, 10), ''];
  return [inchikey, ...cells].join(',');
}

/** A day of submission after the first value is another submission, whose own value is not there yet. */
function beforeOrAt(submitted: string | null, measured: string | null): string {
  if (submitted === null) return '';
  return measured !== null && submitted > measured ? '' : submitted.slice(0, 10);
}

const earlier = (one: string | null, other: string): string => (one === null || other < one ? other : one);

/** InChIKeys that each id or InChIKey of a batch stands for. */
function keysOf({ ids, inchikeys, numbered }: DriftSample): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  const put = (key: string, inchikey: string) => keys.set(key, (keys.get(key) ?? new Set()).add(inchikey));
  for (const [row, inchikey] of inchikeys.entries()) {
    if (inchikey === '') continue;
    put(inchikey, inchikey);
    // Numbers of rows are nobody's names.
    if (!numbered) put(ids[row], inchikey);
  }
  return keys;
}

function inchikeyOf(keys: ReadonlyMap<string, ReadonlySet<string>>, key: string, endpoint: string): string {
  const found = [...(keys.get(key) ?? [])];
  if (found.length === 1) return found[0];
  const problem = `${key} names ${found.length} different compounds of the batch; record its labels by InChIKey`;
  throw new AssayerError('ERR_LABELS', { path: `of ${endpoint} in the registry`, problem });
}
