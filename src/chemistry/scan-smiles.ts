import { CHARGE_LIMIT, type Limits } from './limits.ts';
import type { Rejection } from './read-smiles.ts';

/** Atoms written without brackets, by their first letter, and the dummy. */
const ATOMS = 'CcOoNnFSsPpBbI*';
const BRACKET_CHARACTER = /^[A-Za-z0-9@+\-:#*]*$/;
/** Queries inside brackets: logic, recursion, and primitives for connections, rings, degree, valence. */
const SMARTS_ATOM = /[!&,;$~]|^#\d+$|^(?:[A-Z][a-z]?|[a-z]|\*)?[XDRrvx]\d+$|^[*]?R$/;
const CHARGE = /[+-](\d+)/;
const HYDROGEN = /^\d*H(?![efgos])/;
const RING_BOND = /%\((\d{1,5})\)|%(\d\d)|(\d)/y;

/**
 * Looks over a SMILES from left to right, without judging its whole grammar: refuses other notations (SMARTS,
 * reactions), characters that no SMILES holds, ring bonds whose two ends disagree (RDKit takes the first),
 * charges that RDKit cannot hold, and more atoms or deeper nesting than the limits.
 * @param smiles  printable ASCII without white space
 * @returns undefined when it may be parsed
 */
export function scanSmiles(smiles: string, limits: Limits): Rejection | undefined {
  const openRings = new Map<number, string>();
  let heavyAtoms = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < smiles.length; i++) {
    const character = smiles[i];
    if (ATOMS.includes(character)) {
      heavyAtoms++;
      const next = smiles[i + 1];
      if ((character === 'C' && next === 'l') || (character === 'B' && next === 'r')) i++;
    } else if (character === '[') {
      const close = smiles.indexOf(']', i);
      const atom = smiles.slice(i + 1, close < 0 ? undefined : close);
      if (SMARTS_ATOM.test(atom)) return { code: 'NOT_SMILES', detail: `SMARTS atom [${cut(atom)}]` };
      if (close < 0) return { code: 'SYNTAX', detail: `bracket at character ${i + 1} is not closed` };
      if (!BRACKET_CHARACTER.test(atom)) return { code: 'SYNTAX', detail: `bracket atom [${cut(atom)}]` };
      if (Number(CHARGE.exec(atom)?.[1] ?? 0) > CHARGE_LIMIT) {
        return { code: 'SYNTAX', detail: `charge of [${cut(atom)}], at most ${CHARGE_LIMIT}` };
      }
      if (!HYDROGEN.test(atom)) heavyAtoms++;
      i = close;
    } else if ((character >= '0' && character <= '9') || character === '%') {
      RING_BOND.lastIndex = i;
      const match = RING_BOND.exec(smiles);
      if (!match) return { code: 'SYNTAX', detail: `ring number at character ${i + 1}` };
      const ring = Number(match[1] ?? match[2] ?? match[3]);
      const bond = ringBond(smiles, i);
      const other = openRings.get(ring);
      if (other === undefined) openRings.set(ring, bond);
      else {
        openRings.delete(ring);
        if (bond && other && bond !== other) {
          return {
            code: 'SYNTAX',
            detail: `ring bond ${ring} is ${other} at one end and ${bond} at the other`,
          };
        }
      }
      i = RING_BOND.lastIndex - 1;
    } else if (character === '(') {
      deepest = Math.max(deepest, ++depth);
    } else if (character === ')') {
      depth--;
    } else if (character === '~') {
      return { code: 'NOT_SMILES', detail: 'SMARTS bond ~' };
    } else if (character === '>' && smiles[i - 1] !== '-') {
      return { code: 'NOT_SMILES', detail: 'a reaction' };
    } else if (!'.=#$:-/\\>'.includes(character) && !(character === '<' && smiles[i + 1] === '-')) {
      return { code: 'SYNTAX', detail: `${character} at character ${i + 1}` };
    }
  }
  if (heavyAtoms > limits.heavyAtoms) {
    return { code: 'TOO_MANY_ATOMS', detail: `${heavyAtoms}, limit ${limits.heavyAtoms}` };
  }
  if (deepest > limits.heavyAtoms) {
    return { code: 'TOO_MANY_ATOMS', detail: `branches ${deepest} deep, limit ${limits.heavyAtoms}` };
  }
  return undefined;
}

/** The bond symbol before a ring number; '' where it is left out, points (dative) or only gives a direction. */
function ringBond(smiles: string, at: number): string {
  const symbol = smiles[at - 1];
  if (symbol === '-' && smiles[at - 2] === '<') return '';
  return symbol !== undefined && '=#$:-'.includes(symbol) ? symbol : '';
}

function cut(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}...` : text;
}
