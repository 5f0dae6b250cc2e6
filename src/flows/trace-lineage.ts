import type { RegistryRecord } from '../core/registry-records.ts';
import { recordsNamed, toldOf } from '../registry/describe.ts';
import type { Sql } from '../registry/sql.ts';
import { type Link, trace } from '../registry/trace.ts';
import { fileNode, filesOf, nodeOf, type TraceNode } from './trace-node.ts';

/** What something follows from, and what follows from it. */
export interface LineageTrace {
  readonly name: string;
  /** Everything that a link names, and the thing itself, by name. */
  readonly nodes: ReadonlyMap<string, TraceNode>;
  /** Each link once, nearest first. */
  readonly origins: readonly Link[];
  readonly results: readonly Link[];
  /** Who was told of a decision that is traced, in words. */
  readonly told: readonly string[];
}

const BATCH = 500;

/**
 * Follows something of the registry both ways.
 * @param name  its hash or id, as the registry holds it
 */
export async function traceLineage(sql: Sql, name: string): Promise<LineageTrace> {
  const origins = await trace(sql, name, 'origins');
  const results = await trace(sql, name, 'results');
  const nodes = await nodesOf(sql, [name], [...origins, ...results]);
  const told = await toldOf(sql, [name]);
  return { name, nodes, origins, results, told: told.map(({ body }) => body.outcome.inWords) };
}

/** What each end of links is, and what else is named. */
export async function nodesOf(
  sql: Sql,
  others: readonly string[],
  links: readonly Link[],
): Promise<Map<string, TraceNode>> {
  const roles = new Map<string, string>(others.map((name) => [name, 'file']));
  for (const { from, to, role } of links) {
    roles.set(to, role);
    if (!roles.has(from)) roles.set(from, 'file');
  }
  const names = [...roles.keys()];
  const nodes = new Map<string, TraceNode>();
  const files = new Map<string, TraceNode>();
  for (let from = 0; from < names.length; from += BATCH) {
    for (const [name, record] of await recordsNamed(sql, names.slice(from, from + BATCH))) {
      nodes.set(name, nodeOf(name, record));
      if (record.kind !== 'run') continue;
      for (const file of filesOf(record as RegistryRecord<'run'>)) files.set(file.name, file);
      // What a run made has its role in the run's own record.
      for (const { hash, role } of record.body.outputs) if (roles.has(hash)) roles.set(hash, role);
    }
  }
  for (const [name, role] of roles) {
    if (!nodes.has(name)) nodes.set(name, files.get(name) ?? fileNode(name, role, null, null));
  }
  return nodes;
}
