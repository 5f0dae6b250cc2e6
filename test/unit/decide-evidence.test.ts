import { describe, expect, it } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import { identity } from '../../src/core/hash.ts';
import { type CarriedFigures, evidenceOf } from '../../src/flows/decide/evidence-of.ts';
import { evidenceValues } from '../../src/flows/decide/evidence-values.ts';
import {
  COVERED,
  check,
  labelsOf,
  lossOf,
  on,
  outcomes,
  play,
  policyWith,
  stream,
} from './decide-fixtures.ts';
import { exampleReport, fullReport } from './drift-report-fixtures.ts';

const { logWealth, toleratedExcess, ...performance } = lossOf();
const carried: CarriedFigures = {
  monitor: 'logd-weekly',
  release: 'release-1',
  time: '2026-12-03T09:00:00+01:00',
  sequential: { logWealth: 0.5 },
  risk: { logWealth, toleratedExcess },
};

/** The example as of a model whose labels have come. */
const reportWith = (figures: Partial<DriftReport['figures']> = {}): DriftReport => ({
  ...exampleReport(),
  figures: {
    domain: COVERED,
    labels: labelsOf({ matureOn: '2026-12-24T00:00Z' }),
    performance: { ...performance, risk: null },
    ...figures,
  },
});

describe('a drift report as evidence', () => {
  it('keeps verdicts, settings and figures, in recorded form, under the hash of it all', () => {
    const report = reportWith();
    const evidence = evidenceOf(report, carried);
    const { id, ...rest } = evidence;
    expect(id).toBe(identity(rest));
    expect(evidence.report).toBe(identity(report));
    expect(evidence.time).toBe('2026-12-03T08:00:00.000Z');
    expect(evidence.domain).toEqual(COVERED);
    expect(evidence.loss).toEqual(lossOf());
    expect(evidence.labels?.matureOn).toBe('2026-12-24T00:00:00.000Z');
    expect(evidence.streams.map(({ stream: name, state, p }) => [name, state, p])).toEqual(
      report.verdicts
        .filter(({ state }) => state !== 'forecast')
        .map((one) => [one.stream, one.state, one.p]),
    );
    const moved = report.verdicts[0].moved.filter(({ kind }) => kind === 'series').map(({ name }) => name);
    expect(moved.length).toBeGreaterThan(0);
    expect(evidence.streams[0].series).toEqual(moved);
  });

  it('leaves a forecast out, which is no evidence', () => {
    const report = fullReport();
    expect(report.verdicts.some(({ state }) => state === 'forecast')).toBe(true);
    expect(evidenceOf(report, carried).streams.map(({ stream: name }) => name)).not.toContain('estimate');
  });

  it('of a real check leads to a decision', () => {
    const { alpha, permutations, seed } = exampleReport().settings;
    const policy = policyWith({ checks: { alpha, permutations, seed } });
    const checks = [3, 10].map((number) =>
      evidenceOf(reportWith({ labels: null, performance: null }), { ...carried, time: on(number) }),
    );
    expect(outcomes(play(policy, checks))).toEqual(['carry-on', 'widen']);
  });

  it('has no loss without an interval of the error, or before a process has taken any', () => {
    const one = { ...performance, low: null, high: null, risk: null };
    expect(evidenceOf(reportWith({ performance: one }), carried).loss).toBeNull();
    expect(evidenceOf(reportWith({ performance: null }), carried).loss).toBeNull();
    expect(evidenceOf(reportWith(), { ...carried, risk: null }).loss).toBeNull();
  });

  const withLoss = (wrong: object) => ({ performance: { ...performance, risk: null, ...wrong } });
  it.each([
    [
      'maturity beyond 1',
      { labels: labelsOf({ maturity: 1.2 }) },
      'label maturity is 1.2, not a number from 0 to 1',
    ],
    ['maturity of no rows', { labels: labelsOf({ maturity: Number.NaN }) }, 'label maturity is NaN'],
    ['a day without its time', { labels: labelsOf({ matureOn: '2026-12-24' }) }, 'matureOn is 2026-12-24'],
    ['a p that is none', { labels: labelsOf({ delayP: Number.NaN }) }, 'p of loss and delay is NaN'],
    ['a model without errors', withLoss({ reference: 0 }), 'the loss of held-out compounds is 0'],
    ['an interval beside its loss', withLoss({ low: 0.7 }), 'the loss (low) is 0.7'],
    ['coverage in percent', { domain: { share: 94, low: 90, high: 97 } }, 'domain coverage (share) is 94'],
  ])('of a report with %s is refused', (_, wrong, says) => {
    expectRefused(() => evidenceOf(reportWith(wrong), carried), says);
  });

  it.each([
    ['an endless capital', { sequential: { logWealth: Number.POSITIVE_INFINITY } }, 'is Infinity'],
    [
      'a process that is none',
      { risk: { logWealth: Number.NaN, toleratedExcess: 0 } },
      'the risk process is NaN',
    ],
    ['no time', { time: 'yesterday' }, 'the time of the check is yesterday'],
  ])('with %s is refused', (_, wrong, says) => {
    expectRefused(() => evidenceOf(reportWith(), { ...carried, ...wrong }), says);
  });

  function expectRefused(make: () => unknown, says: string): void {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_POLICY_EVIDENCE' }));
    expect(make).toThrow(`Evidence of monitor logd-weekly cannot be judged: `);
    expect(make).toThrow(says);
  }
});

it('the figures of a check are recorded by name, those of a stream that is there twice apart', () => {
  const effect = { name: 'Kolmogorov-Smirnov distance', value: 0.3, unit: '' };
  const streams = [
    stream('outputs', 'drift', { effect }),
    stream('outputs', 'steady'),
    stream('labels', 'not-evaluable'),
  ];
  expect(evidenceValues(check(1, { streams, domain: null }))).toEqual({
    'outputs: p': 0.001,
    'outputs: alpha': 0.01,
    'outputs: Kolmogorov-Smirnov distance': 0.3,
    'outputs 2: p': 0.6,
    'outputs 2: alpha': 0.01,
  });
});
