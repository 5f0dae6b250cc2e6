import type { CheckResult } from '../../core/release.ts';
import { type GateInput, judged } from './gate-input.ts';

/** Somebody with a name and an address answers for the release. */
export function checkApprover({ approver }: GateInput): CheckResult {
  const value = approver ? `${approver.name} <${approver.mail}>` : null;
  const words = approver
    ? `${approver.name} answers for this release.`
    : 'Nobody answers for this release. Name the approver as "Name <mail>".';
  return judged(
    'approver',
    [{ name: 'approver', value, bound: 'Name <mail>', holds: approver !== null }],
    words,
  );
}
