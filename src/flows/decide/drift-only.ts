import type { RuleJudgement } from '../../core/monitor-decision.ts';
import type { Seen } from './bound-check.ts';
import { driftIn } from './drift-in-check.ts';
import { type Check, concludeRun, type Judging, judgement, runOf } from './judging.ts';

/**
 * Whether drift alone widens the monitoring. @param stronger  judgements of the rules that answer drift otherwise
 */
export function judgeDriftOnly(
  judging: Judging,
  isAcrossChange: boolean,
  stronger: readonly RuleJudgement[],
): RuleJudgement {
  const { policy } = judging;
  const needed = { checks: policy.driftOnly.sustained, field: 'driftOnly.sustained' };
  const run = runOf(judging, Number.NEGATIVE_INFINITY, needed, ({ evidence }) =>
    driftIn(policy, evidence, isAcrossChange),
  );
  const answered = stronger.filter(({ state }) => state === 'fired' || state === 'in-force');
  const further: Seen = {
    holds: answered.length === 0,
    reasons: answered.map(({ rule }) => `${rule} answers it`),
    bounds: [],
  };
  return concludeRun(judging, 'drift-only', run, { action: 'widen', begins: 'widened', further });
}

/** Whether a widened monitor has been steady for long enough. Nothing to judge where it is not widened. */
export function judgeBackToNormal(judging: Judging, isAcrossChange: boolean): RuleJudgement {
  const { policy, state } = judging;
  if (!state.inForce.some((one) => one.state === 'widened')) {
    const reasons = ['the monitoring is not widened'];
    return judgement('back-to-normal', 'not-met', { reasons, bounds: [], rests: [] });
  }
  const needed = { checks: policy.driftOnly.steadyChecks, field: 'driftOnly.steadyChecks' };
  const run = runOf(judging, state.beganAt('widened'), needed, ({ evidence }: Check) => {
    const { holds, reasons } = driftIn(policy, evidence, isAcrossChange);
    return { holds: holds === null ? null : !holds, reasons, bounds: [] };
  });
  return concludeRun(judging, 'back-to-normal', run, { action: 'return-to-normal', begins: null });
}
