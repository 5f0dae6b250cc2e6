import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { TraceGraph } from './trace-graph.ts';
import type { TraceNode } from './trace-node.ts';

const SPEC = 'https://openlineage.io/spec';
const SCHEMA_URL = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
const NAMESPACE = 'assayer';

type Facet = Readonly<Record<string, unknown>> & {
  readonly _producer: string;
  readonly _schemaURL: string;
};
type Facets = Readonly<Record<string, Facet>>;

/** A file or an artifact that a run read or wrote; the name is its SHA-256, so that equal content has one name. */
export interface OpenLineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly outputFacets?: Facets;
}

/** An event of OpenLineage 2-0-2. */
export interface RunEvent {
  readonly eventTime: string;
  readonly eventType: 'START' | 'COMPLETE';
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly OpenLineageDataset[];
  readonly outputs: readonly OpenLineageDataset[];
}

/**
 * The runs of a trace as OpenLineage events: for each run one of its start and one of its end, in the order of time.
 * @throws ERR_USAGE where the trace holds no run
 * @source https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export function runEvents({ nodes, links }: TraceGraph): RunEvent[] {
  const runs = [...nodes.values()].filter(({ run }) => run !== null);
  if (runs.length === 0) {
    const problem =
      'OpenLineage tells of runs, and this trace holds none. Export it with --format prov-json.';
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const inputsOf = Map.groupBy(links, ({ from }) => from);
  const outputsOf = Map.groupBy(
    links.filter(({ role }) => role === 'run'),
    ({ to }) => to,
  );
  const events = runs.flatMap((node) => {
    const inputs = (inputsOf.get(node.name) ?? []).map(({ to, role }) => datasetOf(nodes, to, role, node));
    const outputs = (outputsOf.get(node.name) ?? []).map(({ from }) => outputOf(nodes, from, node));
    return eventsOf(node, inputs, outputs);
  });
  return events.sort((a, b) => (a.eventTime < b.eventTime ? -1 : a.eventTime > b.eventTime ? 1 : 0));
}

function eventsOf(node: TraceNode, inputs: OpenLineageDataset[], outputs: OpenLineageDataset[]): RunEvent[] {
  const { run, record } = node;
  if (!run) return [];
  const facet = facetsOf(node);
  const common = {
    producer: producerOf(node),
    schemaURL: SCHEMA_URL,
    run: {
      runId: uuidOf(node.name),
      facets: {
        processing_engine: facet('1-1-0/ProcessingEngineRunFacet', { name: 'Assayer', version: run.engine }),
        assayer_record: {
          ...facet('own', {
            run: node.name,
            caller: run.caller,
            team: run.team,
            devices: run.devices,
            environment: run.environment,
            counts: run.counts,
            record,
          }),
        },
      },
    },
    job: {
      namespace: NAMESPACE,
      name: run.command,
      facets: {
        jobType: facet('2-0-4/JobTypeJobFacet', {
          processingType: 'BATCH',
          integration: 'ASSAYER',
          jobType: 'COMMAND',
        }),
      },
    },
    inputs,
  };
  return [
    { ...common, eventType: 'START', eventTime: run.startedAt, outputs: [] },
    { ...common, eventType: 'COMPLETE', eventTime: run.finishedAt, outputs },
  ];
}

function datasetOf(
  nodes: TraceGraph['nodes'],
  name: string,
  role: string,
  by: TraceNode,
): OpenLineageDataset {
  const node = nodes.get(name);
  const facet = facetsOf(by);
  return {
    namespace: NAMESPACE,
    name,
    facets: {
      version: facet('1-0-0/DatasetVersionDatasetFacet', { datasetVersion: name }),
      assayer_thing: facet('own', { kind: node?.kind ?? role, role, title: node?.title ?? '' }),
    },
  };
}

function outputOf(nodes: TraceGraph['nodes'], name: string, by: TraceNode): OpenLineageDataset {
  const node = nodes.get(name);
  const dataset = datasetOf(nodes, name, node?.kind ?? 'output', by);
  // Each row of the input has one in the result; of other outputs the rows are not recorded.
  if (node?.kind !== 'output' || !by.run) return dataset;
  const size = node.sizeBytes === null ? {} : { size: node.sizeBytes };
  const statistics = { rowCount: by.run.counts.rows, ...size };
  const facet = facetsOf(by);
  return {
    ...dataset,
    outputFacets: { outputStatistics: facet('1-0-1/OutputStatisticsOutputDatasetFacet', statistics) },
  };
}

function facetsOf(by: TraceNode) {
  return (schema: string, content: Readonly<Record<string, unknown>>): Facet => {
    const [version, name] = schema.split('/');
    const _schemaURL =
      schema === 'own'
        ? `${SPEC}/2-0-2/OpenLineage.json#/$defs/BaseFacet`
        : `${SPEC}/facets/${version}/${name}.json#/$defs/${name}`;
    return { _producer: producerOf(by), _schemaURL, ...content };
  };
}

function producerOf({ run }: TraceNode): string {
  return `urn:assayer:engine:${run?.engine ?? 'unknown'}`;
}

/** Runs of screens have UUIDs; another id becomes a UUID of its own by its hash (RFC 9562, version 8). */
function uuidOf(name: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name)) return name;
  const hex = sha256(`run\n${name}`);
  const variant = ((Number.parseInt(hex[16], 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
