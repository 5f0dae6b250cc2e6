import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type MonitorEvidence, RULES } from '../../src/core/monitor-decision.ts';
import { DEFAULT_POLICY_RULES, monitorPolicyHash } from '../../src/core/monitor-policy.ts';
import { POLICY_BOUNDS } from '../../src/core/monitor-policy-bounds.ts';
import { parsePolicyText } from '../../src/flows/decide/parse-policy-text.ts';
import { check, confirmed, DRIFT, labelsOf, lossOf, on, play, reported, resumed } from './decide-fixtures.ts';

const page = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8');
const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];

test('the policy that the page shows is the default one, every bound written out', () => {
  const policy = parsePolicyText(yaml, 'docs/policies.md');
  const { schema: _schema, name: _name, approver: _approver, effectiveFrom: _from, ...rules } = policy;
  expect(rules).toEqual(DEFAULT_POLICY_RULES);
  for (const path of Object.keys(POLICY_BOUNDS)) expect(yaml).toContain(`${path.split('.')[1]}:`);
});

test('the page tells every bound with its default, range, unit, meaning and source', () => {
  const defaults: Record<string, Record<string, unknown>> = { ...DEFAULT_POLICY_RULES, tell: {} };
  const rows = Object.entries(POLICY_BOUNDS).map(([path, { least, most, unit, meaning, source }]) => {
    const [section, name] = path.split('.');
    return `| \`${path}\` | ${defaults[section][name]}${unit && ` ${unit}`} | ${least} to ${most} | ${meaning} | ${source} |`;
  });
  expect(page).toContain(`${rows.join('\n')}\n\n`);
});

test('the page names every rule', () => {
  for (const rule of Object.keys(RULES)) expect(page).toContain(`**${rule}**`);
});

test('the worked example is what the rules conclude', () => {
  const policy = parsePolicyText(yaml, 'docs/policies.md');
  const immature = labelsOf({ maturity: 0.55, effectiveLabels: 31, matureOn: on(40) });
  const mild = lossOf({ logWealth: Math.log(6), error: 0.58, low: 0.52, high: 0.64 });
  const mature = (wealth: number) => ({ loss: lossOf({ logWealth: Math.log(wealth) }), labels: labelsOf() });
  const drifting = { streams: DRIFT };
  const story: [number, string, Partial<Omit<MonitorEvidence, 'id'>>][] = [
    [7, 'steady', {}],
    [14, 'chemistry drifts', drifting],
    [21, 'chemistry drifts', drifting],
    [28, 'chemistry drifts; 55 % of the labels are there', { ...drifting, loss: mild, labels: immature }],
    [42, 'labels are mature, risk process 26', { ...drifting, ...mature(26) }],
    [46, 'labels are mature, risk process 400', { ...drifting, ...mature(400) }],
    [49, 'the same', { ...drifting, ...mature(900) }],
    [56, 'a new release: steady', { release: 'release-2' }],
  ];
  const events = [reported(9), confirmed(11), resumed(13, 'comparisons-frozen')];
  const told = new Map(story.map(([number, words]) => [on(number), `check: ${words}`]));
  told.set(on(9), 'event: Ada reports that the protocol changed');
  told.set(on(11), 'event: Bob confirms it');
  const decisions = play(
    policy,
    story.map(([number, , more]) => check(number, more)),
    events,
  );
  const rows = decisions.map(({ judged, actions, rule, rules }) => {
    const done = actions.map(({ action }) => action).join(', ') || 'carry on';
    const [next] = rules.filter(({ rule: name }) => name === 'sustained-loss');
    const lacks = next?.nearest ? next.wouldChange.replace(/ Other bounds .*/, '') : '';
    const why = rule ?? (next?.state === 'in-force' ? 'sustained-loss is in force' : lacks);
    return `| ${judged.time.slice(0, 10)} | ${told.get(judged.time)} | ${done} | ${why} |`;
  });
  expect(page).toContain(`${rows.join('\n')}\n\n`);
  expect(page).toContain(`\`${monitorPolicyHash(policy)}\``);
});
