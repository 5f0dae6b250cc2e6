import type { RejectCode } from '../core/rejects.ts';
import type { Limits } from './limits.ts';
import { scanSmiles } from './scan-smiles.ts';

/** Why one compound is refused. */
export interface Rejection {
  readonly code: RejectCode;
  readonly detail?: string;
}

/** Texts of other notations, by what they hold; the toolkit would guess at some of them. */
const OTHER_NOTATIONS: readonly (readonly [RegExp, string])[] = [
  [/M {2}END|V2000|V3000|\$\$\$\$/, 'a molfile'],
  [/rdkitjson|commonchem/, 'JSON'],
  [/^InChI=|^AuxInfo=/, 'an InChI'],
  [/^[A-Z]{14}-[A-Z]{10}-[A-Z]$/, 'an InChIKey'],
];

const OUTER_WHITE_SPACE = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;

/**
 * The gate before the parser: takes the SMILES out of a text, or says why it is none. What passes is ASCII, bounded
 * in length, atoms and nesting, so that the toolkit cannot be overrun; its grammar is the parser's to judge.
 * @param input  text as given; surrounding ASCII white space is dropped
 * @returns the SMILES (with its CXSMILES block, if any), or the refusal
 */
export function readSmiles(input: string, limits: Limits): string | Rejection {
  // Trimmed by hand where it is long: the expression above would try every run of inner white space.
  const text = input.length > limits.smilesBytes ? trimEnds(input) : input.replace(OUTER_WHITE_SPACE, '');
  if (text === '') return { code: 'EMPTY' };
  if (text.length > limits.smilesBytes) {
    return { code: 'TOO_LONG', detail: `${text.length} characters, limit ${limits.smilesBytes}` };
  }
  for (const [pattern, name] of OTHER_NOTATIONS) {
    if (pattern.test(text)) return { code: 'NOT_SMILES', detail: name };
  }
  const odd = /[^ -~\t\n\v\f\r]/u.exec(text);
  if (odd) {
    const code = odd[0].codePointAt(0)!;
    const detail = `U+${code.toString(16).toUpperCase().padStart(4, '0')} at character ${odd.index + 1}`;
    return { code: code < 128 ? 'CONTROL_CHARACTER' : 'NON_ASCII', detail };
  }
  const end = text.search(/\s/);
  const smiles = end < 0 ? text : text.slice(0, end);
  const refusal = scanSmiles(smiles, limits);
  if (refusal) return refusal;
  // Atom maps number atoms for a reaction and say nothing about the compound.
  const unmapped = smiles.replace(/:\d+\]/g, ']');
  if (end < 0) return unmapped;
  const rest = text.slice(end);
  return /^[ \t]+\|[^\n\r]*\|$/.test(rest) ? unmapped + rest : { code: 'TRAILING_TEXT' };
}

function trimEnds(input: string): string {
  const blank = (i: number) => ' \t\n\v\f\r'.includes(input[i]);
  let start = 0;
  let end = input.length;
  while (start < end && blank(start)) start++;
  while (end > start && blank(end - 1)) end--;
  return input.slice(start, end);
}
