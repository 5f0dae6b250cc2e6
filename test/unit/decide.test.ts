import { describe, expect, it } from 'vitest';
import { monitorPolicyHash } from '../../src/core/monitor-policy.ts';
import { decide, decidePending } from '../../src/flows/decide/decide.ts';
import {
  ADA,
  BOB,
  check,
  confirmed,
  DRIFT,
  day,
  labelsOf,
  lossOf,
  OUTSIDE,
  on,
  outcomes,
  play,
  policyWith,
  reported,
  resumed,
  rule,
  STEADY,
  stream,
} from './decide-fixtures.ts';

const policy = policyWith();
const drifting = (number: number) => check(number, { streams: DRIFT });
const outside = (number: number) => check(number, { streams: DRIFT, domain: OUTSIDE });
const losing = (number: number, more = {}) => check(number, { loss: lossOf(), labels: labelsOf(), ...more });
const unjudged = (number: number) =>
  check(number, { streams: [stream('chemistry', 'not-evaluable')], domain: null });

describe('drift alone', () => {
  it('widens the monitoring when it is sustained, with what the policy says and the series that moved', () => {
    const streams = [stream('chemistry', 'drift', { series: ['c1ccccc1', 'C1CCNCC1'] })];
    const decisions = play(policyWith({ driftOnly: { extraSeries: 1 }, tell: ['team-herg'] }), [
      check(1, { streams }),
      check(2, { streams }),
    ]);
    expect(outcomes(decisions)).toEqual(['carry-on', 'widen']);
    expect(decisions[1].actions).toEqual([
      { action: 'widen', intervalFactor: 0.5, series: ['c1ccccc1'], labelsAsked: 20 },
    ]);
    expect(decisions[1].rule).toBe('drift-only');
    expect(decisions[1].tell).toEqual(['log', 'ada@example.org', 'team-herg']);
    expect(decisions[0].tell).toEqual(['log']);
  });

  it('rests on consecutive checks: a steady one between them starts the count anew, one that says nothing does not', () => {
    expect(outcomes(play(policy, [drifting(1), check(2), drifting(3)]))).not.toContain('widen');
    const decisions = play(policy, [drifting(1), unjudged(2), drifting(3)]);
    expect(outcomes(decisions)).toEqual(['carry-on', 'not-evaluable', 'widen']);
    expect(decisions[2].evidence.map(({ id }) => id)).toEqual([drifting(1).id, drifting(3).id]);
  });

  it('ends after so many steady checks, and not before its cooldown is over', () => {
    const steady = [3, 4, 5].map((number) => check(number));
    const decisions = play(policy, [drifting(1), drifting(2), ...steady, check(9)]);
    expect(outcomes(decisions).slice(2)).toEqual(['carry-on', 'carry-on', 'carry-on', 'return-to-normal']);
    expect(rule(decisions[3], 'back-to-normal')).toMatchObject({
      state: 'not-met',
      nearest: { figure: 'consecutive checks', value: 2, bound: 3 },
    });
    expect(rule(decisions[4], 'back-to-normal')).toMatchObject({ state: 'cooldown' });
    expect(rule(decisions[4], 'back-to-normal').reasons).toEqual([
      'return-to-normal must wait until 2026-12-10T00:00:00.000Z',
    ]);
    expect(decisions[5].inForce).toMatchObject([{ state: 'widened', since: on(2) }]);
    expect(decisions[5].inForce[0].decision).toBe(decisions[1].id);
  });

  it('is seen by the sequential test as well, at its capital now', () => {
    const capital = (wealth: number, number: number) =>
      check(number, { streams: [], sequential: { logWealth: Math.log(wealth) } });
    expect(outcomes(play(policy, [capital(20.1, 1), capital(20.1, 2)]))).toEqual(['carry-on', 'widen']);
    const [, below] = play(policy, [capital(20.1, 1), capital(19.9, 2)]);
    expect(below.outcome).toBe('carry-on');
    expect(rule(below, 'drift-only').nearest).toMatchObject({ bound: 20, holds: false });
  });
});

