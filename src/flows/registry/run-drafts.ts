import type { LineageRecord } from '../../core/lineage.ts';
import type { LineageEdge, RegistryDraft } from '../../core/registry-records.ts';
import { knownNames } from '../../registry/append-unknown.ts';
import type { Sql } from '../../registry/sql.ts';
import type { LeftRun } from './intake-outbox.ts';

/**
 * Records of runs, each after the features that it kept or reused where their contract is recorded.
 * @param contracts  those that are
 */
export async function runDrafts(
  sql: Sql,
  left: readonly LeftRun[],
  contracts: ReadonlySet<string>,
  team: string | null,
): Promise<RegistryDraft[]> {
  const kept = left.flatMap(({ record }) => record.featureSet.sha256 ?? []);
  const known = await knownNames(sql, 'feature_sets', 'hash', kept);
  const drafts: RegistryDraft[] = [];
  for (const { record, caller } of left) {
    const { sha256 } = record.featureSet;
    const { contract, input } = record.work;
    if (sha256 !== null && !known.has(sha256) && contracts.has(contract)) {
      known.add(sha256);
      const body = { contract, input: input.sha256, rows: record.counts.rows };
      drafts.push({ kind: 'feature-set', subject: sha256, team: null, body });
    }
    drafts.push({ kind: 'run', subject: record.run, team, body: runBody(record, caller) });
  }
  return drafts;
}

function runBody(lineage: LineageRecord, caller: string): Extract<RegistryDraft, { kind: 'run' }>['body'] {
  const { work, output, rejects, featureSet, devices, environment, counts } = lineage;
  const inputs: LineageEdge[] = [
    { role: 'input', hash: work.input.sha256 },
    { role: 'contract', hash: work.contract },
    ...work.models.map(({ hash }) => ({ role: 'artifact', hash })),
    // Also where the run made them: they follow from its input and contract, as their own record says, not from its models.
    ...(featureSet.sha256 === null ? [] : [{ role: 'feature-set', hash: featureSet.sha256 }]),
  ];
  const outputs: LineageEdge[] = [
    { role: 'output', hash: output.sha256 },
    ...(rejects ? [{ role: 'rejects', hash: rejects.sha256 }] : []),
  ];
  return {
    command: 'screen',
    caller,
    engine: work.engine,
    devices,
    environment,
    startedAt: lineage.startedAt,
    finishedAt: lineage.finishedAt,
    counts,
    inputs,
    outputs,
    lineage,
  };
}
