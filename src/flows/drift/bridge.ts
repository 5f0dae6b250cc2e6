import { type BridgeCompounds, bridgeCompounds } from '../../statistics/bridge-compounds.ts';
import { pairsForChange, pairsForEquivalence } from '../../statistics/pairs-needed.ts';
import { detectablePairedMean } from '../../statistics/univariate-power.ts';
import { bridgeWords } from './bridge-words.ts';
import { type BridgePair, type PairsRequest, readPairs } from './read-pairs.ts';

/** Share of cases in which so many pairs, and a change so large, are found. */
const POWER = 0.8;

/** Agreed before the pairs are looked at. */
export interface BridgeSettings {
  /** Largest mean difference that makes no difference to those who use the values, in log units, > 0. */
  readonly margin: number;
  /** Of the paired test (two-sided) and of each one-sided test of equivalence, in (0, 0.5). */
  readonly alpha: number;
}

export interface BridgeRequest extends PairsRequest, BridgeSettings {}

/**
 * - equivalent: the mean difference was shown to lie within the margin
 * - changed: it differs from 0, and was not shown to lie within the margin; or all values moved by exactly as much, by more
 *   than the margin
 * - undecided: neither was shown
 * - not-evaluable: one pair, or differences without any spread
 */
export type BridgeState = 'equivalent' | 'changed' | 'undecided' | 'not-evaluable';

export interface BridgeFigures extends Omit<BridgeCompounds, 'verdict'> {
  /** Pairs that would show, in 80 % of cases, either no change or a change of the margin; NaN without spread. */
  readonly pairsNeeded: number;
}

/** In log units. Figures that cannot be had are NaN here and null in JSON. */
export interface BridgeReport {
  readonly schema: 'assayer.bridge/1';
  readonly state: BridgeState;
  readonly inWords: readonly string[];
  readonly settings: BridgeSettings;
  readonly figures: BridgeFigures;
  /** All pairs, the largest difference first. */
  readonly pairs: readonly BridgePair[];
}

/**
 * Compares controls measured before and after an assay or protocol change. Only the same compounds tell a changed assay from
 * changed chemistry.
 * @throws ERR_PAIRS, ERR_INPUT_*, ERR_USAGE where margin or alpha cannot be used
 */
export async function checkBridge(request: BridgeRequest, signal?: AbortSignal): Promise<BridgeReport> {
  const { margin, alpha } = request;
  const settings = { margin, alpha };
  const pairs = await readPairs(request, signal);
  const { verdict, ...bridge } = bridgeCompounds(
    pairs.map(({ before }) => before),
    pairs.map(({ after }) => after),
    settings,
  );
  const target = { alpha, power: POWER };
  const { deviation } = bridge.agreement;
  const figures: BridgeFigures = {
    ...bridge,
    detectable: detectablePairedMean(deviation, bridge.pairs, target),
    pairsNeeded:
      deviation > 0
        ? Math.max(pairsForEquivalence(deviation, settings, POWER), pairsForChange(deviation, margin, target))
        : Number.NaN,
  };
  const state = stateOf(verdict, figures, settings);
  return {
    schema: 'assayer.bridge/1',
    state,
    inWords: bridgeWords(state, figures, settings),
    settings,
    figures,
    pairs: pairs.toSorted((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || a.row - b.row),
  };
}

/** Where all pairs moved by the same, no test can be made, and none is needed. */
function stateOf(
  verdict: BridgeCompounds['verdict'],
  { pairs, t }: BridgeFigures,
  { margin }: BridgeSettings,
): BridgeState {
  if (verdict !== 'no-spread') return verdict;
  return pairs > 1 && Math.abs(t.mean) > margin ? 'changed' : 'not-evaluable';
}
