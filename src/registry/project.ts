import { AssayerError } from '../core/errors.ts';
import type { RecordKind, RegistryRecord } from '../core/registry-records.ts';
import { projectApprovals } from './projections/approval.ts';
import { projectArtifacts } from './projections/artifact.ts';
import { projectAssayEvents } from './projections/assay-event.ts';
import { projectBundles } from './projections/bundle.ts';
import { projectContracts } from './projections/contract.ts';
import { projectDatasets } from './projections/dataset.ts';
import { projectDecisions } from './projections/decision.ts';
import { projectDefinitions } from './projections/definition.ts';
import { projectEvidence } from './projections/evidence.ts';
import { projectFeatureSets } from './projections/feature-set.ts';
import { projectHeads } from './projections/head.ts';
import { projectLabels } from './projections/label.ts';
import { projectMonitors } from './projections/monitor.ts';
import { projectMonitorEvents } from './projections/monitor-event.ts';
import { projectPolicies } from './projections/policy.ts';
import { projectReleases } from './projections/release.ts';
import { projectRetrains } from './projections/retrain.ts';
import { projectRuns } from './projections/run.ts';
import { projectSubmissions } from './projections/submission.ts';
import { projectTeams } from './projections/team.ts';
import { projectTold } from './projections/told.ts';
import { requireKnown } from './require-known.ts';
import type { Sql } from './sql.ts';

/** Checks the rules of a kind and fills its tables; the records are of one kind and stand in the chain already. */
type Projection<K extends RecordKind> = (sql: Sql, records: readonly RegistryRecord<K>[]) => Promise<void>;

const PROJECTIONS: { readonly [K in RecordKind]: Projection<K> } = {
  team: projectTeams,
  definition: projectDefinitions,
  contract: projectContracts,
  dataset: projectDatasets,
  'feature-set': projectFeatureSets,
  artifact: projectArtifacts,
  release: projectReleases,
  run: projectRuns,
  submission: projectSubmissions,
  label: projectLabels,
  'assay-event': projectAssayEvents,
  monitor: projectMonitors,
  policy: projectPolicies,
  approval: projectApprovals,
  evidence: projectEvidence,
  decision: projectDecisions,
  'monitor-event': projectMonitorEvents,
  retrain: projectRetrains,
  told: projectTold,
  bundle: projectBundles,
  head: projectHeads,
};

/**
 * Fills the tables that follow from records, in the records' order; those of one kind that stand side by side together.
 * @throws what the rules of their kinds refuse
 */
export async function project(sql: Sql, records: readonly RegistryRecord[]): Promise<void> {
  for (let from = 0, to = 0; from < records.length; from = to) {
    const { kind } = records[from];
    while (to < records.length && records[to].kind === kind) to++;
    await projectAlike(sql, kind, records.slice(from, to));
  }
}

async function projectAlike<K extends RecordKind>(
  sql: Sql,
  kind: K,
  records: readonly RegistryRecord[],
): Promise<void> {
  const projection = Object.hasOwn(PROJECTIONS, kind) ? PROJECTIONS[kind] : undefined;
  if (!projection)
    throw new AssayerError('ERR_REGISTRY_VERSION', { problem: `it holds records of kind ${kind}` });
  await projection(sql, records as readonly RegistryRecord<K>[]);
  await requireKnown(
    sql,
    { kind, what: 'team', table: 'teams', column: 'team' },
    records.map((record) => [record.subject, record.team]),
  );
}
