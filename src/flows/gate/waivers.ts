import { AssayerError } from '../../core/errors.ts';
import { CHECKS, type CheckName, type Waiver } from '../../core/release.ts';
import type { ReleasePolicy } from '../../core/release-policy.ts';

/**
 * Reads waivers as they are given, `check=reason`.
 * @throws ERR_RELEASE_WAIVER where the check is unknown, named twice, not for waiving under this policy, or without a
 *   reason that says something
 */
export function parseWaivers(texts: readonly string[], { waivers }: ReleasePolicy): Waiver[] {
  const found: Waiver[] = [];
  for (const text of texts) {
    const [, check, given] = /^([^=]*)=(.*)$/s.exec(text) ?? [null, text, ''];
    const reason = given.trim().replace(/\s+/g, ' ');
    const problem = problemOf(check, reason, found, waivers);
    if (problem !== null) throw new AssayerError('ERR_RELEASE_WAIVER', { check, problem });
    found.push({ check: check as CheckName, reason });
  }
  return found;
}

function problemOf(
  check: string,
  reason: string,
  found: readonly Waiver[],
  { allowed, minReason }: ReleasePolicy['waivers'],
): string | null {
  if (!(CHECKS as readonly string[]).includes(check)) {
    return `there is no such check; give check="reason", check being one of ${allowed.join(', ') || 'none'}`;
  }
  if (!(allowed as readonly string[]).includes(check)) {
    return `the policy does not allow it; it allows ${allowed.join(', ') || 'none'}`;
  }
  if (found.some((waiver) => waiver.check === check)) return 'it is named twice';
  if (reason.length < minReason) {
    return `its reason has ${reason.length} characters, and ${minReason} are asked for; say why the failure can be lived with`;
  }
  return null;
}