describe('drift with fallen coverage, or a proxy mismatch', () => {
  it('freezes predictions outside the domain, and widens nothing', () => {
    const decisions = play(policy, [outside(1), outside(2), outside(3)]);
    expect(outcomes(decisions)).toEqual(['carry-on', 'freeze-out-of-domain', 'carry-on']);
    expect(decisions[1].actions).toEqual([{ action: 'freeze-out-of-domain', answer: 'mark' }]);
    expect(rule(decisions[2], 'out-of-domain').state).toBe('in-force');
    expect(rule(decisions[2], 'drift-only')).toMatchObject({
      state: 'not-met',
      reasons: ['out-of-domain answers it'],
    });
  });

  it('takes a mismatch by itself, and low coverage without drift for nothing', () => {
    const mismatch = [stream('chemistry', 'steady'), stream('proxies', 'drift')];
    expect(
      outcomes(
        play(
          policy,
          [1, 2].map((number) => check(number, { streams: mismatch })),
        ),
      )[1],
    ).toBe('freeze-out-of-domain');
    const low = play(
      policy,
      [1, 2].map((number) => check(number, { domain: OUTSIDE })),
    );
    expect(outcomes(low)).toEqual(['carry-on', 'carry-on']);
  });

  it('goes by the upper end of the interval of coverage, and says which figure it would have taken', () => {
    const domain = { share: 0.76, low: 0.7, high: 0.82 };
    const [, second] = play(
      policy,
      [1, 2].map((number) => check(number, { streams: DRIFT, domain })),
    );
    expect(second.outcome).toBe('widen');
    expect(rule(second, 'out-of-domain')).toMatchObject({
      state: 'not-met',
      nearest: {
        figure: 'upper end of domain coverage',
        value: 0.82,
        bound: 0.8,
        field: 'outOfDomain.coverageBelow',
      },
    });
    expect(rule(second, 'out-of-domain').wouldChange).toContain('0.82, where less than 0.8 counts');
  });

  it('stays until it is resumed; the checks before count no more, and the cooldown holds', () => {
    const decisions = play(
      policy,
      [outside(1), outside(2), outside(4), outside(5), outside(9)],
      [resumed(3, 'out-of-domain-frozen')],
    );
    expect(outcomes(decisions)).toEqual([
      'carry-on',
      'freeze-out-of-domain',
      // Until the rule is met again the drift is one that nothing else answers.
      'widen',
      'carry-on',
      'freeze-out-of-domain',
    ]);
    expect(rule(decisions[2], 'out-of-domain').nearest).toMatchObject({ value: 1, bound: 2 });
    expect(rule(decisions[3], 'out-of-domain').state).toBe('cooldown');
    expect(decisions[1].cooldowns).toEqual([{ action: 'freeze-out-of-domain', until: on(9) }]);
  });
});

