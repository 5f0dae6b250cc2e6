/** What an audit asks of every release, and of the registry as a whole. */
export const AUDIT_CHECKS = {
  gate: 'whether the release went through the gate, with every check recorded',
  files: 'whether the files of the artifact are there, unchanged, with their card',
  versions: 'whether all seven versions are present, and the registry says the same of them',
  environment: 'whether the environment that made the artifact is pinned',
  rebuild: 'whether the artifact can be made again from its data',
  calibration: 'whether calibration and split are recorded',
  inputs: 'whether the features of recorded runs come out again from their inputs',
  outputs: 'whether the results of recorded runs come out again, byte by byte',
  monitored: 'whether somebody watches the release',
  policy: 'whether every check was judged by a policy that is older than it',
  current: 'whether the last check is no older than the schedule of the monitor allows',
  labels: 'whether the labels behind the last check are mature',
  verdict: 'whether the last verdict comes out again, byte by byte',
  'in-force': 'whether anything is frozen or widened',
  chain: 'whether the chain of records is whole',
  anchors: 'whether the chain still holds the heads that were anchored outside',
  outbox: 'whether every run was taken in',
  meanings: 'whether an endpoint means one thing under its name',
  blobs: 'whether stored files are what their names say',
  waste: 'whether device hours went into work that was done before',
} as const;

export type AuditCheckName = keyof typeof AUDIT_CHECKS;

/** error: what was claimed is wrong or cannot be shown. warning: it will be, or nobody would notice. note: to be known. */
export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A hash, a path or a figure. */
export interface AuditEvidence {
  readonly name: string;
  readonly value: string;
}

export interface Finding {
  readonly severity: Severity;
  readonly inWords: string;
  readonly evidence: readonly AuditEvidence[];
  /** A command or an act that settles it. */
  readonly remedy: string;
}

/** What came of one question. */
export interface AuditCheck {
  readonly check: AuditCheckName;
  /**
   * passed: all of it was tried and held. found: an error or a warning was. partly: what was tried held, and not all was
   * tried. not-tried: nothing was, which is no pass. Notes may stand beside each
   */
  readonly state: 'passed' | 'found' | 'partly' | 'not-tried';
  readonly inWords: string;
  readonly evidence: readonly AuditEvidence[];
  readonly findings: readonly Finding[];
}

/** One recorded release. */
export interface ReleaseAudit {
  readonly endpoint: string;
  readonly version: string;
  /** Hash of the release record, and identity of what it released. */
  readonly record: string;
  readonly artifact: string | null;
  readonly team: string | null;
  readonly approver: string;
  readonly time: string;
  /** Whether the endpoint answers with it; else another release took its place. */
  readonly isCurrent: boolean;
  readonly checks: readonly AuditCheck[];
}

/** A bar of the device hours: what ran where, for how long. */
export interface DeviceHours {
  readonly command: string;
  readonly device: string;
  readonly runs: number;
  readonly hours: number;
}

export interface AuditReport {
  readonly schema: 'assayer.audit/1';
  readonly engine: string;
  readonly time: string;
  readonly workspace: string;
  /** null for all teams. */
  readonly team: string | null;
  /** The chain that was read. */
  readonly head: { readonly sequence: number; readonly hash: string | null };
  readonly state: 'error' | 'warning' | 'incomplete' | 'clean';
  readonly inWords: string;
  readonly counts: Readonly<Record<Severity, number>> & {
    readonly passed: number;
    /** Checks of which all or a part was not tried. */
    readonly notTried: number;
  };
  readonly registry: readonly AuditCheck[];
  readonly releases: readonly ReleaseAudit[];
  readonly hours: readonly DeviceHours[];
}

/**
 * The outcome of a check from what was tried: nothing that was not tried is ever a pass.
 * @param tried  of how many things, such as runs; 1 of 1 for a check that has no parts
 */
export function auditCheck(
  check: AuditCheckName,
  {
    tried = 1,
    of = 1,
    inWords,
    evidence = [],
    findings = [],
  }: {
    readonly tried?: number;
    readonly of?: number;
    readonly inWords: string;
    readonly evidence?: readonly AuditEvidence[];
    readonly findings?: readonly Finding[];
  },
): AuditCheck {
  const isFound = findings.some(({ severity }) => severity !== 'note');
  const state = isFound ? 'found' : tried === 0 ? 'not-tried' : tried < of ? 'partly' : 'passed';
  return { check, state, inWords, evidence, findings };
}

/** Puts checks together into a report with its verdict. */
export function auditReport(
  parts: Omit<AuditReport, 'schema' | 'state' | 'inWords' | 'counts'>,
): AuditReport {
  const checks = [...parts.registry, ...parts.releases.flatMap((release) => release.checks)];
  const findings = checks.flatMap((check) => check.findings);
  const number = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const inState = (...states: AuditCheck['state'][]) =>
    checks.filter(({ state }) => states.includes(state)).length;
  const counts = {
    error: number('error'),
    warning: number('warning'),
    note: number('note'),
    passed: inState('passed'),
    notTried: inState('not-tried', 'partly'),
  };
  const state =
    counts.error > 0
      ? 'error'
      : counts.warning > 0
        ? 'warning'
        : counts.notTried > 0
          ? 'incomplete'
          : 'clean';
  const inWords = wordsOf(parts.releases.length, counts);
  return { schema: 'assayer.audit/1', state, inWords, counts, ...parts };
}

function wordsOf(
  releases: number,
  { error, warning, note, passed, notTried }: AuditReport['counts'],
): string {
  const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`;
  const found = `${plural(error, 'error')}, ${plural(warning, 'warning')} and ${plural(note, 'note')}`;
  const rest =
    notTried > 0
      ? ` ${plural(notTried, 'check')} ${notTried === 1 ? 'was' : 'were'} not tried, or only in part.`
      : '';
  return `Of ${plural(releases, 'release')} ${plural(passed, 'check')} passed, with ${found}.${rest}`;
}
