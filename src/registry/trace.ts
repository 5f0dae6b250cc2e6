import type { Sql } from './sql.ts';

/** Something and what it follows from, each by its hash or id. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** What `to` is to `from`: 'dataset', 'input' ... for a run; 'run' for what a run made. */
  readonly role: string;
}

/** Everything in the registry that follows from something else, as one table of (name, origin, role). */
const LINKS = `
  select run as name, hash as origin, role from assayer.edges where direction = 'in'
  union all select hash, run, 'run' from assayer.edges where direction = 'out'
  union all select hash, definition, 'definition' from assayer.datasets
  union all select hash, contract, 'contract' from assayer.feature_sets
  union all select hash, input, 'input' from assayer.feature_sets
  union all select hash, contract, 'contract' from assayer.artifacts
  union all select hash, dataset, 'dataset' from assayer.artifacts
  union all select hash, artifact, 'artifact' from assayer.releases where artifact is not null
  union all select monitor, release, 'release' from assayer.monitors
  union all select monitor, policy, 'policy' from assayer.monitors
  union all select id, monitor, 'monitor' from assayer.evidence
  union all select id, run, 'run' from assayer.evidence
  union all select decision, evidence, 'evidence' from assayer.decision_evidence
  union all select id, monitor, 'monitor' from assayer.decisions
  union all select id, policy, 'policy' from assayer.decisions where policy is not null
  union all select id, monitor, 'monitor' from assayer.monitor_events
  union all select artifact, decision, 'decision' from assayer.retrains where artifact is not null`;

/**
 * What something follows from ('origins'), or what follows from it ('results'), step by step to the end.
 * @param name  a hash, or the id of a run, a monitor, evidence or a decision
 * @returns each link once, nearest first, links of one distance sorted
 */
export async function trace(sql: Sql, name: string, way: 'origins' | 'results'): Promise<Link[]> {
  const column = way === 'origins' ? 'name' : 'origin';
  const seen = new Set([name]);
  const links: Link[] = [];
  for (let nearest = [name]; nearest.length > 0; ) {
    const found = await sql.query<Link>(
      `select distinct name as "from", origin as "to", role from (${LINKS}) as links (name, origin, role)
       where ${column} = any($1::text[]) order by name, origin, role`,
      [nearest],
    );
    links.push(...found);
    const reached = new Set(found.map((link) => (way === 'origins' ? link.to : link.from)));
    nearest = [...reached].filter((next) => !seen.has(next));
    for (const next of nearest) seen.add(next);
  }
  return links;
}

/** Everything that went into runs and came out of them, by run. */
export async function linksOfRuns(sql: Sql, runs: readonly string[]): Promise<Link[]> {
  return await sql.query<Link>(
    `select run as "from", hash as "to", role from assayer.edges where run = any($1::text[]) and direction = 'in'
     union all select hash, run, 'run' from assayer.edges where run = any($1::text[]) and direction = 'out'
     order by 1, 2, 3`,
    [runs],
  );
}
