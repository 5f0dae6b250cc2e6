import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  identifyEvidence,
  type MonitorDecision,
  type MonitorEvent,
  type MonitorEvidence,
} from '../../src/core/monitor-decision.ts';
import { type MonitorPolicy, monitorPolicyHash } from '../../src/core/monitor-policy.ts';
import { decidePending } from '../../src/flows/decide/decide.ts';
import {
  BOB,
  check,
  confirmed,
  day,
  labelsOf,
  lossOf,
  on,
  play,
  policyWith,
  reported,
  resumed,
  STEADY,
  stream,
} from './decide-fixtures.ts';

const RUNS = { numRuns: 200, seed: 7 };
const DAY_MS = 86_400_000;
const RELEASES = ['release-1', 'release-2'];

const state = fc.constantFrom('steady', 'drift', 'drift', 'drift', 'not-evaluable' as const);

/** Times on a coarse grid, so that versions, checks and events often meet. */
const evidence = fc
  .record({
    number: fc.integer({ min: 0, max: 40 }),
    release: fc.constantFrom(RELEASES[0], ...RELEASES),
    states: fc.tuple(state, state),
    coverage: fc.constantFrom(null, 0.5, 0.9),
    wealth: fc.option(fc.constantFrom(0.5, 19, 21, 500, 500), { nil: null, freq: 9 }),
    error: fc.constantFrom(0.54, 0.7, 0.7),
    maturity: fc.constantFrom(0.5, 0.79, 0.8, 1, 1),
    effectiveLabels: fc.constantFrom(49, 50, 200),
    delayP: fc.constantFrom(null, 0.05, 0.06, 0.9, 0.9),
    seed: fc.constantFrom(1, 1, 1, 2),
  })
  .map(
    ({
      number,
      release,
      states: [chemistry, proxies],
      coverage,
      wealth,
      error,
      seed,
      ...labels
    }): MonitorEvidence =>
      check(number, {
        release,
        streams: [stream('chemistry', chemistry), stream('proxies', proxies)],
        domain: coverage === null ? null : { share: coverage, low: coverage - 0.1, high: coverage + 0.05 },
        settings: { alpha: 0.05, permutations: 999, seed },
        loss: wealth === null ? null : lossOf({ logWealth: Math.log(wealth), error, low: 0.4, high: 0.8 }),
        labels: wealth === null ? null : labelsOf(labels),
      }),
  );

const policy = fc
  .record({
    from: fc.constantFrom(-1, 5, 9, 20, 30),
    sustained: fc.integer({ min: 1, max: 2 }),
    cooldown: fc.integer({ min: 1, max: 6 }),
    minMaturity: fc.constantFrom(0.5, 0.8),
  })
  .map(({ from, sustained, cooldown, minMaturity }) => {
    const both = { sustained, cooldownDays: cooldown };
    const rules = {
      driftOnly: { ...both, steadyChecks: 2 },
      outOfDomain: both,
      sustainedLoss: { ...both, minMaturity },
      retrain: { cooldownDays: cooldown },
    };
    return policyWith({ name: `from day ${from}`, ...rules }, on(from));
  });

/** Versions that take effect at different times: others are refused. */
const policies = fc.uniqueArray(policy, {
  minLength: 1,
  maxLength: 3,
  selector: ({ effectiveFrom }) => effectiveFrom,
});

const events = fc
  .record({
    report: fc.integer({ min: 0, max: 40 }),
    confirm: fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
    resumes: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom('release-frozen', 'out-of-domain-frozen', 'comparisons-frozen' as const),
      ),
      { minLength: 2, maxLength: 8, size: 'max' },
    ),
  })
  .map(({ report, confirm, resumes }) => [
    reported(report),
    ...(confirm === null ? [] : [confirmed(confirm, BOB)]),
    ...resumes.map(([number, scope]) => resumed(number, scope)),
  ]);

const histories = fc.record({
  policies,
  evidence: fc.array(evidence, { minLength: 4, maxLength: 18, size: 'max' }),
  events: fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: events }),
});

interface History {
  readonly policies: readonly MonitorPolicy[];
  readonly evidence: readonly MonitorEvidence[];
  readonly events: readonly MonitorEvent[];
}

