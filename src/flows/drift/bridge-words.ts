import type { BridgeFigures, BridgeSettings, BridgeState } from './bridge.ts';

/** The verdict as a chemist reads it, the first sentence first; each string is a sentence or two. */
export function bridgeWords(
  state: BridgeState,
  figures: BridgeFigures,
  settings: BridgeSettings,
): readonly string[] {
  if (!(figures.agreement.deviation > 0)) return [withoutSpread(state, figures)];
  return [verdictWords(state, figures, settings), ...remarks(state, figures, settings)];
}

function verdictWords(
  state: BridgeState,
  { pairs, t, equivalence, pairsNeeded }: BridgeFigures,
  { margin, alpha }: BridgeSettings,
): string {
  const moved = `by ${logUnits(t.mean)}, ${directionOf(t.mean)}`;
  const wide = `${percent(1 - 2 * alpha)} interval ${range(equivalence)}`;
  if (state === 'equivalent') {
    const differs = t.p <= alpha ? `They do differ (p = ${short(t.p)}), by less than matters. ` : '';
    return `Equivalent. On average values moved ${moved} (${wide}), shown to be within the margin of ${short(margin)}. ${differs}As far as the average goes, values from before and after can stand in one series.`;
  }
  if (state === 'changed') {
    const isBeyond = Math.min(Math.abs(equivalence.low), Math.abs(equivalence.high)) >= margin;
    return `Changed. On average values moved ${moved} (${wide}, p = ${short(t.p)}), ${
      isBeyond
        ? `by more than the margin of ${short(margin)}`
        : `and it was not shown that this is within the margin of ${short(margin)}`
    }. Do not put values from before and after into one series.`;
  }
  const settle = Number.isFinite(pairsNeeded)
    ? `With this spread about ${number(pairsNeeded)} pairs would settle it in 8 cases of 10 (${number(Math.max(0, pairsNeeded - pairs))} more), whether nothing moved or all moved by the margin; between the two it takes more.`
    : 'With this spread more than a million pairs would be needed: the margin is too narrow for this assay.';
  return `Not shown either way. On average values moved ${moved} (${wide}, p = ${short(t.p)}): neither a change nor equivalence within ${short(margin)} was shown by ${number(pairs)} pairs. ${settle}`;
}

/** What a mean does not tell. */
function remarks(
  state: BridgeState,
  { wilcoxon, agreement, detectable, t, pairs }: BridgeFigures,
  { alpha }: BridgeSettings,
): string[] {
  const said: string[] = [
    `One compound by itself: 95 % are expected to move by ${range({ low: agreement.lower.value, high: agreement.upper.value })} (limits of agreement).`,
  ];
  // 2 / 2^n is the least two-sided p of n signs.
  if (2 ** (1 - wilcoxon.pairs) > alpha) {
    said.push(
      `The rank test cannot reach p = ${alpha} with ${number(wilcoxon.pairs)} pairs that differ; the verdict rests on differences being about normal.`,
    );
  } else if (wilcoxon.p <= alpha !== t.p <= alpha) {
    said.push(
      `The rank test, which single large differences move little, says otherwise (p = ${short(wilcoxon.p)}): look at the largest differences below.`,
    );
  }
  if (state !== 'changed')
    said.push(
      `A change of ${short(detectable)} log units would have been found in 8 cases of 10 with these ${number(pairs)} pairs.`,
    );
  return said;
}

function withoutSpread(state: BridgeState, { pairs, t }: BridgeFigures): string {
  if (pairs === 1) {
    return `Not evaluable: one pair, which moved by ${logUnits(t.mean)}, has no spread to judge by. At least 2 are needed, and 6 for the rank test; 10 to 20 are a usual number.`;
  }
  if (state === 'changed') {
    return `Changed. All ${number(pairs)} pairs moved by exactly ${logUnits(t.mean)}, ${directionOf(t.mean)}. Measurements scatter; this is a change of unit or a correction by a factor.`;
  }
  const same =
    t.mean === 0
      ? `all ${number(pairs)} pairs are equal to the last digit`
      : `all ${number(pairs)} pairs moved by exactly ${logUnits(t.mean)}`;
  return `Not evaluable: ${same}. Measurements scatter; check that the columns are two measurements, not copies.`;
}

/** What a difference of log10 values is as a ratio, in three digits. */
export function foldText(difference: number): string {
  return Number((10 ** Math.abs(difference)).toPrecision(3)).toLocaleString('en');
}

function directionOf(mean: number): string {
  if (mean === 0) return 'neither up nor down';
  return `${foldText(mean)}-fold ${mean > 0 ? 'higher' : 'lower'} after the change`;
}

function logUnits(value: number): string {
  return `${signed(value)} log units`;
}

function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${signed(low)} to ${signed(high)}`;
}

function signed(value: number): string {
  const text = value.toFixed(2);
  if (Number(text) === 0) return value === 0 ? '0' : `${value > 0 ? '+' : ''}${short(value)}`;
  return value > 0 ? `+${text}` : text;
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}

function number(count: number): string {
  return count.toLocaleString('en');
}
