import type { CheckName } from '../../core/release.ts';
import type { ReleasePolicy } from '../../core/release-policy.ts';

/** Checks that no policy can let anybody waive, and what mends them. */
const MENDED_BY: Partial<Record<CheckName, string>> = {
  integrity:
    "integrity cannot be waived: bring back the artifact's own files, or judge it on the rows that its figures are of.",
  contract: 'contract cannot be waived: train or import the model again under the features of this engine.',
};

/** What can be done about the checks that failed, in words that end with a full stop. */
export function adviceOn(failed: readonly CheckName[], { waivers }: ReleasePolicy): string {
  const allowed = failed.filter((check) => (waivers.allowed as readonly CheckName[]).includes(check));
  const rest = failed.filter((check) => !allowed.includes(check) && !MENDED_BY[check]);
  const waived = allowed.map((check) => `--waive ${check}="why"`).join(' ');
  const sentences = [
    ...failed.flatMap((check) => MENDED_BY[check] ?? []),
    ...(rest.length > 0 ? [`The policy does not let ${rest.join(', ')} be waived: correct the model.`] : []),
    ...(waived ? [`For ${allowed.join(', ')}: correct the model, or waive with a reason (${waived}).`] : []),
  ];
  const text = sentences.join(' ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