describe('a sustained loss', () => {
  it('freezes the release as the policy says, and retrains where the effect is worth it', () => {
    const refusing = policyWith({ sustainedLoss: { frozenAnswer: 'refuse' } });
    const decisions = play(refusing, [losing(1), losing(2), losing(3)]);
    expect(outcomes(decisions)).toEqual(['carry-on', 'freeze-release', 'carry-on']);
    expect(decisions[1].actions).toEqual([
      { action: 'freeze-release', answer: 'refuse' },
      { action: 'retrain', endsAs: 'candidate' },
    ]);
    expect(decisions[1].evidence[1].values).toMatchObject({
      'labels: maturity': 0.9,
      'labels: effective': 120,
      'loss: error': 0.65,
    });
    expect(rule(decisions[2], 'retrain').state).toBe('cooldown');
  });

  it('retrains again after the cooldown, of whatever release', () => {
    const later = [40, 41].map((number) => losing(number, { release: 'release-2' }));
    const soon = [20, 21].map((number) => losing(number, { release: 'release-2' }));
    const actions = (checks: typeof later) =>
      play(policy, [losing(1), losing(2), ...checks])[3].actions.map(({ action }) => action);
    expect(actions(later)).toEqual(['freeze-release', 'retrain']);
    expect(actions(soon)).toEqual(['freeze-release']);
  });

  it('freezes and does not retrain where the effect is small, and says how large it would have to be', () => {
    const loss = lossOf({ error: 0.54, low: 0.53, high: 0.55 });
    const [, second] = play(policy, [losing(1, { loss }), losing(2, { loss })]);
    expect(second.actions).toEqual([{ action: 'freeze-release', answer: 'mark' }]);
    const { nearest, wouldChange } = rule(second, 'retrain');
    expect(nearest).toMatchObject({ bound: 0.1, field: 'retrain.minRelativeLoss', holds: false });
    expect(nearest?.value).toBeCloseTo(0.08, 12);
    expect(wouldChange).toContain('0.08, where more than 0.1 counts');
  });

  it.each([
    ['immature', { maturity: 0.79 }, 'label maturity', '79 % of the labels are expected'],
    ['few', { effectiveLabels: 49.9 }, 'effective labels', 'effectively 49.9, and 50 are needed'],
  ])('is not judged on %s labels, which says what is missing', (_, labels, what, words) => {
    const matureOn = on(30);
    const [, second] = play(
      policy,
      [1, 2].map((number) => losing(number, { labels: labelsOf({ ...labels, matureOn }) })),
    );
    expect(second.actions).toEqual([]);
    expect(rule(second, 'sustained-loss').state).toBe('not-evaluable');
    expect(rule(second, 'retrain').state).toBe('not-evaluable');
    expect(rule(second, 'labels-not-ready').state).toBe('fired');
    expect(second.missing).toMatchObject([{ what, expected: what === 'label maturity' ? matureOn : null }]);
    expect(second.inWords).toContain(words);
  });

  it.each([
    ['biased', 0.05, 'labels that come late err otherwise (p 0.05)'],
    ['never tested for bias', null, 'was not tested'],
  ])('of labels that are %s freezes, and never retrains', (_, delayP, words) => {
    const [, second] = play(
      policy,
      [1, 2].map((number) => losing(number, { labels: labelsOf({ delayP }) })),
    );
    expect(second.actions.map(({ action }) => action)).toEqual(['freeze-release']);
    expect(rule(second, 'retrain')).toMatchObject({ state: 'not-met' });
    expect(second.missing).toMatchObject([{ what: 'unbiased labels' }]);
    expect(second.inWords).toContain(words);
  });

  it('goes by the risk process now: one that has fallen again is none', () => {
    const fallen = losing(2, { loss: lossOf({ logWealth: Math.log(19.9) }) });
    const [, second] = play(policy, [losing(1), fallen]);
    expect(second.outcome).toBe('carry-on');
    expect(rule(second, 'sustained-loss').nearest).toMatchObject({ figure: 'risk process', bound: 20 });
    const endless = [1, 2].map((number) => losing(number, { loss: lossOf({ logWealth: 5000 }) }));
    expect(play(policy, endless)[1].outcome).toBe('freeze-release');
  });

  it('is not judged where the risk process tolerates another excess than was agreed on', () => {
    const loss = lossOf({ toleratedExcess: 0 });
    const [, second] = play(policy, [losing(1, { loss }), losing(2, { loss })]);
    expect(rule(second, 'sustained-loss')).toMatchObject({
      state: 'not-evaluable',
      reasons: ['the risk process tolerates an excess of 0, and 0.05 was agreed on'],
    });
  });

  it('ends with a new release, which is judged by its own checks', () => {
    const fresh = check(3, { release: 'release-2' });
    const decisions = play(policy, [losing(1), losing(2), fresh]);
    expect(decisions[2].inForce).toEqual([]);
    expect(decisions[2].outcome).toBe('carry-on');
  });
});

