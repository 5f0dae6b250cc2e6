/**
 * Capital divided among bets. Each bet multiplies its part by a factor of expectation at most 1 under the null; moving
 * capital between bets changes no total; so the total is a test martingale (or falls faster than one), and by Ville's
 * inequality reaches 1 / alpha at any time with probability at most alpha.
 */
export interface SharedCapital {
  /** Part of each bet, float64 [bets]; sums to 1. Bet 0 is to keep the capital. */
  readonly parts: number[];
  /** Natural logarithm of the total, which starts at 0. */
  logWealth: number;
  /** The largest logWealth so far: an alarm, once reached, stays. */
  logMaxWealth: number;
  looks: number;
}

/**
 * How much is shared out before look t: SHARE / t. Bets that lost get new capital, so that a change late in a
 * monitor's life is found; the falling rate keeps about T^-SHARE of the capital at look T where nothing changes, which
 * with SHARE near 1 / ln T loses least in all.
 * @source Herbster & Warmuth 1998, doi:10.1023/A:1007424614876 (fixed share)
 */
const SHARE = 0.2;

/** Half of the capital is kept, the rest is spread evenly over the bets. */
function startingPart(bet: number, bets: number): number {
  return bet === 0 ? 0.5 : 0.5 / (bets - 1);
}

/** @param bets  at least 2, the first of which keeps the capital */
export function startCapital(bets: number): SharedCapital {
  const parts = Array.from({ length: bets }, (_, bet) => startingPart(bet, bets));
  return { parts, logWealth: 0, logMaxWealth: 0, looks: 0 };
}

/** Shares capital out, in place; called before the data of each look are seen. */
export function beginLook(capital: SharedCapital): void {
  capital.looks++;
  const rate = SHARE / capital.looks;
  const { parts } = capital;
  for (let bet = 0; bet < parts.length; bet++) {
    parts[bet] += rate * (startingPart(bet, parts.length) - parts[bet]);
  }
}

/** Multiplies the part of each bet by its factor, in place. @param factors  [bets], >= 0, the first is 1 */
export function multiplyCapital(capital: SharedCapital, factors: ArrayLike<number>): void {
  const { parts } = capital;
  let total = 0;
  for (let bet = 0; bet < parts.length; bet++) {
    parts[bet] *= factors[bet];
    total += parts[bet];
  }
  for (let bet = 0; bet < parts.length; bet++) parts[bet] /= total;
  capital.logWealth += Math.log(total);
  capital.logMaxWealth = Math.max(capital.logMaxWealth, capital.logWealth);
}

/** Where a sequential test stands after a look. */
export interface SequentialLook {
  /** Looks so far, from 1. */
  readonly look: number;
  /** Observations that entered at this look. */
  readonly used: number;
  readonly logWealth: number;
  readonly logMaxWealth: number;
  /** min(1, 1 / largest wealth): at most alpha at any time of the monitor's life with probability at most alpha. */
  readonly anytimeP: number;
}

/** What a look reports. */
export function describeLook(
  { looks, logWealth, logMaxWealth }: SharedCapital,
  used: number,
): SequentialLook {
  return { look: looks, used, logWealth, logMaxWealth, anytimeP: Math.exp(-logMaxWealth) };
}
