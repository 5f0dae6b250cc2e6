import { adaptiveBet, type BetState, learnLoss, newtonBet, nextBet } from './bets.ts';
import { refuse } from './finite-values.ts';
import {
  beginLook,
  describeLook,
  multiplyCapital,
  type SequentialLook,
  type SharedCapital,
  startCapital,
} from './shared-capital.ts';

/**
 * Wealth of given bets: K_t = prod (1 + bet_t (loss_t - eps)), K_0 = 1. Each bet must have been fixed before its loss
 * was seen.
 * @param losses  float [n] in [0, 1]
 * @param bets    float [n] in [0, 1 / eps]
 * @param eps     bound on the mean loss under the null, in (0, 1)
 * @returns float64 [n]
 * @throws ERR_USAGE where a loss, a bet or eps is outside its range: the guarantee would not hold
 * @source Waudby-Smith & Ramdas 2024, doi:10.1093/jrsssb/qkad009
 */
export function bettingWealth(losses: ArrayLike<number>, bets: ArrayLike<number>, eps: number): Float64Array {
  checkBound(eps);
  let wealth = 1;
  return Float64Array.from(losses, (loss, i) => {
    checkLoss(loss, i);
    // 1 / eps is rounded: a bet of a decimal 1 / eps is let through.
    if (!(bets[i] >= 0 && bets[i] * eps <= 1 + 1e-12))
      refuse(`Bet ${i} is ${bets[i]}, outside [0, ${1 / eps}].`);
    wealth *= Math.max(0, 1 + bets[i] * (loss - eps));
    return wealth;
  });
}

/** The first observation, from 1, at which the wealth is at least 1 / alpha; null where it never is. */
export function firstCrossing(wealth: ArrayLike<number>, alpha: number): number | null {
  for (let i = 0; i < wealth.length; i++) if (wealth[i] >= 1 / alpha) return i + 1;
  return null;
}

/** All that a loss monitor needs to carry on; JSON keeps it exactly. */
export interface LossMonitorState {
  readonly kind: 'loss-monitor/1';
  readonly eps: number;
  readonly bets: readonly BetState[];
  readonly capital: SharedCapital;
}

/**
 * A monitor of the mean loss: is it above eps? It divides its capital among small and large fixed bets, an adaptive
 * one and online Newton steps, and shares it anew as looks go by, so that it finds a large excess at once, a small one
 * in time, and a change late in its life.
 * @param eps  bound on the mean loss under the null, in (0, 1)
 * @throws ERR_USAGE
 */
export function startLossMonitor(eps: number): LossMonitorState {
  checkBound(eps);
  const fixed = [0, 0.02, 0.05, 0.12, 0.3, 0.6].map(
    (share): BetState => ({ kind: 'fixed', bet: share / eps }),
  );
  const bets = [...fixed, adaptiveBet(eps), newtonBet()];
  return { kind: 'loss-monitor/1', eps, bets, capital: startCapital(bets.length) };
}

/**
 * The monitor after the losses of one look, in an order that does not depend on their values. The guarantee is for
 * losses whose mean given all before is at most eps: of compounds of one series give one, or their mean.
 * @param losses  float [n] in [0, 1], n may be 0
 * @returns the new state, and where it stands; alarm at anytimeP <= alpha. The old state is left as it was
 * @throws ERR_USAGE where a loss is outside [0, 1]
 */
export function observeLosses(
  state: LossMonitorState,
  losses: ArrayLike<number>,
): { state: LossMonitorState; look: SequentialLook } {
  const capital = { ...state.capital, parts: [...state.capital.parts] };
  let { bets } = state;
  beginLook(capital);
  for (let i = 0; i < losses.length; i++) {
    const loss = losses[i];
    checkLoss(loss, i);
    multiplyCapital(
      capital,
      bets.map((bet) => 1 + nextBet(bet, state.eps) * (loss - state.eps)),
    );
    bets = bets.map((bet) => learnLoss(bet, state.eps, loss));
  }
  return { state: { ...state, bets, capital }, look: describeLook(capital, losses.length) };
}

function checkBound(eps: number): void {
  if (!(eps > 0 && eps < 1))
    refuse(`A bound of ${eps} on the mean loss is not between 0 and 1. Scale losses to [0, 1].`);
}

function checkLoss(loss: number, i: number): void {
  if (!(loss >= 0 && loss <= 1))
    refuse(`Loss ${i} is ${loss}, outside [0, 1]. Divide by the largest loss, and cap.`);
}