describe('a changed assay', () => {
  it('freezes comparisons when somebody else confirms the report, and asks for a new dataset version', () => {
    const decisions = play(policy, [], [reported(4), confirmed(6)]);
    expect(outcomes(decisions)).toEqual(['carry-on', 'freeze-comparisons']);
    expect(decisions[1].actions).toEqual([
      {
        action: 'freeze-comparisons',
        change: 'change-1',
        changedFrom: on(1),
        requires: 'new-dataset-version',
      },
    ]);
    expect(decisions[0].rules[0]).toMatchObject({ state: 'not-met', nearest: { value: 1, bound: 2 } });
  });

  it('is not confirmed by the one who reported it, nor by a confirmation of nothing', () => {
    const alone = play(policy, [], [reported(4), confirmed(6, { ...ADA, mail: 'ADA@example.org' })]);
    expect(outcomes(alone)).toEqual(['carry-on', 'carry-on']);
    expect(alone[1].rules[0].reasons).toContain('Ada Example reported it and cannot confirm it');
    expect(outcomes(play(policy, [], [confirmed(6)]))).toEqual(['not-evaluable']);
  });

  it.each([
    ['changed', 12, 0.4, 'freeze-comparisons'],
    ['no-spread', 12, 3, 'freeze-comparisons'],
    ['no-spread', 12, 0, 'carry-on'],
    ['no-spread', 1, 3, 'carry-on'],
    ['undecided', 4, 0.4, 'carry-on'],
    ['equivalent', 30, 0.01, 'carry-on'],
  ] as const)(
    'a bridge test that ends %s with %d pairs and %d: %s',
    (verdict, pairs, difference, outcome) => {
      const { id, ...base } = confirmed(5);
      const bridge = {
        ...base,
        kind: 'bridge-tested',
        id,
        verdict,
        pairs,
        difference,
        unit: 'log10',
      } as const;
      expect(outcomes(play(policy, [], [bridge]))).toEqual([outcome]);
    },
  );

  it('makes losses and drift of labels incomparable until a resume, and the checks in between count for nothing', () => {
    const events = [reported(1), confirmed(2), resumed(5, 'comparisons-frozen')];
    const decisions = play(policy, [losing(3), losing(4), losing(6), losing(7)], events);
    const ofChecks = decisions.filter(({ judged }) => judged.kind === 'evidence');
    expect(outcomes(ofChecks)).toEqual(['carry-on', 'carry-on', 'carry-on', 'freeze-release']);
    expect(rule(ofChecks[1], 'sustained-loss').reasons).toContain(
      'the assay has changed, and comparisons across the change are frozen',
    );
    const streams = [
      stream('labels', 'drift'),
      stream('performance', 'drift'),
      stream('chemistry', 'steady'),
    ];
    const labelled = [3, 4].map((number) => check(number, { streams }));
    expect(outcomes(play(policy, labelled))[1]).toBe('widen');
    expect(outcomes(play(policy, labelled, events.slice(0, 2))).slice(2)).toEqual(['carry-on', 'carry-on']);
  });

  it('that is a second one is frozen too, though the first still is', () => {
    const events = [reported(1), confirmed(2), reported(5, 'change-2'), confirmed(6, BOB, 'change-2')];
    const decisions = play(policy, [check(3)], events);
    expect(decisions.map(({ rule: fired }) => fired)).toEqual([
      null,
      'assay-change',
      null,
      null,
      'assay-change',
    ]);
    expect(rule(decisions[2], 'assay-change')).toMatchObject({ state: 'in-force', rests: ['change-1'] });
  });
});

describe('who judges', () => {
  it('is the version in effect when the check was made, and it counts only checks that it judges', () => {
    const strict = policyWith({ name: 'strict', driftOnly: { sustained: 1 } }, on(3));
    const decisions = play([strict, policy], [drifting(1), drifting(3), drifting(4)]);
    expect(decisions.map(({ policy: by }) => by?.name)).toEqual(['test', 'test', 'strict']);
    expect(decisions.map(({ policy: by }) => by?.hash)).toEqual(
      [policy, policy, strict].map((version) => monitorPolicyHash(version)),
    );
    const later = policyWith({ name: 'later' }, on(3));
    expect(outcomes(play([policy, later], [drifting(1), drifting(4)]))).toEqual(['carry-on', 'carry-on']);
    expect(outcomes(play(policy, [drifting(1), drifting(4)]))).toEqual(['carry-on', 'widen']);
  });

  it('is nobody before a policy takes effect, nor at that instant', () => {
    const [before, at] = play(policy, [losing(-1), losing(0)]);
    for (const decision of [before, at]) {
      expect(decision).toMatchObject({ policy: null, outcome: 'not-evaluable', actions: [], rules: [] });
      expect(decision.inWords).toContain('no policy was in effect');
    }
  });

  it('is refused where two versions take effect at once', () => {
    const other = policyWith({ name: 'other' });
    expect(() => play([policy, other], [check(1)])).toThrow('takes effect at the same time');
    expect(outcomes(play([policy, policy], [check(1)]))).toEqual(['carry-on']);
  });

  it('asks for what was agreed on: alpha, permutations and seed', () => {
    const settings = { alpha: 0.05, permutations: 999, seed: 1 };
    const ask = (more: Partial<typeof settings>) =>
      play(
        policy,
        [1, 2].map((number) => check(number, { streams: DRIFT, settings: { ...settings, ...more } })),
      )[1];
    expect(ask({ alpha: 0.0005, permutations: 2000 }).outcome).toBe('widen');
    expect(ask({ alpha: 0.1 }).outcome).toBe('not-evaluable');
    expect(ask({ alpha: 0.1 }).inWords).toContain('made at alpha 0.1, and at most 0.05 was agreed on');
    expect(ask({ permutations: 500 }).outcome).toBe('not-evaluable');
    expect(ask({ seed: 2 }).inWords).toContain('seed 2, and 1 was agreed on');
  });
});

