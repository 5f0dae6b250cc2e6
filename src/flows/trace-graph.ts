import type { TracedPrediction } from '../core/trace.ts';
import type { Sql } from '../registry/sql.ts';
import { type Link, linksOfRuns, trace } from '../registry/trace.ts';
import type { Traced } from './trace.ts';
import { nodesOf } from './trace-lineage.ts';
import type { TraceNode } from './trace-node.ts';

/** A trace in the form that it is exported from. */
export interface TraceGraph {
  readonly nodes: ReadonlyMap<string, TraceNode>;
  /** Each once. */
  readonly links: readonly Link[];
  /** Of the trace of a compound. */
  readonly predictions: readonly TracedPrediction[];
}

/**
 * What a trace reached, with everything that went into its runs and came out of them; of a compound its predictions, and what
 * the results that they stand in follow from.
 */
export async function graphOf(sql: Sql, traced: Traced): Promise<TraceGraph> {
  const predictions = traced.kind === 'compound' ? traced.compound.predictions : [];
  const starts =
    traced.kind === 'lineage'
      ? [traced.lineage.name]
      : [...new Set(predictions.map(({ output }) => output.sha256))];
  const links: Link[] = [];
  if (traced.kind === 'lineage') links.push(...traced.lineage.origins, ...traced.lineage.results);
  else for (const output of starts) links.push(...(await trace(sql, output, 'origins')));
  const reached = await nodesOf(sql, starts, links);
  const runs = [...reached.values()].filter(({ run }) => run !== null).map(({ name }) => name);
  const whole = distinct([...links, ...(await linksOfRuns(sql, runs))]);
  return { nodes: await nodesOf(sql, starts, whole), links: whole, predictions };
}

function distinct(links: readonly Link[]): Link[] {
  return [...new Map(links.map((link) => [`${link.from}\n${link.to}\n${link.role}`, link])).values()];
}
