import { readHead } from './read-records.ts';
import { requireTimes } from './require-times.ts';
import type { Sql } from './sql.ts';

/** One version of a label. */
export interface LabelVersion {
  readonly endpoint: string;
  readonly assay: string;
  readonly compound: string;
  /** 1 for the first value of a compound in an assay; each revision is one more. */
  readonly version: number;
  readonly value: number;
  readonly relation: '<' | '=' | '>';
  readonly unit: string;
  readonly measuredAt: string;
  readonly recordedAt: string;
  /** Its record's place in the chain. */
  readonly record: number;
}

export interface LabelsAsOf {
  /** The last version of each compound in each assay, sorted by assay, then compound. */
  readonly labels: readonly LabelVersion[];
  /** Where the chain ended when this was asked; with it and the same time the answer is the same for ever. */
  readonly upTo: number;
}

const COLUMNS = `endpoint, assay, compound, value, relation, unit, measured_at as "measuredAt",
  recorded_at as "recordedAt", record,
  row_number() over (partition by assay, compound order by record) as version`;

/**
 * The labels of an endpoint as they were known at a time: of each compound and assay the last version that was recorded at
 * or before it. No later revision changes an answer: times never go back along the chain, so what is recorded later is of
 * that time or a later one, and `upTo` tells those of the very millisecond apart.
 * @param recordedBy ISO 8601 in UTC with milliseconds
 * @param upTo       of an earlier answer, to have that again; the chain's end where it is not given
 * @throws ERR_REGISTRY_TIME
 */
export async function labelsAsOf(
  sql: Sql,
  endpoint: string,
  recordedBy: string,
  upTo?: number,
): Promise<LabelsAsOf> {
  requireTimes('label', [[endpoint, recordedBy]]);
  const end = upTo ?? (await readHead(sql)).sequence;
  const labels = await sql.query<LabelVersion>(
    `select distinct on (assay, compound) ${COLUMNS} from assayer.labels
     where endpoint = $1 and recorded_at <= $2 and record <= $3
     order by assay, compound, record desc`,
    [endpoint, recordedBy, end],
  );
  return { labels, upTo: end };
}

/** Every version of the labels of a compound, in the order they were recorded. */
export async function labelVersions(sql: Sql, endpoint: string, compound: string): Promise<LabelVersion[]> {
  return await sql.query<LabelVersion>(
    `select ${COLUMNS} from assayer.labels where endpoint = $1 and compound = $2 order by record`,
    [endpoint, compound],
  );
}