/** Of histories by their text: the properties are asked of the same ones. */
const played = new Map<string, MonitorDecision[]>();

function decisionsOf(history: History): MonitorDecision[] {
  const key = JSON.stringify(history);
  const known = played.get(key);
  if (known) return known;
  const decisions = play(history.policies, history.evidence, history.events);
  played.set(key, decisions);
  return decisions;
}

const policyOf = (history: History, decision: MonitorDecision): MonitorPolicy | undefined =>
  history.policies.find((version) => monitorPolicyHash(version) === decision.policy?.hash);

const takes = (decision: MonitorDecision, name: string) =>
  decision.actions.some(({ action }) => action === name);

function everyHistory(holds: (history: History, decisions: MonitorDecision[]) => void): void {
  fc.assert(
    fc.property(histories, (history) => holds(history, decisionsOf(history))),
    RUNS,
  );
}

describe('no sequence of evidence, events and versions of the policy', () => {
  it('makes a decision judged by a policy younger than its evidence, or by another than the last in effect', () => {
    everyHistory((history, decisions) => {
      for (const decision of decisions) {
        const judging = policyOf(history, decision);
        const older = history.policies.filter(({ effectiveFrom }) => effectiveFrom < decision.judged.time);
        expect(decision.policy === null).toBe(older.length === 0);
        if (!judging) continue;
        for (const { time } of [...decision.evidence, decision.judged]) {
          expect(judging.effectiveFrom < time).toBe(true);
        }
        expect(judging.effectiveFrom).toBe(
          older
            .map(({ effectiveFrom }) => effectiveFrom)
            .sort()
            .at(-1),
        );
      }
    });
  });

  it('also not when everything is decided about late and at once', () => {
    everyHistory((history) => {
      const whole = { policies: history.policies, evidence: history.evidence, events: history.events };
      for (const decision of decidePending({ ...whole, decisions: [] }, day(100))) {
        const judging = policyOf(history, decision);
        for (const { time } of judging ? [...decision.evidence, decision.judged] : []) {
          expect((judging as MonitorPolicy).effectiveFrom < time).toBe(true);
        }
      }
    });
  });

  it('retrains on labels that are immature, too few, biased or not tested for bias', () => {
    let retrained = 0;
    everyHistory((history, decisions) => {
      for (const decision of decisions) {
        if (!takes(decision, 'retrain')) continue;
        retrained++;
        const { sustainedLoss, retrain } = policyOf(history, decision) as MonitorPolicy;
        const judged = history.evidence.find(({ id }) => id === decision.judged.id);
        const labels = judged?.labels;
        expect(labels?.maturity).toBeGreaterThanOrEqual(sustainedLoss.minMaturity);
        expect(labels?.effectiveLabels).toBeGreaterThanOrEqual(sustainedLoss.minEffectiveLabels);
        expect(labels?.delayP ?? 0).toBeGreaterThan(retrain.delayAlpha);
        expect(decision.missing).toEqual([]);
      }
    });
    // A rule that never retrains would keep the promise, too.
    expect(retrained).toBeGreaterThan(30);
  });

  it('takes an action again before its cooldown is over', () => {
    const bounds: [string[], (of: MonitorPolicy) => number][] = [
      [['widen', 'return-to-normal'], ({ driftOnly }) => driftOnly.cooldownDays],
      [['freeze-out-of-domain'], ({ outOfDomain }) => outOfDomain.cooldownDays],
      [['freeze-release'], ({ sustainedLoss }) => sustainedLoss.cooldownDays],
      [['retrain'], ({ retrain }) => retrain.cooldownDays],
    ];
    let repeated = 0;
    everyHistory((history, decisions) => {
      for (const [names, daysOf] of bounds) {
        const releases = names.includes('retrain') ? [RELEASES] : RELEASES.map((one) => [one]);
        for (const release of releases) {
          const taken = decisions.filter(
            (one) => release.includes(one.release) && names.some((name) => takes(one, name)),
          );
          for (let i = 1; i < taken.length; i++) {
            repeated++;
            const days = daysOf(policyOf(history, taken[i]) as MonitorPolicy);
            const passed = Date.parse(taken[i].time) - Date.parse(taken[i - 1].time);
            expect(passed).toBeGreaterThanOrEqual(days * DAY_MS);
          }
        }
      }
    });
    expect(repeated).toBeGreaterThan(30);
  });

  it('freezes again what is frozen, or thaws it without a resume or a new release', () => {
    const freezes = {
      'freeze-release': 'release-frozen',
      'freeze-out-of-domain': 'out-of-domain-frozen',
    } as const;
    everyHistory((history, decisions) => {
      for (const [action, scope] of Object.entries(freezes)) {
        for (const release of RELEASES) {
          const own = decisions.filter((one) => one.release === release);
          const ends = history.events.filter(
            (event) => event.kind === 'resumed' && event.scope === scope && event.release === release,
          );
          let frozenAt: string | null = null;
          for (const decision of own) {
            const since = frozenAt;
            if (since !== null && ends.some(({ time }) => time > since && time <= decision.time))
              frozenAt = null;
            expect(decision.inForce.some((one) => one.state === scope)).toBe(frozenAt !== null);
            if (takes(decision, action)) {
              expect(frozenAt).toBeNull();
              frozenAt = decision.time;
            }
          }
        }
      }
    });
  });
});

