import { project } from './project.ts';
import type { Sql } from './sql.ts';
import { parseRecord, streamRecords } from './stored-records.ts';

/** Everything that follows from the records; none is named before what it refers to. */
export const PROJECTION_TABLES = [
  'teams',
  'definitions',
  'assays',
  'contracts',
  'datasets',
  'feature_sets',
  'artifacts',
  'releases',
  'runs',
  'edges',
  'submissions',
  'labels',
  'assay_events',
  'policies',
  'monitors',
  'evidence',
  'decisions',
  'decision_evidence',
  'monitor_events',
  'retrains',
  'told',
  'bundles',
  'approvals',
  'heads',
] as const;

/**
 * Makes the tables that follow from the records anew.
 * @param sql a transaction
 */
export async function rebuildProjections(sql: Sql): Promise<void> {
  for (const table of PROJECTION_TABLES.toReversed()) await sql.query(`delete from assayer.${table}`);
  for await (const stored of streamRecords(sql)) await project(sql, stored.map(parseRecord));
}
