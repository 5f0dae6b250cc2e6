const TOKENS = /^(?:\[[^\][\s]+\]|Br|Cl|[BCNOPSFI]|[bcnops]|[-=#$:~/\\.()*@]|%\d\d|\d)+$/;
const ATOM = /[BCNOPSFIbcnops]/;

/**
 * A cheap look at a text: only tokens of SMILES, an atom among them, every bracket closed and every ring number
 * used an even number of times. Tells a column of SMILES from names, formulas and identifiers; says nothing about chemistry.
 */
export function looksLikeSmiles(text: string): boolean {
  if (text.length > 5000 || !ATOM.test(text) || !TOKENS.test(text)) return false;
  const bare = text.replace(/\[[^\]]*\]/g, '');
  let depth = 0;
  let openRings = 0n;
  for (const [token] of bare.matchAll(/%\d\d|\d|[()]/g)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else openRings ^= 1n << BigInt(token.startsWith('%') ? token.slice(1) : token);
    if (depth < 0) return false;
  }
  return depth === 0 && openRings === 0n;
}

/** True for a text with a branch, bracket, double bond or ring: more than letters that happen to be atoms. */
export function hasSmilesStructure(text: string): boolean {
  return /[()[\]=#]|\d|[cno]{2}/.test(text);
}
