import type { BundleEntry, BundleKind } from '../../core/bundle.ts';
import { identity } from '../../core/hash.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import type { RecordBodies, RegistryDraft } from '../../core/registry-records.ts';

/** What a registry and its models folder hold already. */
export interface Standing {
  readonly definitions: readonly {
    readonly endpoint: string;
    /** null for the definition that all share. */
    readonly variant: string | null;
    readonly hash: string;
    readonly assays: readonly string[];
  }[];
  readonly contracts: ReadonlySet<string>;
  readonly policies: ReadonlyMap<string, MonitorPolicy>;
  readonly datasets: ReadonlyMap<string, RecordBodies['dataset']>;
  readonly artifacts: ReadonlyMap<string, RecordBodies['artifact']>;
  /** Identity of what lies in the models folder, by `endpoint@version`. */
  readonly models: ReadonlyMap<string, string>;
}

/** Something of a bundle that cannot stand beside what this registry holds. */
export interface Conflict {
  readonly kind: BundleKind;
  readonly name: string;
  /** Identity here; null where the conflict is that something is missing here. */
  readonly ours: string | null;
  readonly theirs: string;
  readonly inWords: string;
}

/** What a bundle would change. */
export interface Comparison {
  readonly drafts: readonly RegistryDraft[];
  /** New here, and recorded by `drafts`. */
  readonly taken: readonly BundleEntry[];
  /** What is no record of its own: gate policies, and monitor policies whose time has come; a file each. */
  readonly kept: readonly BundleEntry[];
  /** Known here already. */
  readonly present: readonly BundleEntry[];
  readonly conflicts: readonly Conflict[];
  /** What somebody should know though it conflicts with nothing. */
  readonly remarks: readonly string[];
}

export interface CompareOptions {
  /** Name under which other meanings of endpoints are declared as variants; null for none, then they conflict. */
  readonly variant: string | null;
  /** ISO 8601; a policy that took effect before cannot be recorded any more, since it would judge the past. */
  readonly now: string;
}

/** What becomes of one entry. */
type Outcome = { readonly remark?: string } & (
  | { readonly as: 'taken'; readonly draft: RegistryDraft; readonly after: Standing }
  | { readonly as: 'kept' | 'present' }
  | { readonly as: 'conflict'; readonly ours: string | null; readonly inWords: string }
);

/**
 * Compares a bundle with what stands here. Nothing is merged: what is the same is present, what is new is taken, and what
 * means something else under a name that stands here is a conflict, as is what needs something that is in conflict.
 */
export function compareBundle(
  entries: readonly BundleEntry[],
  standing: Standing,
  options: CompareOptions,
): Comparison {
  const drafts: RegistryDraft[] = [];
  const lists: Record<'taken' | 'kept' | 'present', BundleEntry[]> = { taken: [], kept: [], present: [] };
  const conflicts: Conflict[] = [];
  const remarks: string[] = [];
  let known = standing;
  for (const entry of entries) {
    const outcome = judge(entry, known, options);
    if (outcome.remark !== undefined) remarks.push(outcome.remark);
    if (outcome.as === 'conflict') {
      const { ours, inWords } = outcome;
      conflicts.push({ kind: entry.kind, name: entry.name, ours, theirs: entry.hash, inWords });
      continue;
    }
    lists[outcome.as].push(entry);
    if (outcome.as !== 'taken') continue;
    drafts.push(outcome.draft);
    known = outcome.after;
  }
  return { drafts, ...lists, conflicts, remarks };
}

function judge(entry: BundleEntry, known: Standing, options: CompareOptions): Outcome {
  switch (entry.kind) {
    case 'definition':
      return judgeDefinition(entry, known, options);
    case 'contract':
      return judgeContract(entry, known);
    case 'policy':
      return judgePolicy(entry, known, options);
    case 'release-policy':
      return { as: 'kept' };
    case 'dataset':
      return judgeDataset(entry, known);
    case 'artifact':
      return judgeArtifact(entry, known);
  }
}

