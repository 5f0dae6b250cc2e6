import type { DriftEffect, Verdict } from '../core/drift.ts';
import { html, type Markup } from './escape.ts';
import { count, counted, figure, isShort, numeral, percent, setting, withUnit } from './figures.ts';
import { shorten } from './shorten.ts';

export const NULLS: Readonly<Record<Verdict['nullHypothesis'], string>> = {
  rows: 'compounds are exchangeable one by one',
  clusters: 'whole clusters of compounds are exchangeable',
  none: 'nothing is permuted',
};

/** What stands where there is no figure. */
export const ABSENT: Markup = html`<span class="absent">none</span>`;

/** Text from outside in a line of its own direction. */
export function outside(text: string, most?: number): Markup {
  if (text === '') return html`<span class="absent">not named</span>`;
  return html`<bdi>${shorten(text, most)}</bdi>`;
}

/** Longest hash or version that is shown whole; SHA-256 has 64 characters. */
const HASH = 128;

export function hashOf(hash: string): Markup {
  return html`<code>${shorten(hash, HASH)}</code>`;
}

/** Sentences from the engine: any that it writes fit. */
export function sentences(text: string): string {
  return shorten(text, 2000);
}

/** An effect's value, a long unit under it, its 95 % interval where it has one, and its name. */
export function effectOf(effect: DriftEffect | null): Markup {
  if (effect === null) return ABSENT;
  const { name, value, unit, low, high } = effect;
  const interval =
    low === undefined || high === undefined ? '' : `95 % interval ${figure(low)} to ${figure(high)}; `;
  const under = isShort(unit) ? '' : html`${outside(unit, 64)}; `;
  return html`${inColumn(value, unit)} <small class="named">${under}${interval}${outside(name)}</small>`;
}

/** A figure of a narrow column: without its unit where that is long. */
function inColumn(value: number, unit: string): string {
  return isShort(unit) ? withUnit(value, unit) : figure(value);
}

export function pOf(p: number | null, alpha?: number): Markup {
  if (p === null) return ABSENT;
  const against = alpha === undefined ? '' : html` <small>α ${setting(alpha)}</small>`;
  return html`${setting(p)}${against}`;
}

/** Rows of either side, and what was permuted. */
export function countsOf({ counts, nullHypothesis }: Verdict): Markup {
  const units =
    nullHypothesis === 'clusters'
      ? html` <small class="unbroken">in ${counted(counts.units, 'cluster', 'clusters')}</small>`
      : '';
  return html`<span class="unbroken">${count(counts.batch)} against ${count(counts.reference)}</span>${units}`;
}

/** The smallest effect that would have been found, in the unit of the effect beside it. */
export function detectableOf({ minimumDetectable, effect, state }: Verdict): Markup {
  if (state === 'forecast') return ABSENT;
  if (minimumDetectable === null) return html`<span class="absent">not known</span>`;
  return html`${inColumn(minimumDetectable, effect?.unit ?? '')}`;
}

/** How a verdict's figures came about, in a line under a plot or a table. */
export function footnote(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'No verdict rests on this figure.';
  const { counts, effect, minimumDetectable, nullHypothesis, permutations, seed } = verdict;
  const compared = `n = ${count(counts.batch)} against ${count(counts.reference)}`;
  if (nullHypothesis === 'none') return `${compared}; nothing was permuted.`;
  const detectable =
    minimumDetectable === null ? 'not known' : withUnit(minimumDetectable, effect?.unit ?? '');
  return `${compared}; smallest effect found with 80 % power: ${detectable}; null: ${NULLS[nullHypothesis]}, B = ${count(permutations)}, seed ${numeral(seed)}.`;
}

/** A part of a verdict's statistic, and how much of the whole that is; the whole must be a positive number of the same unit. */
export function partOf(part: DriftEffect, whole: DriftEffect | null): string {
  const text = withUnit(part.value, part.unit);
  if (whole === null || whole.unit !== part.unit || !(whole.value > 0) || !Number.isFinite(part.value))
    return text;
  return `${text}, ${percent(part.value / whole.value)} of all`;
}
