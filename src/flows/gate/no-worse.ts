import { requireComparable } from '../../core/comparison-versions.ts';
import { AssayerError } from '../../core/errors.ts';
import type { CheckResult } from '../../core/release.ts';
import { figure, type GateInput, judged, measured, notMeasured } from './gate-input.ts';
import { LOSSES } from './losses.ts';
import { pairedLoss } from './paired-loss.ts';

/**
 * On the same rows the model loses no more than the agreed margin against the current release: the upper end of the paired
 * 95 % interval of the difference must stay below it, so what cannot be told apart from worse does not pass either.
 */
export function checkNoWorse({ candidate, current, policy }: GateInput): CheckResult {
  if (!current) {
    return judged(
      'no-worse',
      [],
      'This is the first release of the endpoint; the check of baselines says whether it is worth one.',
    );
  }
  const { scored, unscored } = candidate;
  if (!scored) return notMeasured('no-worse', unscored);
  if (!current.scored)
    return notMeasured('no-worse', `the current release ${current.name}: ${current.problem}`);
  const own = scored.artifact.manifest;
  const other = current.scored.artifact.manifest;
  const problem = comparisonProblem(() => requireComparable(other, own));
  if (problem !== null) return notMeasured('no-worse', problem);

  const { actual, predicted, groups } = scored.rows;
  const measurements = LOSSES[own.endpoint.kind].map((loss) => {
    const found = pairedLoss(loss, actual, predicted, current.scored!.rows.predicted, groups);
    const margin =
      loss.scale === 'relative' ? policy.noWorse.relativeLoss * found.other : policy.noWorse.auroc;
    const { value, low, high } = found.difference;
    return {
      ...measured(
        `${loss.name}, difference to ${current.name}`,
        value,
        `95 % interval (${figure(low)} to ${figure(high)}) below ${figure(margin)}`,
        high <= margin,
      ),
      own: figure(found.own),
      other: figure(found.other),
    };
  });
  const failed = measurements.filter(({ holds }) => !holds);
  const words =
    failed.length === 0
      ? `Not worse than ${current.name} on the same ${actual.length} rows beyond the margin.`
      : `May be worse than ${current.name} beyond the margin: ${failed.map(({ name, value }) => `${name} is ${value}`).join('; ')}.`;
  return judged('no-worse', measurements, words, { current: other.hash });
}

/** Why two models cannot be compared; null where they can. */
function comparisonProblem(compare: () => void): string | null {
  try {
    compare();
    return null;
  } catch (cause) {
    if (cause instanceof AssayerError && cause.code === 'ERR_NOT_COMPARABLE')
      return cause.message.replace(/\.$/, '');
    throw cause;
  }
}
