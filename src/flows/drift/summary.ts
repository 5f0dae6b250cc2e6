import { type DriftReport, type DriftStream, NOT_EVALUABLE, type Verdict } from '../../core/drift.ts';
import type { DriftCheck } from './drift-check.ts';

/** What has moved where a stream drifts, the most important first. */
const MOVED: Readonly<Record<Exclude<DriftStream, 'estimate'>, string>> = {
  performance: 'the model errs more',
  labels: 'measured values have moved',
  chemistry: 'another chemistry',
  distance: 'farther from the training set',
  proxies: 'confidence does not follow the chemistry',
  outputs: 'predictions have moved',
  descriptors: 'other descriptors',
  classifier: 'told apart by a classifier',
};
const NAMED = 4;

/** Drift where any stream drifts; not evaluable where none could be judged. A forecast judges nothing. */
export function stateOf(verdicts: readonly Verdict[]): DriftReport['state'] {
  if (verdicts.some(({ state }) => state === 'drift')) return 'drift';
  return verdicts.some(({ state }) => state === 'steady') ? 'steady' : 'not-evaluable';
}

/** What moved, and what could not be judged, in at most two sentences; figures are in the verdicts. */
export function wordsOf(
  { reference, batch }: Pick<DriftCheck, 'reference' | 'batch'>,
  verdicts: readonly Verdict[],
): string {
  const known = new Set(reference.inchikeys);
  const shared = batch.inchikeys.filter((key) => key !== '' && known.has(key)).length;
  const both = shared > 0 ? ` (${shared} of them are in the reference, too)` : '';
  const size = `this batch of ${batch.inchikeys.length} compounds${both}`;
  const silent = verdicts.filter(({ state }) => state === 'not-evaluable');
  const judged = verdicts.filter(({ state }) => state === 'drift' || state === 'steady');
  if (judged.length === 0) {
    const reasons = new Set(silent.map(reasonOf));
    return `Nothing could be judged about ${size}: ${[...reasons].join('; ')}.`;
  }
  const drifting = new Set(
    verdicts.flatMap(({ stream, state }) => (state === 'drift' ? [stream as string] : [])),
  );
  const moved = Object.entries(MOVED).flatMap(([stream, words]) => (drifting.has(stream) ? [words] : []));
  const more = moved.length > NAMED ? ` and ${moved.length - NAMED} more` : '';
  const told =
    moved.length > 0
      ? `T${size.slice(1)} differs from the reference: ${moved.slice(0, NAMED).join(', ')}${more}.`
      : `No drift was seen in ${size} by ${judged.length} ${judged.length === 1 ? 'test' : 'tests'}.`;
  if (silent.length === 0) return told;
  const unjudged = [...Map.groupBy(silent, reasonOf)].map(
    ([reason, group]) => `${group.map(({ stream }) => stream).join(', ')} (${reason})`,
  );
  return `${told} Not judged: ${unjudged.join('; ')}.`;
}

function reasonOf({ reason }: Verdict): string {
  return reason ? NOT_EVALUABLE[reason] : '';
}
