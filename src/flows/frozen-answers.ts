import { AssayerError } from '../core/errors.ts';
import { isRefused, type StateInForce, stateText, withholdsOutside } from '../core/monitoring-state.ts';
import type { WorkRecord } from './lineage.ts';
import type { EndpointAnswers } from './predict.ts';

/** Answers as they are returned under what monitoring has put in force. */
export interface ToldAnswers extends EndpointAnswers {
  /** What is in force for the row's answer and why; null where nothing is, and for rejected rows. */
  readonly state: (string | null)[];
}

/**
 * Marks a model's answers with the states that it answers under. Where predictions outside the domain are frozen, such a
 * row has no value, interval or percentile: it is not returned as valid. That it lies outside, and its nearest training
 * compound, are no predictions, and say why.
 * @param states  most severe first
 * @returns new columns where something changes, else the given ones
 */
export function answersUnder(states: readonly StateInForce[], answers: EndpointAnswers): ToldAnswers {
  const { inDomain } = answers;
  const outside = stateText(states);
  const inside = stateText(ofEveryRow(states));
  const state = inDomain.map((isInside) => (isInside === null ? null : isInside ? inside : outside));
  if (!withholdsOutside(states)) return { ...answers, state };
  const onlyInside = (column: readonly (number | null)[]) =>
    column.map((value, i) => (inDomain[i] ? value : null));
  return {
    ...answers,
    value: onlyInside(answers.value),
    low: onlyInside(answers.low),
    high: onlyInside(answers.high),
    percentile: onlyInside(answers.percentile),
    state,
  };
}

/**
 * What a model says that refuses to answer: its state for every accepted row.
 * @param reasons  why a row was rejected, null for accepted ones
 */
export function refusedAnswers(
  states: readonly StateInForce[],
  reasons: readonly (string | null)[],
): ToldAnswers {
  const nothing = reasons.map(() => null);
  // Which rows lie outside the domain was not looked at.
  const text = stateText(ofEveryRow(states));
  return {
    value: nothing,
    low: nothing,
    high: nothing,
    percentile: nothing,
    inDomain: nothing,
    similarity: nothing,
    neighborId: nothing,
    neighborValue: nothing,
    state: reasons.map((reason) => (reason === null ? text : null)),
  };
}

function ofEveryRow(states: readonly StateInForce[]): StateInForce[] {
  return states.filter(({ state }) => state !== 'out-of-domain-frozen');
}

/**
 * A run of which no model answers is refused as a whole. One of several endpoints leaves its columns empty instead: who
 * screens twelve must not lose eleven answers to the twelfth.
 * @throws ERR_FROZEN
 */
export function requireAnyAnswer(models: WorkRecord['models']): void {
  if (!models.every(({ states }) => isRefused(states ?? []))) return;
  const frozen = models.map(
    ({ endpoint, version, states }) => `${endpoint}@${version} is ${stateText(states ?? [])}`,
  );
  throw new AssayerError('ERR_FROZEN', { frozen: frozen.join('; ') });
}
