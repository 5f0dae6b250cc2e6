import type { MonitorEvidence, RuleJudgement } from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import { checkBound, type Seen } from './bound-check.ts';
import { driftIn, notAgreed } from './drift-in-check.ts';
import { concludeRun, type Judging, runOf } from './judging.ts';

/** Drift with fallen domain coverage, or confidence that does not follow the chemistry: predictions out there are frozen. */
export function judgeOutOfDomain(judging: Judging, isAcrossChange: boolean): RuleJudgement {
  const { policy, state } = judging;
  const needed = { checks: policy.outOfDomain.sustained, field: 'outOfDomain.sustained' };
  const run = runOf(judging, state.resumedAt('out-of-domain-frozen'), needed, ({ evidence }) =>
    see(policy, evidence, isAcrossChange),
  );
  return concludeRun(judging, 'out-of-domain', run, {
    action: 'freeze-out-of-domain',
    begins: 'out-of-domain-frozen',
  });
}

/** Either way is enough; what could not be judged is no reason to act, and none to take the other for steady. */
function see(policy: MonitorPolicy, evidence: MonitorEvidence, isAcrossChange: boolean): Seen {
  const drift = driftIn(policy, evidence, isAcrossChange);
  const { domain } = evidence;
  const coverage = checkBound(
    'upper end of domain coverage',
    domain?.high ?? null,
    '<',
    policy.outOfDomain.coverageBelow,
    { field: 'outOfDomain.coverageBelow' },
  );
  const fallen = fallenWith(drift.holds, domain ? coverage.holds : null);
  const proxies = notAgreed(policy, evidence)
    ? []
    : evidence.streams.filter(({ stream, state }) => stream === 'proxies' && state !== 'not-evaluable');
  const mismatch = proxies.length > 0 ? proxies.some(({ state }) => state === 'drift') : null;
  const mismatched = checkBound('proxy mismatches', mismatch === null ? null : Number(mismatch), '>=', 1);
  const reasons = [
    ...(fallen === null ? drift.reasons : []),
    ...(domain ? [] : ['domain coverage was not measured']),
    ...(mismatch === null ? ['the proxies could not be judged'] : []),
  ];
  const ofCoverage = [...drift.bounds, coverage];
  if (fallen)
    return { holds: true, reasons: [], bounds: mismatch ? [...ofCoverage, mismatched] : ofCoverage };
  if (mismatch) return { holds: true, reasons: [], bounds: [mismatched] };
  if (fallen === null && mismatch === null) return { holds: null, reasons, bounds: ofCoverage };
  return { holds: false, reasons, bounds: mismatch === null ? ofCoverage : [...ofCoverage, mismatched] };
}

/** Without tests of drift nothing is known, whatever the coverage; without the coverage nothing where it drifts. */
function fallenWith(drifts: boolean | null, isLow: boolean | null): boolean | null {
  if (drifts === null || drifts === false) return drifts;
  return isLow;
}
