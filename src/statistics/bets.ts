/** How much to bet on the next loss, from the losses before it alone; plain data, so that a monitor can carry on. */
export type BetState =
  | { readonly kind: 'fixed'; readonly bet: number }
  /** Approximate growth-rate adaptive: (m - eps) / (v + (m - eps)^2), m and v the losses' mean and variance so far. */
  | { readonly kind: 'adaptive'; readonly count: number; readonly sum: number; readonly squares: number }
  /** Online Newton step on -log(1 + bet (loss - eps)). */
  | { readonly kind: 'newton'; readonly bet: number; readonly curvature: number };

/** Bets stop at this share of 1 / eps: beyond it one loss of 0 would take nearly all. */
const LARGEST_SHARE = 0.5;

/** A bet that adapts, before any loss is seen: one loss of eps and variance 1/4 is assumed, so that it starts at 0. */
export function adaptiveBet(eps: number): BetState {
  return { kind: 'adaptive', count: 1, sum: eps, squares: 0.25 };
}

/** A bet by online Newton steps, from 0. */
export function newtonBet(): BetState {
  return { kind: 'newton', bet: 0, curvature: 1 };
}

/** The bet on the next loss, in [0, 1 / eps]. @param eps  bound on the mean loss, in (0, 1) */
export function nextBet(state: BetState, eps: number): number {
  if (state.kind !== 'adaptive') return state.bet;
  const above = state.sum / state.count - eps;
  const bet = above / (state.squares / state.count + above ** 2);
  return Math.min(LARGEST_SHARE / eps, Math.max(0, bet));
}

/**
 * The state after a loss.
 * @param loss  in [0, 1]
 * @source Waudby-Smith & Ramdas 2024, doi:10.1093/jrsssb/qkad009, appendix B (aGRAPA, ONS-m)
 */
export function learnLoss(state: BetState, eps: number, loss: number): BetState {
  if (state.kind === 'fixed') return state;
  if (state.kind === 'adaptive') {
    const count = state.count + 1;
    const sum = state.sum + loss;
    return { kind: 'adaptive', count, sum, squares: state.squares + (loss - sum / count) ** 2 };
  }
  const gradient = -(loss - eps) / (1 + state.bet * (loss - eps));
  const curvature = state.curvature + gradient ** 2;
  const stepped = state.bet - ((2 / (2 - Math.log(3))) * gradient) / curvature;
  return { kind: 'newton', bet: Math.min(LARGEST_SHARE / eps, Math.max(0, stepped)), curvature };
}
