import { shorten } from './shorten.ts';

/** Stands between a figure and its unit, so that no line breaks there. */
const NO_BREAK = '\u00a0';

const UNUSUAL = new Map<number, string>([
  [Number.POSITIVE_INFINITY, 'infinite'],
  [Number.NEGATIVE_INFINITY, 'minus infinity'],
]);

/** @returns words for NaN and the infinities, which are no figures; null for every other number */
function inWords(value: number): string | null {
  return Number.isFinite(value) ? null : (UNUSUAL.get(value) ?? 'not a number');
}

/**
 * A measured number with so many significant digits, thousands set apart; integers whole, very large and very small numbers as
 * a power of ten.
 * @param digits  significant digits, >= 1
 */
export function figure(value: number, digits = 3): string {
  const words = inWords(value);
  if (words !== null) return words;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return count(value);
  if (size < 1e-4 || size >= 1e7) return power(value, digits);
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return grouped(signed(rounded.toFixed(decimals)));
}

/** The same without zeros at the end of its decimals: for numbers that somebody chose, and for p. */
export function setting(value: number, digits = 3): string {
  const text = figure(value, digits);
  return /^[^.]*\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** A number of things, every digit shown. */
export function count(value: number): string {
  return Math.abs(value) < 1e15 ? grouped(signed(String(Math.round(value)))) : figure(value);
}

/** A number that is a name, a seed: every digit, none set apart. */
export function numeral(value: number): string {
  return inWords(value) ?? String(value);
}

/** A share of 1 in per cent, one decimal below 10 % and above 90 %. */
export function percent(share: number): string {
  const words = inWords(share);
  if (words !== null) return words;
  const value = share * 100;
  const nearEnd = Math.abs(value) < 10 || (value > 90 && value < 100);
  return `${signed(value.toFixed(nearEnd && value !== 0 ? 1 : 0))}${NO_BREAK}%`;
}

/** Longest unit that is kept on one line with its figure. */
const SHORT_UNIT = 8;

/** A unit without what is said of it after a comma: `log10(bound/unbound)` of `log10(bound/unbound), limits -3 to 3`. */
export function briefUnit(unit: string): string {
  const comma = unit.indexOf(', ');
  return shorten(comma > 0 ? unit.slice(0, comma) : unit, 48);
}

/** Whether a unit stands on one line with its figure, or has to stand under it where there is little room. */
export function isShort(unit: string): boolean {
  return unit.length <= SHORT_UNIT;
}

/** A unit where the name beside it does not hold it already, as `probability of ames` does; else ''. */
export function unitBeside(name: string, unit: string): string {
  return name.split(' ').includes(unit) ? '' : unit;
}

/** A figure and its unit, without what is remarked on that; nothing is added where the number has none. */
export function withUnit(value: number, unit: string, digits = 3): string {
  const text = figure(value, digits);
  if (unit === '' || !Number.isFinite(value)) return text;
  const brief = briefUnit(unit);
  return `${text}${isShort(brief) ? NO_BREAK : ' '}${brief}`;
}

/** A noun after its number: `1 row`, `2 rows`. */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)}${NO_BREAK}${value === 1 ? one : many}`;
}

const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function power(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const raised = exponent.replace('+', '').replace('-', '⁻');
  const digitsUp = raised.replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)]);
  return `${signed(mantissa)}${NO_BREAK}×${NO_BREAK}10${digitsUp}`;
}

function grouped(text: string): string {
  const [whole, decimals] = text.split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return decimals === undefined ? apart : `${apart}.${decimals}`;
}

function signed(text: string): string {
  return text.replace('-', '−');
}