describe('a decision', () => {
  it('that cannot be made says why for each rule', () => {
    const [decision] = play(policy, [unjudged(1)]);
    expect(decision.outcome).toBe('not-evaluable');
    expect(decision.inWords).toContain('chemistry is not evaluable (too-few-compounds)');
    expect(rule(decision, 'sustained-loss').reasons).toEqual([
      'no label has arrived',
      'the loss was not measured',
    ]);
    expect(rule(decision, 'out-of-domain').reasons).toContain('domain coverage was not measured');
    expect(decision.missing).toMatchObject([{ what: 'labels', expected: null }]);
  });

  it('says what it could not judge beside what it could', () => {
    const streams = [stream('chemistry', 'not-evaluable')];
    const [decision] = play(policy, [losing(1, { streams })]);
    expect(decision.outcome).toBe('carry-on');
    expect(decision.inWords).toContain(
      'Not judged: drift-only (chemistry is not evaluable (too-few-compounds)).',
    );
  });

  it('of a rule that fired says what it would not be met without', () => {
    const [, second] = play(policy, [losing(1), losing(2)]);
    expect(rule(second, 'sustained-loss')).toMatchObject({
      nearest: { figure: 'consecutive checks', holds: true },
    });
    expect(rule(second, 'sustained-loss').wouldChange).toMatch(/^It would not be met without: /);
  });

  it('takes several actions at once, the most severe first', () => {
    const worst = [1, 2].map((number) => losing(number, { streams: DRIFT, domain: OUTSIDE }));
    const [, second] = play(policy, worst);
    expect(second.actions.map(({ action }) => action)).toEqual([
      'freeze-release',
      'freeze-out-of-domain',
      'retrain',
    ]);
    expect([second.outcome, second.rule]).toEqual(['freeze-release', 'sustained-loss']);
  });

  it('is about the newest check that is known, and about nothing where there is none', () => {
    const history = { policies: [policy], evidence: [check(1), drifting(3)], events: [], decisions: [] };
    expect(decide(history, day(0))).toBeNull();
    expect(decide(history, day(2))?.judged.id).toBe(check(1).id);
    expect(decide(history, day(3))?.judged.id).toBe(drifting(3).id);
  });

  it('that comes late is about each check as of its time, and waits from when it was made', () => {
    const evidence = [outside(1), outside(2), losing(20), losing(21)];
    const made = decidePending({ policies: [policy], evidence, events: [], decisions: [] }, day(25));
    expect(outcomes(made)).toEqual(['carry-on', 'freeze-out-of-domain', 'carry-on', 'freeze-release']);
    expect(made.map(({ time }) => time)).toEqual([25, 25, 25, 25].map(on));
    const again = { policies: [policy], evidence, events: [], decisions: made };
    expect(decidePending(again, day(26))).toEqual([]);
  });

  it('of mixed monitors is refused', () => {
    const evidence = [check(1), check(2, { monitor: 'other' })];
    const history = { policies: [policy], evidence, events: [], decisions: [] };
    expect(() => decide(history, day(3))).toThrow(expect.objectContaining({ code: 'ERR_POLICY_EVIDENCE' }));
  });

  it('does not depend on the order in which things are given, nor on a check that is there twice', () => {
    const evidence = [drifting(1), drifting(2), losing(3), losing(4), check(5, { streams: STEADY })];
    const events = [reported(2), confirmed(3)];
    const straight = play(policy, evidence, events);
    expect(play(policy, [...evidence.toReversed(), evidence[0]], events.toReversed())).toEqual(straight);
  });
});
