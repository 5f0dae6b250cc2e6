import type { TracedPrediction } from '../core/trace.ts';
import type { Link } from '../registry/trace.ts';
import type { TraceGraph } from './trace-graph.ts';
import type { TraceNode } from './trace-node.ts';

/** A PROV-JSON document: records by their identifiers, relations by blank ones. */
export type ProvDocument = Readonly<Record<string, Readonly<Record<string, ProvAttributes | string>>>>;
type ProvValue = string | number | boolean | { readonly $: string; readonly type: string };
type ProvAttributes = Readonly<Record<string, ProvValue>>;
type Records = Record<string, ProvAttributes>;

const PREFIX = 'assayer';

/**
 * A trace as W3C PROV-JSON. Runs are activities; what they read and wrote, and what is recorded, are entities; people,
 * teams and engines are agents. Times are xsd:dateTime in UTC.
 * @source T. D. Huynh et al., The PROV-JSON Serialization, W3C Member Submission 24 April 2013
 */
export function provDocument({ nodes, links, predictions }: TraceGraph): ProvDocument {
  const entity: Records = {};
  const activity: Records = {};
  const agent: Records = {};
  const used: Records = {};
  const wasGeneratedBy: Records = {};
  const wasDerivedFrom: Records = {};
  const wasAssociatedWith: Records = {};
  const wasAttributedTo: Records = {};
  for (const node of nodes.values()) {
    if (node.run) activity[id(node.name)] = activityOf(node);
    else entity[id(node.name)] = entityOf(node);
    for (const { name, type, label, role } of agentsOf(node)) {
      agent[name] = { 'prov:type': qualified(type), 'prov:label': label };
      if (node.run) {
        const ends = { 'prov:activity': id(node.name), 'prov:agent': name, 'prov:role': role };
        add(wasAssociatedWith, 'assoc', ends);
      } else add(wasAttributedTo, 'attr', { 'prov:entity': id(node.name), 'prov:agent': name });
    }
  }
  for (const { from, to, role } of links) {
    if (nodes.get(from)?.run) {
      const ends = { 'prov:activity': id(from), 'prov:entity': id(to), 'prov:role': role };
      add(used, 'used', ends);
    } else if (nodes.get(to)?.run) {
      add(wasGeneratedBy, 'gen', { 'prov:entity': id(from), 'prov:activity': id(to) });
    } else {
      const ends = { 'prov:generatedEntity': id(from), 'prov:usedEntity': id(to), 'assayer:as': role };
      add(wasDerivedFrom, 'der', ends);
    }
  }
  for (const { from, to, activity: by } of throughRuns(nodes, links)) {
    const ends = { 'prov:generatedEntity': id(from), 'prov:usedEntity': id(to), 'prov:activity': id(by) };
    add(wasDerivedFrom, 'der', ends);
  }
  for (const prediction of predictions) {
    const name = id(`${prediction.run}/${prediction.model.endpoint}/${prediction.input.row}`);
    entity[name] = predictionEntity(prediction);
    add(wasGeneratedBy, 'gen', { 'prov:entity': name, 'prov:activity': id(prediction.run) });
    for (const origin of [prediction.input.sha256, prediction.model.artifact]) {
      const ends = { 'prov:generatedEntity': name, 'prov:usedEntity': id(origin) };
      add(wasDerivedFrom, 'der', { ...ends, 'prov:activity': id(prediction.run) });
    }
  }
  const prefix = { [PREFIX]: 'urn:assayer:' };
  const parts = { entity, activity, agent, used, wasGeneratedBy, wasDerivedFrom };
  return { prefix, ...parts, wasAssociatedWith, wasAttributedTo };
}

/** What a run wrote follows from the input that it read. */
function throughRuns(nodes: TraceGraph['nodes'], links: readonly Link[]) {
  const inputs = Map.groupBy(
    links.filter(({ from, role }) => role === 'input' && nodes.get(from)?.run),
    ({ from }) => from,
  );
  return links
    .filter(({ to, role }) => role === 'run' && nodes.get(to)?.run)
    .flatMap(({ from, to: run }) => (inputs.get(run) ?? []).map(({ to }) => ({ from, to, activity: run })));
}

/** A qualified name; what a name may not hold is percent-encoded. */
function id(name: string): string {
  return `${PREFIX}:${name.split('/').map(encodeURIComponent).join('/')}`;
}

function qualified(name: string): ProvValue {
  return { $: name, type: 'prov:QUALIFIED_NAME' };
}

function dateTime(time: string): ProvValue {
  return { $: time, type: 'xsd:dateTime' };
}

function add(records: Records, kind: string, attributes: ProvAttributes): void {
  records[`_:${kind}${Object.keys(records).length + 1}`] = attributes;
}

function activityOf({ kind, title, run, record }: TraceNode): ProvAttributes {
  if (!run) throw new TypeError('no run');
  return {
    'prov:type': qualified(`${PREFIX}:${kind}`),
    'prov:label': title,
    'prov:startTime': run.startedAt,
    'prov:endTime': run.finishedAt,
    'assayer:command': run.command,
    'assayer:engine': run.engine,
    'assayer:rows': run.counts.rows,
    'assayer:rejected': run.counts.rejected,
    ...prefixed('device', run.devices),
    ...prefixed('environment', run.environment),
    ...recordOf(record),
  };
}

function entityOf({ kind, title, recordedAt, record, sizeBytes }: TraceNode): ProvAttributes {
  return {
    'prov:type': qualified(`${PREFIX}:${kind}`),
    'prov:label': title,
    ...(recordedAt !== null && { 'assayer:recordedAt': dateTime(recordedAt) }),
    ...(sizeBytes !== null && { 'assayer:sizeBytes': sizeBytes }),
    ...recordOf(record),
  };
}

function recordOf(record: TraceNode['record']): ProvAttributes {
  return record ? { 'assayer:record': record.sequence, 'assayer:recordHash': record.hash } : {};
}

function predictionEntity(prediction: TracedPrediction): ProvAttributes {
  const { model, input, value, low, high, unit, device, inDomain, nearest, inchikey, output } = prediction;
  const numbers = { value, low, high, nearestSimilarity: nearest.similarity };
  return {
    'prov:type': qualified(`${PREFIX}:prediction`),
    'prov:label': `${model.endpoint}@${model.version} of ${input.id}`,
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([name, number]) =>
        number === null ? [] : [[`assayer:${name}`, number]],
      ),
    ),
    'assayer:unit': unit,
    'assayer:inDomain': inDomain,
    'assayer:device': device,
    'assayer:row': input.row,
    'assayer:compound': inchikey ?? input.text,
    'assayer:result': output.sha256,
  };
}

function prefixed(kind: string, values: Readonly<Record<string, string>>): ProvAttributes {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`assayer:${kind}-${encodeURIComponent(name)}`, value]),
  );
}

interface Agent {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly role: string;
}

function agentsOf({ run, approver }: TraceNode): Agent[] {
  if (run) {
    const { caller, team, engine } = run;
    const engineName = `engine ${engine}`;
    return [
      { name: id(`person/${caller}`), type: 'prov:Person', label: caller, role: 'caller' },
      { name: id(`engine/${engine}`), type: 'prov:SoftwareAgent', label: engineName, role: 'engine' },
      ...(team === null
        ? []
        : [{ name: id(`team/${team}`), type: 'prov:Organization', label: team, role: 'team' }]),
    ];
  }
  if (!approver) return [];
  const { mail, name } = approver;
  return [{ name: id(`person/${mail}`), type: 'prov:Person', label: name, role: 'approver' }];
}
