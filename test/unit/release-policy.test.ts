import { expect, test } from 'vitest';
import { DEFAULT_RELEASE_POLICY, parseReleasePolicy, policyHash } from '../../src/core/release-policy.ts';

const parse = (value: unknown) => parseReleasePolicy(JSON.stringify(value), 'policy.json');

test('what a policy does not name keeps its default, and both have one identity', () => {
  expect(parse({})).toEqual(DEFAULT_RELEASE_POLICY);
  const stricter = parse({ name: 'stricter', calibration: { maxBias: 0.1 }, waivers: { allowed: [] } });
  expect(stricter.calibration).toEqual({ ...DEFAULT_RELEASE_POLICY.calibration, maxBias: 0.1 });
  expect(stricter.waivers).toEqual({ allowed: [], minReason: 20 });
  expect(policyHash(parse({ noWorse: { auroc: 0.015 } }))).toBe(policyHash(DEFAULT_RELEASE_POLICY));
  expect(policyHash(stricter)).not.toBe(policyHash(DEFAULT_RELEASE_POLICY));
});

test.each([
  [{ calibrations: {} }, 'calibrations is unknown'],
  [{ calibration: { maxBiass: 0.1 } }, 'calibration.maxBiass is unknown'],
  [{ calibration: { maxBias: 1.5 } }, 'calibration.maxBias is 1.5, not a number from 0 to 1'],
  [{ calibration: { maxBias: -0.1 } }, 'calibration.maxBias is -0.1, not a number from 0 to 1'],
  [{ calibration: { maxBias: '0.1' } }, 'calibration.maxBias is "0.1", not a number from 0 to 1'],
  [{ calibration: { maxBias: null } }, 'calibration.maxBias is null, not a number from 0 to 1'],
  [{ calibration: { binRows: 49.5 } }, 'calibration.binRows is 49.5, not a whole number from 0'],
  [{ calibration: [] }, 'calibration is a list, not an object'],
  [{ calibration: { coverageFrom: 0.95 } }, 'calibration.coverageFrom is above calibration.coverageTo'],
  [{ waivers: { allowed: 'card' } }, 'waivers.allowed is "card", not a list of texts'],
  [
    { waivers: { allowed: ['card', 'integrity'] } },
    'waivers.allowed[1] is integrity; checks that can be waived',
  ],
  [{ waivers: { allowed: ['contract'] } }, 'waivers.allowed[0] is contract; checks'],
  [{ waivers: { allowed: ['approver'] } }, 'waivers.allowed[0] is approver; checks'],
  [{ definition: { variants: [3] } }, 'definition.variants is a list, not a list of texts'],
  [
    { schema: 'assayer.release-policy/2' },
    'schema is assayer.release-policy/2, this engine reads assayer.release-policy/1',
  ],
  [{ name: '' }, 'name is "", not a text'],
  [[], 'the whole is a list, not an object'],
  [null, 'the whole is null, not an object'],
])('%j is refused: %s', (value, says) => {
  expect(() => parse(value)).toThrow(`Release policy policy.json cannot be used: ${says}`);
});

test('a text that is no JSON is refused, and so is a name from the prototype', () => {
  expect(() => parseReleasePolicy('{', 'p.json')).toThrow(
    'Release policy p.json cannot be used: it is no JSON.',
  );
  expect(() => parseReleasePolicy('{"__proto__": {"a": 1}}', 'p.json')).toThrow('__proto__ is unknown');
  expect(() => parse({ toString: 1 })).toThrow('toString is unknown');
});
