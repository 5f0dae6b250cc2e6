import type { ProxyVerdict } from '../../statistics/proxies.ts';
import type { ConfidenceShift } from './proxies-stream.ts';

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
  const inAll = several ? ` for ${namesOf(shifts)}` : '';
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
      const same = `the ${several ? 'models are' : 'model is'} as sure of them as before${inAll}`;
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
  return shifts.map(({ endpoint }) => endpoint).join(', ');
}
