import { elementSymbol } from './element.ts';
import type { MoleculeGraph } from './graph.ts';

/** Non-metals in the order of IUPAC's Red Book (2005), table VI, as inorganic formulas are written. */
const INORGANIC_ORDER = 'B Si C Sb As P N Te Se S At I Br Cl O F'.split(' ');

/** With one of these, hydrogen leads (H2O, HCl, H2SO4); with none it ends the formula (NH3). */
const HYDROGEN_LEADS = 'O S Se Te F Cl Br I'.split(' ');

/**
 * Formula of a fragment for people: Hill's order with carbon, else the usual inorganic one (HCl, H2SO4, NH4+, NaCl);
 * the charge follows, as in `Ca2+` or `[SO4]2-`.
 */
export function fragmentFormula(graph: MoleculeGraph, part: readonly number[]): string {
  const counts = new Map<string, number>();
  let charge = 0;
  for (const atom of part) {
    const symbol = elementSymbol(graph.element[atom]);
    counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    if (graph.hydrogens[atom]) counts.set('H', (counts.get('H') ?? 0) + graph.hydrogens[atom]);
    charge += graph.charge[atom];
  }
  const rank = counts.has('C')
    ? hillRank
    : inorganicRank(HYDROGEN_LEADS.some((symbol) => counts.has(symbol)));
  const symbols = [...counts.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const formula = symbols
    .map((symbol) => symbol + (counts.get(symbol) === 1 ? '' : counts.get(symbol)))
    .join('');
  if (!charge) return formula;
  const sign = charge > 0 ? '+' : '-';
  if (Math.abs(charge) === 1) return formula + sign;
  const number = `${Math.abs(charge)}${sign}`;
  // Else the charge would read as one more atom.
  return /\d$/.test(formula) ? `[${formula}]${number}` : formula + number;
}

function hillRank(symbol: string): number {
  return symbol === 'C' ? 0 : symbol === 'H' ? 1 : 2;
}

/** Metals, then the non-metals in their order, hydrogen before or after them. */
function inorganicRank(hydrogenLeads: boolean): (symbol: string) => number {
  return (symbol) => {
    if (symbol === 'H') return hydrogenLeads ? 0 : INORGANIC_ORDER.length + 1;
    return INORGANIC_ORDER.indexOf(symbol) + 1 || -1;
  };
}