function judgeDefinition(
  { hash, body }: BundleEntry<'definition'>,
  known: Standing,
  { variant }: CompareOptions,
): Outcome {
  const { definition, assays } = body;
  const endpoint = definition.endpoint.id;
  const ofEndpoint = known.definitions.filter((one) => one.endpoint === endpoint);
  const same = ofEndpoint.find((one) => one.hash === hash);
  if (same) {
    const others = assays.filter((assay) => !ofEndpoint.some((one) => one.assays.includes(assay)));
    if (others.length === 0) return { as: 'present' };
    const remark = `${nameOf(endpoint, same.variant)} means the same here, where labels of ${others.join(', ')} are not known`;
    return { as: 'present', remark };
  }
  const named = (name: string | null) => ofEndpoint.find((one) => one.variant === name);
  const as = variant !== null && named(body.variant) ? variant : body.variant;
  const rival = named(as);
  const label = nameOf(endpoint, as);
  if (rival)
    return conflict(rival.hash, `${label} means something else here: ${rival.hash}, theirs is ${hash}`);
  if (as !== null && ofEndpoint.length === 0)
    return conflict(null, `${label} varies a definition that is not here`);
  const owner = (assay: string) => ofEndpoint.find((one) => one.assays.includes(assay));
  const own = assays.filter((assay) => !owner(assay));
  const lost = assays.filter(owner);
  const record = { endpoint, variant: as, hash, assays: own };
  return {
    as: 'taken',
    draft: {
      kind: 'definition',
      subject: endpoint,
      team: null,
      body: { definition, variant: as, assays: own },
    },
    after: { ...known, definitions: [...known.definitions, record] },
    ...(lost.length > 0 && {
      remark: `labels of ${lost.join(', ')} stay with ${nameOf(endpoint, owner(lost[0])?.variant ?? null)}: a label has one meaning, so they are none of ${label}`,
    }),
  };
}

function judgeContract({ hash, body }: BundleEntry<'contract'>, known: Standing): Outcome {
  if (known.contracts.has(hash)) return { as: 'present' };
  const after = { ...known, contracts: new Set([...known.contracts, hash]) };
  return { as: 'taken', draft: { kind: 'contract', subject: hash, team: null, body }, after };
}

function judgePolicy(
  { hash, body: { policy } }: BundleEntry<'policy'>,
  known: Standing,
  { now }: CompareOptions,
): Outcome {
  const { name, effectiveFrom } = policy;
  if (known.policies.has(hash)) return { as: 'present' };
  if (effectiveFrom < now) {
    const remark = `policy ${name} took effect at ${effectiveFrom}, so it cannot judge anything here: record its file with a later effectiveFrom to adopt it`;
    return { as: 'kept', remark };
  }
  const rival = [...known.policies].find(
    ([, one]) => one.name === name && one.effectiveFrom === effectiveFrom,
  );
  if (rival)
    return conflict(rival[0], `policy ${name} takes effect at ${effectiveFrom} here too, with other rules`);
  const after = { ...known, policies: new Map([...known.policies, [hash, policy]]) };
  return { as: 'taken', draft: { kind: 'policy', subject: hash, team: null, body: { policy } }, after };
}

function judgeDataset({ hash, body }: BundleEntry<'dataset'>, known: Standing): Outcome {
  const there = known.datasets.get(hash);
  if (there && identity(there) === identity(body)) return { as: 'present' };
  if (there) return conflict(hash, 'the same dataset is described in another way here');
  if (!known.definitions.some((one) => one.hash === body.definition))
    return conflict(null, `its labels are under definition ${body.definition}, which is not taken`);
  const after = { ...known, datasets: new Map([...known.datasets, [hash, body]]) };
  return { as: 'taken', draft: { kind: 'dataset', subject: hash, team: null, body }, after };
}

function judgeArtifact({ hash, name, body }: BundleEntry<'artifact'>, known: Standing): Outcome {
  const { manifest: _, ...described } = body;
  const { endpoint, version, contract, dataset } = described;
  const rival = [...known.artifacts].find(
    ([other, one]) => other !== hash && one.endpoint === endpoint && one.version === version,
  );
  if (rival) return conflict(rival[0], `${name} is another artifact here: ${rival[0]}`);
  const lying = known.models.get(name);
  if (lying !== undefined && lying !== hash)
    return conflict(lying, `the models folder holds another artifact as ${name}: ${lying}`);
  const there = known.artifacts.get(hash);
  if (there && identity(there) === identity(described)) return { as: 'present' };
  if (there) return conflict(hash, 'the same artifact is described in another way here');
  if (!known.contracts.has(contract))
    return conflict(null, `it needs contract ${contract}, which is not taken`);
  if (!known.datasets.has(dataset))
    return conflict(null, `it was trained on dataset ${dataset}, which is not taken`);
  const after = { ...known, artifacts: new Map([...known.artifacts, [hash, described]]) };
  return { as: 'taken', draft: { kind: 'artifact', subject: hash, team: null, body: described }, after };
}

function conflict(ours: string | null, inWords: string): Outcome {
  return { as: 'conflict', ours, inWords };
}

function nameOf(endpoint: string, variant: string | null): string {
  return variant === null ? endpoint : `${endpoint}, variant ${variant}`;
}
