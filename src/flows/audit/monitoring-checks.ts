import { type AuditCheck, auditCheck, type Finding } from '../../core/audit.ts';
import { type MonitorPolicy, monitorPolicyHash } from '../../core/monitor-policy.ts';
import type { ReleaseRecord } from '../../core/release.ts';
import { policyInEffect } from '../decide/policy-in-effect.ts';
import type { MonitorStanding } from '../monitor/monitors.ts';

/** A monitor that watches the audited release, and when each policy was recorded. */
export interface WatchingMonitor {
  readonly standing: MonitorStanding;
  /** Times at which policies were recorded, by hash. */
  readonly policiesRecorded: ReadonlyMap<string, string>;
}

const DAY_MS = 86_400_000;

const short = (hash: string) => hash.slice(0, 12);
const days = (milliseconds: number) => (milliseconds / DAY_MS).toFixed(1);

/** @param earlier  monitors of the endpoint that watch an earlier release */
export function auditMonitored(
  { endpoint, hash }: ReleaseRecord,
  monitors: readonly WatchingMonitor[],
  earlier: readonly string[],
): AuditCheck {
  const evidence = monitors.map(({ standing: { monitor, current } }) => ({
    name: `monitor ${monitor.id}`,
    value: current.body.schedule,
  }));
  const finding: Finding =
    earlier.length > 0
      ? {
          severity: 'warning',
          inWords: `Nobody watches it: ${earlier.join(', ')} still ${earlier.length === 1 ? 'watches' : 'watch'} the release before it.`,
          evidence: [{ name: 'release record', value: hash }],
          remedy: `assayer monitor check ${earlier[0]} --batch <file>`,
        }
      : {
          severity: 'warning',
          inWords: 'Nobody watches it: if it rots, nobody will notice.',
          evidence: [{ name: 'release record', value: hash }],
          remedy: `assayer monitor add ${endpoint} --policy <policy>`,
        };
  return auditCheck('monitored', {
    inWords:
      monitors.length > 0
        ? `${monitors.map(({ standing }) => standing.monitor.id).join(', ')} ${monitors.length === 1 ? 'watches' : 'watch'} it.`
        : 'It has no monitor.',
    evidence,
    findings: monitors.length > 0 ? [] : [finding],
  });
}

/** Whether every check was judged, each by a policy that was recorded and in effect before it was made. */
export function auditPolicy(monitors: readonly WatchingMonitor[]): AuditCheck {
  const findings: Finding[] = [];
  let checks = 0;
  for (const { standing, policiesRecorded } of monitors) {
    const { id, history } = standing.monitor;
    const { policies, decisions } = history;
    // A monitor goes by its policy from when it was chosen; what another release was checked for is not about this one.
    const evidence = history.evidence.filter(({ release }) => release === standing.current.body.release);
    checks += evidence.length;
    const times = new Map(evidence.map((one) => [one.id, one.time]));
    for (const policy of policies) findings.push(...late(id, policy, policiesRecorded));
    for (const { id: decision, policy, judged } of decisions) {
      const time = times.get(judged.id);
      if (time === undefined || policy === null || policy.effectiveFrom < time) continue;
      findings.push({
        severity: 'error',
        inWords: `${id} was decided by a policy that is younger than what it judged.`,
        evidence: [
          { name: 'decision', value: decision },
          { name: 'policy in effect from', value: policy.effectiveFrom },
          { name: 'check made at', value: time },
        ],
        remedy: 'assayer audit --verify',
      });
    }
    const unjudged = evidence.filter(({ time }) => policyInEffect(policies, Date.parse(time)) === null);
    if (unjudged.length > 0) {
      findings.push({
        severity: 'warning',
        inWords: `${unjudged.length} of ${evidence.length} checks of ${id} were made before its policy took effect, and judged by nobody.`,
        evidence: unjudged.slice(0, 5).map((one) => ({ name: `evidence ${short(one.id)}`, value: one.time })),
        remedy: `assayer monitor check ${id} --batch <file>`,
      });
    }
    const decided = new Set(decisions.map(({ judged }) => judged.id));
    const waiting = evidence.filter((one) => !decided.has(one.id) && !unjudged.includes(one));
    if (waiting.length > 0) {
      findings.push({
        severity: 'warning',
        inWords: `${waiting.length} of ${evidence.length} checks of ${id} have no decision.`,
        evidence: waiting.slice(0, 5).map((one) => ({ name: `evidence ${short(one.id)}`, value: one.time })),
        remedy: `assayer monitor check ${id} --batch <file>`,
      });
    }
  }
  return auditCheck('policy', {
    tried: checks > 0 || findings.length > 0 ? 1 : 0,
    inWords:
      checks > 0
        ? `${checks} checks, each against the policy in effect then.`
        : 'No check was made, so no policy has judged anything.',
    evidence: monitors.map(({ standing: { monitor, current } }) => ({
      name: `policy of ${monitor.id}`,
      value: current.body.policy,
    })),
    findings,
  });
}

/** A policy that was recorded after it took effect could have been made to fit what was known. */
function late(id: string, policy: MonitorPolicy, recorded: ReadonlyMap<string, string>): Finding[] {
  const hash = monitorPolicyHash(policy);
  const time = recorded.get(hash);
  if (time !== undefined && time <= policy.effectiveFrom) return [];
  return [
    {
      severity: 'error',
      inWords:
        time === undefined
          ? `Policy ${policy.name} of ${id} is not what was recorded.`
          : `Policy ${policy.name} of ${id} was recorded after it took effect.`,
      evidence: [
        { name: 'policy', value: hash },
        { name: 'in effect from', value: policy.effectiveFrom },
        { name: 'recorded', value: time ?? 'never' },
      ],
      remedy: 'assayer policy add <file with an effectiveFrom that lies ahead>',
    },
  ];
}

