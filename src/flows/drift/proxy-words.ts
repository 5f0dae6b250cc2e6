import type { ProxyVerdict } from '../../statistics/proxies.ts';
import type { Shift } from './equivalence.ts';
import type { ConfidenceShift } from './proxies-stream.ts';
import { figure } from './verdict.ts';

/** Models that a sentence names. */
const NAMED = 3;

/**
 * The state of the proxies, and why. A model should be less sure of compounds that lie farther from its training set, and
 * surer of nearer ones.
 * @param isFarther  whether the batch lies farther than held-out compounds
 */
export function proxyWords(
  verdict: Exclude<ProxyVerdict, 'not-evaluable'>,
  isFarther: boolean,
  shifts: readonly ConfidenceShift[],
): { readonly state: 'drift' | 'steady'; readonly inWords: string } {
  const place = `The compounds lie ${isFarther ? 'farther from' : 'nearer to'} the training set than held-out compounds`;
  const several = shifts.length > 1;
  const moved = shifts.filter(({ shifted, equivalent }) => shifted && !equivalent);
  const inAll = several ? ` for all ${shifts.length} models` : '';
  switch (verdict) {
    case 'both-steady':
      return {
        state: 'steady',
        inWords: `Distance and confidence are both shown to be as before, within the margins${inAll}.`,
      };
    case 'confidence-moved-alone':
      return {
        state: 'drift',
        inWords: `${changed(moved, several)} though the compounds lie as near to the training set as before: look at the model, its inputs and its pipeline.`,
      };
    case 'oddly-steady': {
      const same = `${several ? `all ${shifts.length} models are` : 'the model is'} as sure of them as before`;
      return isFarther
        ? {
            state: 'drift',
            inWords: `${place}, and ${same}: what is not known is not noticed.`,
          }
        : { state: 'steady', inWords: `${place}, and ${same}.` };
    }
    case 'both-moved': {
      const wrong = moved.filter(({ shift }) => shift > 0 === isFarther);
      if (wrong.length === 0) {
        return { state: 'steady', inWords: `${place}. ${changed(moved, several)}, as it should be.` };
      }
      return {
        state: 'drift',
        inWords: `${place}. ${changed(wrong, several)}: confidence goes the wrong way.`,
      };
    }
  }
}

/** Which models are surer, and which less sure. */
function changed(moved: readonly ConfidenceShift[], several: boolean): string {
  const told = [
    { words: 'surer', of: moved.filter(({ shift }) => shift > 0) },
    { words: 'less sure', of: moved.filter(({ shift }) => shift <= 0) },
  ]
    .filter(({ of }) => of.length > 0)
    .map(({ words, of }) => (several ? `${words} of ${namesOf(of)}` : words));
  return `The ${several ? 'models are' : 'model is'} ${told.join(' and ')}`;
}

function namesOf(shifts: readonly ConfidenceShift[]): string {
  const names = shifts.slice(0, NAMED).map(({ endpoint }) => endpoint);
  const more = shifts.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What is known neither to have moved nor to be the same; of several models those nearest to the one and farthest from the other. */
export function neitherWords(chemistry: Shift, shifts: readonly ConfidenceShift[]): string {
  const unknown = shifts.filter(isUnknown);
  const which = isUnknown(chemistry) ? [`distance: ${twoPs(chemistry, chemistry)}`] : [];
  if (unknown.length > 0) {
    const most = unknown.toSorted((a, b) => a.shiftP - b.shiftP)[0];
    const least = unknown.toSorted((a, b) => b.equivalenceP - a.equivalenceP)[0];
    const told =
      unknown.length === 1
        ? `confidence in ${most.endpoint}: ${twoPs(most, least)}`
        : `confidence in ${unknown.length} of ${shifts.length} models: least ${p(most.shiftP)} for a shift, in ${most.endpoint}, greatest ${p(least.equivalenceP)} for being the same, in ${least.endpoint}`;
    which.push(told);
  }
  return `it is shown neither that they have moved nor that they are the same (${which.join('; ')})`;
}

const isUnknown = ({ shifted, equivalent }: Shift): boolean => !shifted && !equivalent;

const p = (value: number): string => `p ${figure(value)}`;

const twoPs = ({ shiftP }: Shift, { equivalenceP }: Shift): string =>
  `${p(shiftP)} for a shift, ${figure(equivalenceP)} for being the same`;
