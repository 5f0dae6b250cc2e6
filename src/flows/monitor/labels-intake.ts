import { type EndpointDefinition, whyImpossible } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import type { RegistryDraft } from '../../core/registry-records.ts';
import { type LabelVersion, labelsAsOf } from '../../registry/labels-as-of.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { dayAt, dayText } from '../drift/calendar-day.ts';
import { type LabelRow, labelsRefused, readLabelFile } from '../drift/label-file.ts';
import type { Registry } from '../registry/open-registry.ts';
import { knownSubmissions } from './submissions.ts';

export interface LabelsRequest {
  readonly endpoint: string;
  /** CSV or TSV with id or inchikey, value, and relation, submitted, measured where they are known. */
  readonly path: string;
  /** May be left out where the endpoint has one assay. */
  readonly assay?: string;
}

export interface LabelsTaken {
  readonly assay: string;
  readonly rows: number;
  /** New records; what the registry held already is not recorded again. */
  readonly labels: number;
  /** Of these, values that take the place of an earlier one of the same compound. */
  readonly revisions: number;
  readonly submissions: number;
}

/**
 * Takes a file of labels into the registry: measured values in the endpoint's unit, each a version of its compound's label,
 * and days of submission. The same file twice adds nothing.
 * @throws ERR_ENDPOINT_UNKNOWN, ERR_ASSAY_UNKNOWN, ERR_LABELS, as readLabelFile, and as Registry.append
 */
export async function takeLabels(
  registry: Registry,
  { endpoint, path, assay: named }: LabelsRequest,
  signal?: AbortSignal,
): Promise<LabelsTaken> {
  const { database, engine, workspace } = registry;
  const definition = await definitionOf(database, endpoint);
  const assay = await assayOf(database, endpoint, named);
  const now = engine.clock.now();
  // As they were measured: a record must not hold what a conversion there and back leaves.
  const file = await readLabelFile(
    path,
    { kind: definition.kind, unit: definition.unit, transform: 'identity' },
    workspace,
    {
      today: dayAt(now),
      ...(signal && { signal }),
    },
  );
  requireUsable(definition, file.rows, path);
  const current = new Map(
    (await labelsAsOf(database, endpoint, new Date(now).toISOString())).labels
      .filter((label) => label.assay === assay)
      .map((label) => [label.compound, label]),
  );
  const submitted = await knownSubmissions(database, endpoint, assay);
  const base = { endpoint, assay };
  const labels: RegistryDraft[] = [];
  const submissions: RegistryDraft[] = [];
  let revisions = 0;
  for (const row of inOrderOfTime(file.rows)) {
    const { key: subject, value } = row;
    if (subject === '')
      throw new AssayerError('ERR_LABELS', { path, problem: `row ${row.row} names no compound` });
    if (!Number.isNaN(row.submitted)) {
      const submittedAt = timeOf(row.submitted);
      const one = `${subject}\n${submittedAt}`;
      if (!submitted.has(one)) {
        submitted.add(one);
        submissions.push({
          kind: 'submission',
          subject,
          team: registry.team,
          body: { ...base, submittedAt },
        });
      }
    }
    if (Number.isNaN(value)) continue;
    const before = current.get(subject);
    const label = { ...base, ...versionOf(row, definition.unit, before, now) };
    if (before && isSame(before, label)) continue;
    if (before) revisions++;
    current.set(subject, { ...label, compound: subject, version: 0, recordedAt: '', record: 0 });
    labels.push({ kind: 'label', subject, team: registry.team, body: label });
  }
  if (labels.length + submissions.length > 0) await registry.append([...submissions, ...labels]);
  return { assay, rows: file.rows.length, labels: labels.length, revisions, submissions: submissions.length };
}

type Version = Pick<LabelVersion, 'value' | 'relation' | 'unit' | 'measuredAt'>;

function versionOf(row: LabelRow, unit: string, before: Version | undefined, now: number): Version {
  const relation = row.relation === 0 ? '=' : row.relation < 0 ? '<' : '>';
  const version = { value: row.value, relation, unit } as const;
  if (!Number.isNaN(row.measured)) return { ...version, measuredAt: timeOf(row.measured) };
  // A file without days says what is known now; where that is what was known before, it says nothing new.
  const measuredAt = new Date(now).toISOString();
  const same = before && isSame(before, { ...version, measuredAt: before.measuredAt });
  return { ...version, measuredAt: same ? before.measuredAt : measuredAt };
}

function isSame(one: Version, other: Version): boolean {
  return (
    one.value === other.value &&
    one.relation === other.relation &&
    one.unit === other.unit &&
    one.measuredAt === other.measuredAt
  );
}

/** What was measured later comes later, so that it is the version that counts. */
function inOrderOfTime(rows: readonly LabelRow[]): LabelRow[] {
  const at = ({ measured }: LabelRow) => (Number.isNaN(measured) ? Number.POSITIVE_INFINITY : measured);
  return rows.toSorted((a, b) => (at(a) === at(b) ? a.row - b.row : at(a) - at(b)));
}

/** @throws ERR_LABELS where a row names no compound, or has a value that the endpoint cannot have */
function requireUsable(definition: EndpointDefinition, rows: readonly LabelRow[], path: string): void {
  const problems = rows.flatMap(({ row, key, value }) => {
    if (key === '') return [`row ${row} names no compound`];
    const impossible = Number.isNaN(value) ? null : whyImpossible(definition, value);
    return impossible === null ? [] : [`row ${row} (${key}): ${impossible}`];
  });
  if (problems.length > 0) throw labelsRefused(path, problems);
}

const timeOf = (day: number): string => `${dayText(day)}T00:00:00.000Z`;

/** The definition that all share. @throws ERR_ENDPOINT_UNKNOWN */
export async function definitionOf(sql: Sql, endpoint: string): Promise<EndpointDefinition> {
  const records = await recordsOf(sql, 'definition');
  const own = records.filter(({ subject }) => subject === endpoint);
  const shared = own.find(({ body }) => body.variant === null) ?? own[0];
  if (shared) return shared.body.definition.endpoint;
  const known = [...new Set(records.map(({ subject }) => subject))].join(', ') || 'none';
  throw new AssayerError('ERR_ENDPOINT_UNKNOWN', { endpoint, known });
}

/** The assay that is named, or the only one of the endpoint. @throws ERR_ASSAY_UNKNOWN */
export async function assayOf(sql: Sql, endpoint: string, named: string | undefined): Promise<string> {
  const rows = await sql.query<{ assay: string }>(
    'select assay from assayer.assays where endpoint = $1 order by assay',
    [endpoint],
  );
  const assays = rows.map(({ assay }) => assay);
  if (named === undefined && assays.length === 1) return assays[0];
  if (named !== undefined && assays.includes(named)) return named;
  const known = assays.join(', ') || 'none';
  throw new AssayerError('ERR_ASSAY_UNKNOWN', {
    endpoint,
    assay: named ?? 'of no name (give --assay)',
    known,
  });
}
