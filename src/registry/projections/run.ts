import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { insertNew } from '../require-known.ts';
import type { Sql } from '../sql.ts';

/** @throws ERR_REGISTRY_DUPLICATE */
export async function projectRuns(sql: Sql, records: readonly RegistryRecord<'run'>[]): Promise<void> {
  await insertNew(sql, 'run', 'runs', {
    run: ['text', records.map(({ subject }) => subject)],
    command: ['text', records.map(({ body }) => body.command)],
    team: ['text', records.map(({ team }) => team)],
    started_at: ['text', records.map(({ body }) => body.startedAt)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
  const edges = records.flatMap(({ subject, body }) => [
    ...edgesOf(subject, 'in', body.inputs),
    ...edgesOf(subject, 'out', body.outputs),
  ]);
  await insertRows(sql, 'edges', {
    run: ['text', edges.map(({ run }) => run)],
    direction: ['text', edges.map(({ direction }) => direction)],
    role: ['text', edges.map(({ role }) => role)],
    hash: ['text', edges.map(({ hash }) => hash)],
  });
}

type Edges = RegistryRecord<'run'>['body']['inputs'];

/** The same file twice in one role is one edge. */
function edgesOf(run: string, direction: 'in' | 'out', edges: Edges) {
  const different = new Map(edges.map((edge) => [`${edge.role}\n${edge.hash}`, edge]));
  return [...different.values()].map(({ role, hash }) => ({ run, direction, role, hash }));
}
