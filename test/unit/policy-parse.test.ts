import { describe, expect, it, test } from 'vitest';
import { isoTime } from '../../src/core/iso-time.ts';
import {
  DEFAULT_POLICY_RULES,
  monitorPolicyHash,
  parseMonitorPolicy,
  requireNotYetEffective,
  WIDENING_STREAMS,
} from '../../src/core/monitor-policy.ts';
import { POLICY_BOUNDS } from '../../src/core/monitor-policy-bounds.ts';
import { parsePolicyText } from '../../src/flows/decide/parse-policy-text.ts';

const REQUIRED = {
  schema: 'assayer.policy/1',
  name: 'discovery 2027',
  approver: { name: 'Ada Example', mail: 'ada@example.org' },
  effectiveFrom: '2027-01-01T00:00:00Z',
};
const parse = (more: Record<string, unknown> = {}) =>
  parseMonitorPolicy({ ...REQUIRED, ...more }, 'policy.yaml');

/** [path, default] of every number of the default rules. */
const NUMBERS = Object.entries(DEFAULT_POLICY_RULES).flatMap(([section, rules]) =>
  Object.entries(rules).flatMap(([name, value]) =>
    typeof value === 'number' ? [[`${section}.${name}`, value] as const] : [],
  ),
);

const inSection = (path: string, value: unknown) => {
  const [section, name] = path.split('.');
  return { [section]: { [name]: value } };
};

describe('a policy', () => {
  it('keeps the default of what it does not name, and has one identity however it is written', () => {
    const policy = parse();
    expect(policy).toEqual({
      ...REQUIRED,
      effectiveFrom: '2027-01-01T00:00:00.000Z',
      ...DEFAULT_POLICY_RULES,
    });
    const same = [
      parse({ effectiveFrom: '2027-01-01T01:00+01:00' }),
      parse({ driftOnly: { sustained: 2 }, tell: [] }),
      parse({ driftOnly: { streams: WIDENING_STREAMS.toReversed() } }),
      parsePolicyText(JSON.stringify(REQUIRED), 'policy.json'),
      parsePolicyText(
        `# signed on 2026-12-01\nschema: assayer.policy/1\neffectiveFrom: 2027-01-01T00:00:00Z\nname: discovery 2027\napprover: { name: Ada Example, mail: ada@example.org }\n`,
        'policy.yaml',
      ),
    ];
    for (const one of same) expect(monitorPolicyHash(one)).toBe(monitorPolicyHash(policy));
    const others = [
      parse({ name: 'other' }),
      parse({ retrain: { cooldownDays: 31 } }),
      parse({ tell: ['a'] }),
    ];
    expect(new Set([policy, ...others].map(monitorPolicyHash)).size).toBe(4);
  });

  it('has its defaults within their bounds, and a bound for every number', () => {
    expect(NUMBERS.map(([path]) => path).sort()).toEqual(Object.keys(POLICY_BOUNDS).sort());
    for (const [path, value] of NUMBERS) expect(() => parse(inSection(path, value))).not.toThrow();
  });

  it('is recorded before it takes effect', () => {
    const policy = parse();
    expect(() => requireNotYetEffective(policy, Date.parse('2027-01-01T00:00:00Z'))).not.toThrow();
    expect(() => requireNotYetEffective(policy, Date.parse('2027-01-01T00:00:00.001Z'))).toThrow(
      expect.objectContaining({
        code: 'ERR_POLICY_LATE',
        message: expect.stringContaining('2027-01-01T00:00:00.001Z'),
      }),
    );
  });
});

describe('a number', () => {
  /** What must stand beside a bound at its ends so that no two contradict each other. */
  const beside: Record<string, Record<string, Record<string, number>>> = {
    'checks.alpha': { checks: { permutations: 1e6 } },
    'driftOnly.sustained': { driftOnly: { steadyChecks: 100 } },
    'driftOnly.steadyChecks': { driftOnly: { sustained: 1 } },
    'sustainedLoss.toleratedExcess': { retrain: { minRelativeLoss: 10 } },
    'retrain.minRelativeLoss': { sustainedLoss: { toleratedExcess: 0 } },
  };
  const parseAt = (path: string, value: unknown) => {
    const [section, name] = path.split('.');
    const more = beside[path] ?? {};
    return parse({ ...more, [section]: { ...more[section], [name]: value } });
  };

  it.each(Object.entries(POLICY_BOUNDS))(
    '%s is taken from its least to its most, and not beyond',
    (path, bound) => {
      const { least, most, whole } = bound;
      const [section, name] = path.split('.');
      for (const value of [least, most]) {
        expect(parseAt(path, value)).toMatchObject({ [section]: { [name]: value } });
      }
      const step = whole ? 1 : 1e-6;
      for (const value of [
        least - step,
        most + step,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        '0.1',
        null,
        [],
        {},
      ]) {
        expect(() => parseAt(path, value)).toThrow(`${path} is `);
      }
      if (whole) expect(() => parseAt(path, least + 0.5)).toThrow('not a whole number from');
    },
  );
});