describe('more evidence', () => {
  it('such as revised labels at a later time changes no earlier decision by a byte', () => {
    const later = fc.record({
      history: histories,
      revision: evidence,
      after: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(later, ({ history, revision, after }) => {
        const before = decisionsOf(history);
        const { id: _id, ...rest } = revision;
        const latest = Math.max(
          0,
          ...[...history.evidence, ...history.events].map(({ time }) => Date.parse(time)),
        );
        const time = new Date(Math.max(latest, day(0)) + after * DAY_MS).toISOString();
        const after_ = decisionsOf({
          ...history,
          evidence: [...history.evidence, identifyEvidence({ ...rest, time })],
        });
        expect(JSON.stringify(after_.slice(0, before.length))).toBe(JSON.stringify(before));
        expect(after_).toHaveLength(before.length + 1);
      }),
      RUNS,
    );
  });

  it('or another event in the midst of a history changes no decision before it', () => {
    const day40 = fc.integer({ min: 0, max: 40 });
    const news = fc.oneof(
      evidence,
      day40.map((number) => reported(number, 'change-9')),
      fc
        .tuple(day40, fc.constantFrom('release-frozen', 'out-of-domain-frozen' as const))
        .map(([number, scope]) => ({ ...resumed(number, scope), id: 'resumed again' })),
    );
    fc.assert(
      fc.property(histories, news, (history, one) => {
        const earlier = (decisions: MonitorDecision[]) => decisions.filter(({ time }) => time < one.time);
        const more =
          'kind' in one
            ? { ...history, events: [...history.events, one] }
            : { ...history, evidence: [...history.evidence, one] };
        expect(JSON.stringify(earlier(decisionsOf(more)))).toBe(
          JSON.stringify(earlier(decisionsOf(history))),
        );
      }),
      RUNS,
    );
  });

  it('that is steady never freezes, and brings no first freeze forward', () => {
    const steady = fc.record({
      history: histories,
      number: fc.integer({ min: 0, max: 41 }),
      wealth: fc.constantFrom(null, 1, 19.9),
    });
    const freezes = (decision: MonitorDecision) =>
      decision.actions.some(({ action }) => action.startsWith('freeze-') && action !== 'freeze-comparisons');
    fc.assert(
      fc.property(steady, ({ history, number, wealth }) => {
        const more = check(number, {
          streams: STEADY,
          // No two reports are the same one.
          report: 'a steady check',
          ...(wealth !== null && { loss: lossOf({ logWealth: Math.log(wealth) }), labels: labelsOf() }),
        });
        const decisions = decisionsOf({ ...history, evidence: [...history.evidence, more] });
        const own = decisions.find(({ judged }) => judged.id === more.id);
        expect(own && freezes(own)).toBe(false);
        const first = (of: MonitorDecision[], release: string) =>
          of.find((one) => one.release === release && freezes(one))?.time ?? 'never';
        for (const release of RELEASES) {
          expect(first(decisions, release) >= first(decisionsOf(history), release)).toBe(true);
        }
      }),
      RUNS,
    );
  });
});