/** Whether the last check is no older than the schedule allows. @param now  milliseconds since 1970 */
export function auditCurrent(monitors: readonly WatchingMonitor[], now: number): AuditCheck {
  const findings: Finding[] = [];
  let tried = 0;
  for (const { standing } of monitors) {
    const { monitor, current, lastCheck, due } = standing;
    if (!/^every [\d.]+ days$/.test(current.body.schedule)) continue;
    tried++;
    const overdue = now - Date.parse(due);
    if (overdue <= 0) continue;
    findings.push({
      severity: 'warning',
      inWords:
        lastCheck === null
          ? `${monitor.id} never made a check; the first was due ${days(overdue)} days ago.`
          : `The verdict of ${monitor.id} is not current: its next check was due ${days(overdue)} days ago.`,
      evidence: [
        { name: 'schedule', value: current.body.schedule },
        { name: 'last check', value: lastCheck ?? 'never' },
        { name: 'due', value: due },
      ],
      remedy: `assayer monitor check ${monitor.id} --batch <file>`,
    });
  }
  return auditCheck('current', {
    tried,
    of: monitors.length,
    inWords:
      monitors.length === 0
        ? 'Nobody watches it, so there is no verdict.'
        : monitors
            .map(
              ({ standing: { monitor, lastCheck } }) => `${monitor.id}: last check ${lastCheck ?? 'never'}`,
            )
            .join('; '),
    evidence: monitors.map(({ standing: { monitor, due } }) => ({
      name: `${monitor.id} is due`,
      value: due,
    })),
    findings,
  });
}

/** Whether the labels of the last check are mature and unbiased enough to say anything by them. */
export function auditLabels(monitors: readonly WatchingMonitor[], now: number): AuditCheck {
  const findings: Finding[] = [];
  const told: { name: string; value: string }[] = [];
  let tried = 0;
  for (const { standing } of monitors) {
    const { id, history } = standing.monitor;
    const last = history.evidence.toSorted((a, b) => (a.time < b.time ? -1 : 1)).at(-1);
    const policy = policyInEffect(history.policies, now) ?? history.policies.at(-1);
    if (!last || !policy) continue;
    tried++;
    const { minMaturity } = policy.sustainedLoss;
    const ask = `assayer monitor check ${id} --batch <file> --labels <file>`;
    if (last.labels === null) {
      const inWords = `No label of the last batch of ${id} is known: that it errs more would not be seen.`;
      findings.push({
        severity: 'warning',
        inWords,
        evidence: [{ name: 'evidence', value: last.id }],
        remedy: ask,
      });
      continue;
    }
    const { maturity, effectiveLabels, delayP, matureOn } = last.labels;
    const evidence = [
      { name: 'maturity', value: maturity.toFixed(3) },
      { name: 'effective labels', value: effectiveLabels.toFixed(1) },
      { name: 'mature on', value: matureOn ?? 'not known' },
    ];
    told.push(...evidence.map(({ name, value }) => ({ name: `${id}: ${name}`, value })));
    if (maturity < minMaturity) {
      const isLate = matureOn !== null && Date.parse(matureOn) < now;
      const inWords = isLate
        ? `The labels of ${id} were to be mature on ${matureOn?.slice(0, 10)}, and at the last check they were not.`
        : `The labels of ${id} are immature: ${maturity.toFixed(2)} of them had arrived, ${minMaturity} are asked for.`;
      findings.push({ severity: isLate ? 'warning' : 'note', inWords, evidence, remedy: ask });
    }
    if (effectiveLabels < policy.sustainedLoss.minEffectiveLabels) {
      const inWords = `The labels of ${id} count as ${effectiveLabels.toFixed(1)}, and ${policy.sustainedLoss.minEffectiveLabels} are asked for.`;
      findings.push({ severity: 'note', inWords, evidence, remedy: ask });
    }
    if (delayP !== null && delayP < policy.retrain.delayAlpha) {
      const inWords = `The labels of ${id} are biased: what arrives late errs otherwise than what arrives soon.`;
      findings.push({
        severity: 'warning',
        inWords,
        evidence: [...evidence, { name: 'p of loss and delay', value: String(delayP) }],
        remedy: 'wait for the late ones, or measure a random part of the batch',
      });
    }
  }
  return auditCheck('labels', {
    tried,
    of: Math.max(monitors.length, 1),
    inWords:
      tried === 0
        ? 'No check was made, so no labels were looked at.'
        : `Labels behind the last check of ${tried === 1 ? 'its monitor' : `${tried} monitors`}.`,
    evidence: told,
    findings,
  });
}

/** What monitoring has put in force. */
export function auditInForce(monitors: readonly WatchingMonitor[]): AuditCheck {
  const findings = monitors.flatMap(({ standing: { monitor, inForce } }) =>
    inForce.map(
      ({ state, since, decision }): Finding => ({
        severity: state === 'widened' ? 'note' : 'warning',
        inWords: `${monitor.id}: ${state} since ${since}.`,
        evidence: [{ name: 'decision', value: decision }],
        remedy: `assayer monitor decisions ${monitor.id}`,
      }),
    ),
  );
  return auditCheck('in-force', {
    tried: monitors.length,
    of: Math.max(monitors.length, 1),
    inWords:
      monitors.length === 0
        ? 'Nobody watches it, so nothing can be in force.'
        : findings.length === 0
          ? 'Nothing is frozen or widened.'
          : 'Monitoring has put something in force.',
    findings,
  });
}