test.each([
  [{ checks: { alphas: 0.1 } }, 'checks.alphas is unknown'],
  [{ retraining: {} }, 'retraining is unknown'],
  [{ approver: { name: 'Ada', mail: 'a@b', phone: '1' } }, 'approver.phone is unknown'],
  [{ checks: [] }, 'checks is a list, not an object'],
  [{ checks: null }, 'checks is null, not an object'],
  [{ checks: { alpha: 0.6 } }, 'checks.alpha is 0.6, not a number from 0.000001 to 0.5'],
  [
    { schema: 'assayer.policy/2' },
    'schema is "assayer.policy/2", not assayer.policy/1, which this engine reads',
  ],
  [{ name: ' ' }, 'name is " ", not a text'],
  [{ name: 3 }, 'name is 3, not a text'],
  [{ approver: { name: 'Ada' } }, 'approver.mail is missing'],
  [{ approver: { name: '7', mail: 'a@b' } }, 'approver.name is "7", not a name'],
  [{ approver: { name: 'Ada', mail: 'ada' } }, 'approver.mail is "ada", not a mail address'],
  [{ effectiveFrom: '2027-01-01' }, 'effectiveFrom is "2027-01-01", not a time such as 2026-12-01T00:00:00Z'],
  [{ effectiveFrom: '2027-01-01T00:00:00' }, 'effectiveFrom is "2027-01-01T00:00:00", not a time'],
  [{ effectiveFrom: '2027-02-30T00:00:00Z' }, 'effectiveFrom is "2027-02-30T00:00:00Z", not a time'],
  [
    { sustainedLoss: { frozenAnswer: 'ignore' } },
    'sustainedLoss.frozenAnswer is "ignore", not mark or refuse',
  ],
  [{ tell: 'everybody' }, 'tell is "everybody", not a list of texts'],
  [{ tell: ['a', 3] }, 'tell[1] is 3, not a text'],
  [{ tell: ['a', 'b', 'a'] }, 'tell[2] repeats a'],
  [
    { driftOnly: { streams: ['chemistry', 'estimate'] } },
    'driftOnly.streams[1] is estimate; streams are chemistry',
  ],
  [{ driftOnly: { streams: ['proxies'] } }, 'driftOnly.streams[0] is proxies; streams are'],
  [{ driftOnly: { streams: [] } }, 'driftOnly.streams is empty'],
  [{ checks: { permutations: 99, alpha: 0.001 } }, 'no check could ever fire'],
  [{ driftOnly: { sustained: 4 } }, 'driftOnly.steadyChecks is 3, below driftOnly.sustained 4'],
  [{ driftOnly: { intervalFactor: 1, extraSeries: 0, labelsAsked: 0 } }, 'widening would change nothing'],
  [
    { retrain: { minRelativeLoss: 0.04 } },
    'retrain.minRelativeLoss is 0.04, below sustainedLoss.toleratedExcess 0.05',
  ],
])('%j is refused: %s', (more, says) => {
  expect(() => parse(more)).toThrow(
    `Policy policy.yaml cannot be used: ${says.includes(' is ') ? says : ''}`,
  );
  expect(() => parse(more)).toThrow(says);
});

test.each(Object.keys(REQUIRED))('a document without %s is refused', (name) => {
  const { [name as keyof typeof REQUIRED]: _left, ...rest } = REQUIRED;
  expect(() => parseMonitorPolicy(rest, 'p')).toThrow(`${name} is missing`);
});

test.each([
  ['name: [', 'it is no plain YAML (line 1)'],
  ['name: a\nname: b', 'it is no plain YAML (line 2): Map keys must be unique'],
  ['tell: &a [x]\nname: *a', 'it is no plain YAML'],
  ['name: !secret a', 'it is no plain YAML (line 1): Unresolved tag: !secret'],
  ['', 'the whole is null, not an object'],
  ['- a', 'the whole is a list, not an object'],
  [`${JSON.stringify(REQUIRED).slice(0, -1)}, "__proto__": {"a": 1}}`, '__proto__ is unknown'],
  [`${JSON.stringify(REQUIRED).slice(0, -1)}, "toString": 1}`, 'toString is unknown'],
  ['a: 1\n---\nb: 2', 'it is no plain YAML'],
])('the text %j is refused: %s', (text, says) => {
  expect(() => parsePolicyText(text, 'p.yaml')).toThrow(expect.objectContaining({ code: 'ERR_POLICY' }));
  expect(() => parsePolicyText(text, 'p.yaml')).toThrow(says);
});

test('times are written one way, and what is no time is none', () => {
  expect(isoTime('2026-12-01T00:00Z')).toBe('2026-12-01T00:00:00.000Z');
  expect(isoTime('2026-12-01T00:00:01.5+05:30')).toBe('2026-11-30T18:30:01.500Z');
  for (const text of [
    '',
    '2026-12-01',
    '2026-13-01T00:00Z',
    '2027-02-29T00:00Z',
    '2026-12-01T25:00Z',
    '2026-12-01 00:00Z',
  ]) {
    expect(isoTime(text)).toBeNull();
  }
});
