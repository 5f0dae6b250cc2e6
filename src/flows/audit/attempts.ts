import { type AuditCheck, type AuditCheckName, type AuditEvidence, auditCheck } from '../../core/audit.ts';

/** One thing that was made again, or why it could not be. */
export interface Attempt {
  /** A run, a check, an artifact. */
  readonly what: string;
  /** gone: what it would be made from is not there any more, so that nobody can ever make it again. */
  readonly outcome: 'same' | 'differs' | 'gone' | 'not-tried';
  /** What was compared, what differs, or why it was not tried. */
  readonly inWords: string;
  readonly evidence: readonly AuditEvidence[];
  readonly remedy: string;
  /** A difference that is only to be known: on another processor floats may differ in their last digits. */
  readonly isExpected?: boolean;
}

/**
 * Judges what was made again.
 * @param of       how many there are, tried or not
 * @param nothing  what is said where there is none
 */
export function auditAttempts(
  check: AuditCheckName,
  attempts: readonly Attempt[],
  of: number,
  nothing: string,
): AuditCheck {
  const tried = attempts.filter(({ outcome }) => outcome !== 'not-tried');
  // What may differ says neither that it is the same nor that it is not.
  const settled = tried.filter(({ outcome, isExpected }) => outcome !== 'differs' || !isExpected);
  const same = attempts.filter(({ outcome }) => outcome === 'same').length;
  const told = attempts.filter(({ outcome }) => outcome === 'same' || outcome === 'not-tried');
  return auditCheck(check, {
    tried: settled.length,
    of,
    inWords:
      of === 0
        ? nothing
        : `${tried.length} of ${of} ${of === 1 ? 'was' : 'were'} tried, ${same} came out the same.`,
    evidence: told.flatMap(({ what, inWords, evidence }) => [{ name: what, value: inWords }, ...evidence]),
    findings: attempts.flatMap(({ what, outcome, inWords, evidence, remedy, isExpected = false }) => {
      if (outcome !== 'differs' && outcome !== 'gone') return [];
      const severity = outcome === 'gone' ? 'warning' : isExpected ? 'note' : 'error';
      return [{ severity, inWords: `${what}: ${inWords}`, evidence, remedy }] as const;
    }),
  });
}
