import type { RecordBodies, RegistryRecord } from '../core/registry-records.ts';

/** What a run was, without what went in and came out. */
export type RunFacts = Omit<RecordBodies['run'], 'inputs' | 'outputs' | 'lineage'> & {
  readonly team: string | null;
};

/** One thing of a trace. */
export interface TraceNode {
  /** Its hash or id. */
  readonly name: string;
  /** The kind of its record, or of a file the role that it had in a run. */
  readonly kind: string;
  /** On one line, for people: 'herg@1, trained by average'. */
  readonly title: string;
  /** When it was recorded; null for a file, which has no record of its own. */
  readonly recordedAt: string | null;
  /** Place and hash of its record in the chain. */
  readonly record: { readonly sequence: number; readonly hash: string } | null;
  readonly run: RunFacts | null;
  /** Of a file its size where it is known. */
  readonly sizeBytes: number | null;
  /** Who answers for it: the approver of a release, a policy or an approval. */
  readonly approver: { readonly name: string; readonly mail: string } | null;
}

/** A recorded thing. */
export function nodeOf(name: string, record: RegistryRecord): TraceNode {
  return {
    name,
    kind: record.kind,
    title: titleOf(record),
    recordedAt: record.time,
    record: { sequence: record.sequence, hash: record.hash },
    run: record.kind === 'run' ? runFacts(record) : null,
    sizeBytes: null,
    approver: approverOf(record),
  };
}

/** A file, which is known by the runs that read or wrote it. */
export function fileNode(
  name: string,
  role: string,
  path: string | null,
  sizeBytes: number | null,
): TraceNode {
  return {
    name,
    kind: role,
    title: path ?? 'not described by any record',
    recordedAt: null,
    record: null,
    run: null,
    sizeBytes,
    approver: null,
  };
}

/** Files of a run by their hashes, as its record names them. */
export function filesOf({ body }: RegistryRecord<'run'>): TraceNode[] {
  const { lineage } = body;
  if (!lineage) return [];
  const { input, work, output, rejects } = lineage;
  return [
    fileNode(work.input.sha256, 'input', input, null),
    fileNode(output.sha256, 'output', output.path, output.sizeBytes),
    ...(rejects ? [fileNode(rejects.sha256, 'rejects', rejects.path, rejects.sizeBytes)] : []),
  ];
}

function runFacts({ team, body }: RegistryRecord<'run'>): RunFacts {
  const { inputs: _inputs, outputs: _outputs, lineage: _lineage, ...facts } = body;
  return { ...facts, team };
}

function approverOf({ kind, body }: RegistryRecord): TraceNode['approver'] {
  if (kind === 'release') return body.release.approver;
  if (kind === 'policy') return body.policy.approver;
  return kind === 'approval' ? body.approver : null;
}

function titleOf(record: RegistryRecord): string {
  const { kind, subject, body } = record;
  switch (kind) {
    case 'team':
      return `${subject}, ${body.title}`;
    case 'definition': {
      const { endpoint } = body.definition;
      return `${subject}${body.variant ? ` (variant ${body.variant})` : ''}: ${endpoint.title}, ${endpoint.unit}`;
    }
    case 'contract': {
      const { toolkit, fingerprint, descriptors } = body.contract;
      return `${toolkit.name} ${toolkit.version}, ${fingerprint.bits} bits, ${descriptors.names.length} descriptors`;
    }
    case 'dataset':
      return `${body.endpoint}, ${body.rows.toLocaleString('en')} rows, ${body.source} (${body.licence})`;
    case 'feature-set':
      return `${body.rows.toLocaleString('en')} rows`;
    case 'artifact':
      return `${body.endpoint}@${body.version}, trained by ${body.trainer}`;
    case 'release': {
      const { endpoint, sequence, version, outcome, approver } = body.release;
      return `${endpoint}@${version} ${outcome} (record ${endpoint}#${sequence}) by ${approver.name}`;
    }
    case 'run':
      return runTitle(body, record.team);
    case 'submission':
      return `${subject} to ${body.endpoint}, assay ${body.assay}, ${body.submittedAt}`;
    case 'label':
      return `${subject}: ${body.endpoint} ${body.relation === '=' ? '' : `${body.relation} `}${body.value} ${body.unit}, assay ${body.assay}`;
    case 'assay-event':
      return body.stage === 'reported'
        ? `${body.endpoint}, assay ${body.assay}: ${body.change}, since ${body.since}, reported by ${body.by.name}`
        : `confirmed by ${body.by.name}: ${body.reason}`;
    case 'monitor':
      return `${subject} of ${body.endpoint}, ${body.schedule}, watches ${body.streams.join(', ')}`;
    case 'policy':
      return `${body.policy.name}, effective from ${body.policy.effectiveFrom}, approved by ${body.policy.approver.name}`;
    case 'approval':
      return `by ${body.approver.name}: ${body.reason}`;
    case 'evidence': {
      const { streams, time } = body.evidence;
      const told = streams.map(({ stream, state }) => `${stream} ${state}`).join(', ');
      return `check of ${time}: ${told || 'nothing was evaluable'}`;
    }
    case 'decision':
      return `${body.decision.outcome}: ${body.decision.inWords}`;
    case 'monitor-event':
      return body.kind === 'resumed'
        ? `${body.approver.name} ended ${body.scope}: ${body.reason}`
        : `bridge compounds of ${body.time}: ${body.verdict}, ${body.pairs} pairs`;
    case 'retrain':
      return `${subject}: ${body.stage}${body.problem ? `, ${body.problem}` : ''}`;
    case 'told':
      return body.outcome.inWords;
    case 'bundle':
      return `${body.direction}, ${body.records.length} records, ${body.conflicts.length} conflicts`;
    case 'head':
      return `record ${body.head.sequence}, signed by key ${body.head.key.slice(0, 12)}`;
  }
}

function runTitle(body: RecordBodies['run'], team: string | null): string {
  const { command, counts, caller, engine } = body;
  const devices = [...new Set(Object.values(body.devices))].join(', ') || 'no device';
  const seconds = (Date.parse(body.finishedAt) - Date.parse(body.startedAt)) / 1000;
  const rows = `${counts.rows.toLocaleString('en')} rows (${counts.rejected.toLocaleString('en')} rejected)`;
  const who = `by ${caller}${team === null ? '' : ` of ${team}`}`;
  return `${command} of ${body.startedAt}, ${seconds.toFixed(1)} s, ${rows}, on ${devices}, engine ${engine}, ${who}`;
}
