import { AssayerError } from '../../core/errors.ts';
import type { Approver, CheckResult } from '../../core/release.ts';
import { type GateInput, judged } from './gate-input.ts';

/**
 * Who answers for a release, from `Name <mail>`. The command asks for this before anything is measured: without somebody
 * who answers, no measurement can end in a release.
 * @throws ERR_USAGE naming the part that is missing
 */
export function requireApprover(text: string): Approver {
  const [, name, mail] = /^([^<>]*)(?:<([^<>]*)>)?$/.exec(text.trim()) ?? [];
  const known = name?.trim() ?? '';
  const address = mail?.trim() ?? '';
  const refused = (problem: string) =>
    new AssayerError('ERR_USAGE', { problem: `${problem} Nothing was measured.` });
  if (text.trim() === '') {
    throw refused('Nobody answers for this release. Name the approver: --approver "Name <mail>".');
  }
  if (name === undefined) throw refused(`The approver ${text} is not of the form "Name <mail>".`);
  if (!/\p{L}/u.test(known)) {
    throw refused(`The approver ${text} has no name: write it before the <mail>, "Name <mail>".`);
  }
  if (mail === undefined) {
    throw refused(`The approver ${text} has no <mail>: write --approver "${known} <mail>".`);
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(address)) {
    throw refused(`The approver ${text} has no mail address between < and >.`);
  }
  return { name: known, mail: address };
}

/** Somebody with a name and an address answers for the release; `requireApprover` made sure of it. */
export function checkApprover({ approver: { name, mail } }: GateInput): CheckResult {
  const who = { name: 'approver', value: `${name} <${mail}>`, bound: 'Name <mail>', holds: true };
  return judged('approver', [who], `${name} answers for this release.`);
}
