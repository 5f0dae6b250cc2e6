import {
  type DriftReport,
  type DriftStream,
  NOT_EVALUABLE,
  STREAM_NAMES,
  type Verdict,
} from '../../core/drift.ts';
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
  const both = shared > 0 ? ` (${shared} of them ${shared === 1 ? 'is' : 'are'} in the reference, too)` : '';
  const size = batch.inchikeys.length;
  const subject = `this batch of ${size} ${size === 1 ? 'compound' : 'compounds'}${both}`;
  const unjudged = verdicts.filter(({ state }) => state === 'not-evaluable');
  const judged = verdicts.filter(({ state }) => state === 'drift' || state === 'steady');
  if (judged.length === 0) {
    const reasons = new Set(unjudged.map(reasonOf));
    return `Nothing could be judged about ${subject}: ${[...reasons].join('; ')}.`;
  }
  const drifting = new Set(
    verdicts.flatMap(({ stream, state }) => (state === 'drift' ? [stream as string] : [])),
  );
  const moved = Object.entries(MOVED).flatMap(([stream, words]) => (drifting.has(stream) ? [words] : []));
  const more = moved.length > NAMED ? ` and ${moved.length - NAMED} more` : '';
  const told =
    moved.length > 0
      ? `T${subject.slice(1)} differs from the reference: ${moved.slice(0, NAMED).join(', ')}${more}.`
      : `No drift was seen in ${subject} by ${judged.length} ${judged.length === 1 ? 'test' : 'tests'}.`;
  // Of a healthy batch it is often shown neither that confidence moved nor that it did not: no reason to worry.
  const silent = unjudged.filter(({ reason }) => reason !== 'inconclusive');
  if (silent.length === 0) return told;
  const named = [...Map.groupBy(silent, reasonOf)].map(
    ([reason, group]) => `${group.map(({ stream }) => nameOf(stream)).join(', ')} (${reason})`,
  );
  return `${told} Not judged: ${named.join('; ')}.`;
}

function reasonOf({ reason }: Verdict): string {
  return reason ? NOT_EVALUABLE[reason] : '';
}

/** Within a sentence. */
function nameOf(stream: DriftStream): string {
  const name = STREAM_NAMES[stream];
  return name[0].toLowerCase() + name.slice(1);
}
