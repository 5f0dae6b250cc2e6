import { beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { type AuditCheck, auditCheck, auditReport } from '../../src/core/audit.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { RegistryRecord } from '../../src/core/registry-records.ts';
import { auditAttempts } from '../../src/flows/audit/attempts.ts';
import {
  auditCurrent,
  auditInForce,
  auditLabels,
  auditMonitored,
  auditPolicy,
} from '../../src/flows/audit/monitoring-checks.ts';
import {
  auditAnchors,
  auditChain,
  auditMeanings,
  auditOutbox,
} from '../../src/flows/audit/registry-checks.ts';
import {
  auditCalibration,
  auditEnvironment,
  auditGate,
  auditVersions,
} from '../../src/flows/audit/release-checks.ts';
import { auditWaste, deviceHours } from '../../src/flows/audit/waste.ts';
import { daysAgo, evidenceAt, healthyMonitor, MATURE, NOW, passedRelease } from './audit-fixtures.ts';
import { manifestOf, sharedOf } from './bundle-fixtures.ts';

let herg: Manifest;
let imported: Manifest;
beforeAll(async () => {
  herg = await manifestOf('herg');
  imported = { ...herg, calibration: { kind: 'none' } };
});

/** Severities and words of what a check found. */
const told = ({ findings }: AuditCheck) => findings.map(({ severity, inWords }) => `${severity}: ${inWords}`);

describe('the gate', () => {
  test('passes where each check is recorded as passed', () => {
    expect(auditGate(passedRelease(herg))).toMatchObject({ state: 'passed', findings: [] });
  });

  test('a check that is not recorded, or that failed, is an error', () => {
    const { checks } = passedRelease(herg);
    const without = auditGate(passedRelease(herg, { checks: checks.slice(1) }));
    expect(told(without)).toEqual(['error: The gate recorded no integrity.']);
    const failed = checks.map((one) =>
      one.check === 'leakage' ? { ...one, outcome: 'failed' as const } : one,
    );
    expect(told(auditGate(passedRelease(herg, { checks: failed })))[0]).toMatch(
      /^error: It was released though leakage failed/,
    );
    expect(auditGate(passedRelease(herg, { checks: [] })).state).toBe('found');
  });

  test('a waiver is told, and is no pass that was bought in silence', () => {
    const { checks } = passedRelease(herg);
    const waived = checks.map((one) =>
      one.check === 'card' ? { ...one, outcome: 'waived' as const, waiver: 'seen by hand' } : one,
    );
    expect(told(auditGate(passedRelease(herg, { checks: waived })))).toEqual([
      'note: card was waived by Ada: seen by hand',
    ]);
  });

  test('a release that nobody answers for is an error', () => {
    const release = passedRelease(herg, { approver: { name: '', mail: '' } });
    expect(told(auditGate(release))).toEqual(['error: Nobody answers for it.']);
  });
});

describe('versions', () => {
  const recorded = () => ({
    artifact: {
      endpoint: 'herg',
      version: '1',
      contract: herg.contractHash,
      dataset: herg.dataset.hash,
      trainer: herg.trainer.name,
    },
    dataset: { endpoint: 'herg', definition: '', source: '', licence: '', rows: 1, files: {} },
    isContractKnown: true,
  });

  test('all seven are named where they are there', () => {
    const check = auditVersions(passedRelease(herg), herg, recorded());
    expect(check).toMatchObject({ state: 'passed', inWords: '7 of 7 versions are present.' });
    expect(check.evidence).toHaveLength(7);
  });

  test.each([
    ['assay source', (m: Manifest) => ({ ...m, dataset: { ...m.dataset, assaySource: '' } })],
    ['raw compound set', (m: Manifest) => ({ ...m, dataset: { ...m.dataset, compounds: 'unknown' } })],
    [
      'featurization code',
      (m: Manifest) => ({ ...m, contract: { ...m.contract, fingerprint: undefined as never } }),
    ],
    [
      'descriptor dictionary',
      (m: Manifest) => ({
        ...m,
        contract: { ...m.contract, descriptors: { dtype: 'float32' as const, names: [] } },
      }),
    ],
    ['split rule', (m: Manifest) => ({ ...m, split: { name: '', hash: m.split.hash } })],
    ['model artifact', (m: Manifest) => ({ ...m, hash: '' })],
    ['evaluation set', (m: Manifest) => ({ ...m, evaluation: { ...m.evaluation, hash: '' } })],
  ])('without its %s it is found', (name, without) => {
    const found = told(auditVersions(passedRelease(herg), without(herg), recorded()));
    expect(found).toContain(`error: It has no version of: ${name}.`);
  });

  test('another artifact, contract, dataset or trainer than was recorded is an error', () => {
    const other = sha256('another');
    const release = passedRelease(herg, { artifact: other, contract: other });
    const { artifact } = recorded();
    const registry = {
      ...recorded(),
      artifact: { ...artifact, dataset: other, contract: other, trainer: 'by hand' },
    };
    expect(told(auditVersions(release, herg, registry))).toHaveLength(5);
  });

  test('other rows at the gate than in the manifest are a warning, and what the registry does not know is an error', () => {
    const release = passedRelease(herg, { evaluation: { hash: sha256('x'), rows: 3, source: 'a table' } });
    expect(told(auditVersions(release, herg, recorded()))[0]).toMatch(
      /^warning: The gate judged it on other rows/,
    );
    const unknown = { artifact: null, dataset: null, isContractKnown: false };
    expect(told(auditVersions(passedRelease(herg), herg, unknown))).toEqual([
      'error: The registry has no record of its artifact, dataset, contract.',
    ]);
  });

  test('nothing that needs a manifest is passed without one', () => {
    const release = passedRelease(herg);
    const checks = [
      auditVersions(release, null, recorded()),
      auditEnvironment(release, null),
      auditCalibration(release, null),
    ];
    expect(checks.map(({ state }) => state)).toEqual(['not-tried', 'not-tried', 'not-tried']);
  });
});

describe('environment, calibration and split', () => {
  const release = () => passedRelease(herg);

  test('a pinned environment passes, and a missing hash of the lock file is told', () => {
    expect(auditEnvironment(release(), herg).state).toBe('passed');
    expect(told(auditEnvironment(release(), herg))).toEqual([expect.stringMatching(/^note: .*lock file/)]);
    const locked = { ...herg, build: { ...herg.build, lock: sha256('lock') } };
    expect(auditEnvironment(release(), locked).findings).toEqual([]);
  });

  test('a range or nothing in place of a version is no pin', () => {
    for (const node of ['^24.0.0', '', '24']) {
      const loose = { ...herg, build: { ...herg.build, node } };
      expect(told(auditEnvironment(release(), loose))[0]).toBe(
        'warning: What made it is not pinned: no exact version of node is named.',
      );
    }
  });

  test('another toolkit than that of its contract, or a trainer without its sources, is an error', () => {
    const toolkit = herg.contract.toolkit.package;
    const other = { ...herg, build: { ...herg.build, [toolkit]: '2020.1.1' } };
    expect(told(auditEnvironment(release(), other))[0]).toMatch(
      /^error: It was made with @rdkit\/rdkit 2020\.1\.1/,
    );
    const unnamed = { ...herg, trainer: { ...herg.trainer, sourceHash: '' } };
    expect(told(auditEnvironment(release(), unnamed))[0]).toMatch(/^error: The sources of its trainer/);
    const brought = { ...unnamed, trainer: { ...unnamed.trainer, name: 'imported' } };
    expect(auditEnvironment(release(), brought).state).toBe('passed');
  });

  test('a calibrated model with its split passes', () => {
    expect(auditCalibration(release(), herg)).toMatchObject({ state: 'passed', findings: [] });
  });

  test('no calibration, thin bins, broken bins, no split and no rows are found', () => {
    if (herg.calibration.kind !== 'conformal') throw new Error('hERG has another calibration');
    const { calibration } = herg;
    const cases: [Manifest, RegExp][] = [
      [imported, /^warning: It is not calibrated/],
      [
        { ...herg, calibration: { ...calibration, counts: calibration.counts.with(0, 29) } },
        /^warning: .* 29 held-out/,
      ],
      [{ ...herg, calibration: { ...calibration, halfWidths: [] } }, /^error: .* bins without/],
      [{ ...herg, split: { name: 'scaffold', hash: 'none' } }, /^error: Its split/],
      [{ ...herg, evaluation: { ...herg.evaluation, rows: 0 } }, /^error: It was measured on no rows/],
    ];
    for (const [manifest, expected] of cases)
      expect(told(auditCalibration(release(), manifest))).toEqual([expect.stringMatching(expected)]);
    const enough = { ...herg, calibration: { ...calibration, counts: calibration.counts.with(0, 30) } };
    expect(auditCalibration(release(), enough).findings).toEqual([]);
  });
});

describe('monitoring', () => {
  const well = () => [healthyMonitor()];
  const release = () => passedRelease(herg);

  test('a healthy monitor gives no finding', () => {
    const checks = [
      auditMonitored(release(), well(), []),
      auditPolicy(well()),
      auditCurrent(well(), NOW),
      auditLabels(well(), NOW),
      auditInForce(well()),
    ];
    expect(checks.map(({ state, findings }) => [state, findings.length])).toEqual(
      checks.map(() => ['passed', 0]),
    );
  });

  test('without a monitor nothing about monitoring passes', () => {
    const monitored = auditMonitored(release(), [], []);
    expect(told(monitored)).toEqual(['warning: Nobody watches it: if it rots, nobody will notice.']);
    expect(monitored.findings[0].remedy).toContain('assayer monitor add herg');
    const others = [auditPolicy([]), auditCurrent([], NOW), auditLabels([], NOW), auditInForce([])];
    expect(others.map(({ state }) => state)).toEqual(['not-tried', 'not-tried', 'not-tried', 'not-tried']);
    expect(told(auditMonitored(release(), [], ['site-b']))[0]).toContain(
      'site-b still watches the release before it',
    );
  });

  test('a policy that was recorded after it took effect, or never, is an error', () => {
    expect(told(auditPolicy([healthyMonitor({ recorded: daysAgo(29) })]))).toEqual([
      'error: Policy default of herg was recorded after it took effect.',
    ]);
    expect(auditPolicy([healthyMonitor({ recorded: daysAgo(30) })]).findings).toEqual([]);
    expect(told(auditPolicy([healthyMonitor({ recorded: null })]))).toEqual([
      'error: Policy default of herg is not what was recorded.',
    ]);
  });

  test('a decision by a policy younger than its evidence is an error', () => {
    expect(told(auditPolicy([healthyMonitor({ decisionPolicy: daysAgo(1) })]))).toEqual([
      'error: herg was decided by a policy that is younger than what it judged.',
    ]);
    expect(auditPolicy([healthyMonitor({ decisionPolicy: daysAgo(2) })]).findings).toHaveLength(1);
    expect(auditPolicy([healthyMonitor({ decisionPolicy: daysAgo(3) })]).findings).toEqual([]);
  });

  test('checks that no policy judged, and checks without a decision, are warnings', () => {
    const evidence = [evidenceAt(daysAgo(40)), evidenceAt(daysAgo(2), MATURE)];
    const [, newer] = evidence;
    const early = auditPolicy([healthyMonitor({ evidence, decided: [newer] })]);
    expect(told(early)).toEqual([
      'warning: 1 of 2 checks of herg were made before its policy took effect, and judged by nobody.',
    ]);
    const undecided = auditPolicy([healthyMonitor({ decided: [] })]);
    expect(told(undecided)).toEqual(['warning: 1 of 1 checks of herg have no decision.']);
  });

  test('a check that is overdue is a warning from the very moment that it is', () => {
    const due = new Date(NOW).toISOString();
    expect(auditCurrent([healthyMonitor({ due })], NOW).findings).toEqual([]);
    expect(told(auditCurrent([healthyMonitor({ due })], NOW + 1))).toEqual([
      expect.stringMatching(/^warning: The verdict of herg is not current/),
    ]);
    const never = healthyMonitor({ evidence: [], due: daysAgo(3) });
    expect(told(auditCurrent([never], NOW))).toEqual([
      'warning: herg never made a check; the first was due 3.0 days ago.',
    ]);
  });

  test('a schedule that nobody here can read is not tried', () => {
    expect(auditCurrent([healthyMonitor({ schedule: 'at full moon' })], NOW).state).toBe('not-tried');
  });

  test('labels: none, immature, late, few, biased', () => {
    const withLabels = (labels: Parameters<typeof evidenceAt>[1]) =>
      told(auditLabels([healthyMonitor({ evidence: [evidenceAt(daysAgo(2), labels)] })], NOW));
    expect(withLabels(null)).toEqual([expect.stringMatching(/^warning: No label of the last batch/)]);
    expect(withLabels({ ...MATURE, maturity: 0.79 })).toEqual([
      expect.stringMatching(/^note: .* immature: 0\.79/),
    ]);
    expect(withLabels({ ...MATURE, maturity: 0.8 })).toEqual([]);
    expect(withLabels({ ...MATURE, maturity: 0.5, matureOn: daysAgo(1) })).toEqual([
      expect.stringMatching(/^warning: .* were to be mature on 2026-11-20/),
    ]);
    expect(withLabels({ ...MATURE, maturity: 0.5, matureOn: daysAgo(-1) })).toEqual([
      expect.stringMatching(/^note: /),
    ]);
    expect(withLabels({ ...MATURE, effectiveLabels: 49.9 })).toEqual([
      expect.stringMatching(/^note: .* count as 49\.9/),
    ]);
    expect(withLabels({ ...MATURE, delayP: 0.049 })).toEqual([expect.stringMatching(/^warning: .* biased/)]);
    expect(withLabels({ ...MATURE, delayP: null })).toEqual([]);
    const unchecked = healthyMonitor({ evidence: [] });
    expect(auditLabels([unchecked], NOW).state).toBe('not-tried');
    expect(auditLabels([unchecked, healthyMonitor()], NOW).state).toBe('partly');
  });

  test('a freeze is a warning, a widened monitor a note', () => {
    const inForce = (state: 'release-frozen' | 'widened') =>
      told(auditInForce([healthyMonitor({ inForce: [{ state, since: daysAgo(1), decision: 'd' }] })]));
    expect(inForce('release-frozen')).toEqual([
      expect.stringMatching(/^warning: herg: release-frozen since/),
    ]);
    expect(inForce('widened')).toEqual([expect.stringMatching(/^note: herg: widened since/)]);
  });
});

describe('what was made again', () => {
  const attempt = (outcome: 'same' | 'differs' | 'gone' | 'not-tried', isExpected = false) => ({
    what: 'run 1',
    outcome,
    inWords: 'words',
    evidence: [],
    remedy: 'do',
    isExpected,
  });

  test('passes only where all was tried and came out the same', () => {
    const state = (outcomes: Parameters<typeof attempt>[0][], of: number) =>
      auditAttempts(
        'inputs',
        outcomes.map((outcome) => attempt(outcome)),
        of,
        'nothing',
      ).state;
    expect(state(['same', 'same'], 2)).toBe('passed');
    expect(state(['same'], 2)).toBe('partly');
    expect(state(['same', 'not-tried'], 2)).toBe('partly');
    expect(state(['not-tried'], 1)).toBe('not-tried');
    expect(state([], 3)).toBe('not-tried');
    expect(state([], 0)).toBe('not-tried');
    expect(state(['same', 'differs'], 2)).toBe('found');
    expect(state(['gone'], 1)).toBe('found');
  });

  test('a difference is an error, what is gone a warning, a difference that is foreseen a note that is no pass of the bytes', () => {
    const severities = (one: ReturnType<typeof attempt>) =>
      auditAttempts('outputs', [one], 1, '').findings.map(({ severity }) => severity);
    expect(severities(attempt('differs'))).toEqual(['error']);
    expect(severities(attempt('gone'))).toEqual(['warning']);
    expect(severities(attempt('differs', true))).toEqual(['note']);
    expect(auditAttempts('outputs', [attempt('differs', true)], 1, '').state).not.toBe('passed');
  });
});

describe('the registry', () => {
  const whole = { records: 3, head: { sequence: 3, hash: sha256('h'), time: daysAgo(1) }, problems: [] };
  const report = {
    isWhole: true,
    chain: whole,
    tables: [],
    tablesProblem: null,
    heads: [],
    headsCompared: 0,
    headsUntrusted: 0,
  };
  const head = {
    schema: 'assayer.head/1',
    sequence: 2,
    hash: sha256('2'),
    time: daysAgo(2),
    key: 'k',
    signature: '',
  } as const;

  test('a whole chain passes, each problem of another is an error, and one that was not walked is not tried', () => {
    expect(auditChain(report)).toMatchObject({ state: 'passed', findings: [] });
    expect(auditChain(null).state).toBe('not-tried');
    const problems = [{ sequence: 2, kind: 'altered', inWords: 'record 2 was altered' }] as const;
    expect(told(auditChain({ ...report, chain: { ...whole, problems } }))).toEqual([
      'error: record 2 was altered',
    ]);
    expect(told(auditChain({ ...report, tables: [{ table: 'runs', extra: 1, missing: 0 }] }))).toHaveLength(
      1,
    );
    expect(told(auditChain({ ...report, tablesProblem: 'no' }))).toHaveLength(1);
    expect(told(auditChain({ ...report, heads: [{ head, kind: 'truncated', inWords: 'cut' }] }))).toEqual([
      'error: cut',
    ]);
  });

  test('anchors pass where all are held, and are not tried where there are none', () => {
    expect(auditAnchors({ heads: [head], problems: [] }).state).toBe('passed');
    expect(auditAnchors({ heads: [], problems: [] }).state).toBe('not-tried');
    expect(auditAnchors(null).state).toBe('not-tried');
    expect(
      told(auditAnchors({ heads: [head], problems: [{ head, kind: 'rewritten', inWords: 'rewritten' }] })),
    ).toEqual(['error: rewritten']);
  });

  test('runs that are not in the registry are told with their reason', () => {
    expect(auditOutbox([])).toMatchObject({ state: 'passed' });
    expect(
      told(
        auditOutbox([
          { path: 'a', reason: null },
          { path: 'b', reason: 'it is no JSON' },
        ]),
      ),
    ).toEqual(['warning: A run waits to be taken in.', 'warning: A run was refused: it is no JSON']);
  });

  test('variants are told, undeclared meanings are errors, titles are not meaning', () => {
    const definition = (variant: string | null, unit = herg.endpoint.unit) =>
      ({
        subject: 'herg',
        body: {
          definition: { ...sharedOf(herg), endpoint: { ...herg.endpoint, unit } },
          variant,
          assays: [],
        },
      }) as never as RegistryRecord<'definition'>;
    expect(auditMeanings([definition(null)], [herg])).toMatchObject({ state: 'passed', findings: [] });
    expect(
      auditMeanings([definition(null)], [{ ...herg, endpoint: { ...herg.endpoint, title: 'another title' } }])
        .findings,
    ).toEqual([]);
    expect(told(auditMeanings([definition(null), definition('site-b', 'uM')], []))).toEqual([
      expect.stringMatching(/^note: herg means 2 things/),
    ]);
    expect(told(auditMeanings([definition(null), definition(null, 'uM')], []))).toEqual([
      expect.stringMatching(/^error: herg has 2 definitions/),
    ]);
    expect(told(auditMeanings([definition(null, 'uM')], [herg]))).toEqual([
      expect.stringMatching(/^error: herg@1 means another thing/),
    ]);
    expect(auditMeanings([], [herg]).findings).toEqual([]);
  });
});

describe('hours', () => {
  const run = (command: string, hours: number, input: string, device = 'cpu') =>
    ({
      subject: `${command} ${hours}`,
      body: {
        command,
        engine: '0.1.0',
        devices: { herg: device },
        startedAt: new Date(NOW).toISOString(),
        finishedAt: new Date(NOW + hours * 3_600_000).toISOString(),
        inputs: [{ role: 'dataset', hash: sha256(input) }],
      },
    }) as never as RegistryRecord<'run'>;

  test('are summed by command and device', () => {
    const hours = deviceHours([
      run('screen', 1, 'a'),
      run('screen', 2, 'b'),
      run('train', 4, 'a', 'cuda (H200)'),
    ]);
    expect(hours).toEqual([
      { command: 'train', device: 'cuda (H200)', runs: 1, hours: 4 },
      { command: 'screen', device: 'cpu', runs: 2, hours: 3 },
    ]);
    expect(auditWaste([run('train', 4, 'a', 'cuda (H200)'), run('screen', 1, 'a')]).evidence).toContainEqual({
      name: 'GPU hours',
      value: '4.0000',
    });
  });

  test('training the same inputs again is a warning with what it cost, screening them again a note', () => {
    expect(auditWaste([run('train', 1, 'a'), run('train', 1, 'b')])).toMatchObject({
      state: 'passed',
      findings: [],
    });
    expect(told(auditWaste([run('train', 1, 'a'), run('train', 2, 'a')]))).toEqual([
      'warning: train was run 2 times on the same inputs: 2.0 h of work that was done before.',
    ]);
    expect(told(auditWaste([run('screen', 1, 'a'), run('screen', 0.5, 'a')]))).toEqual([
      expect.stringMatching(/^note: screen was run 2 times .* 30\.0 min/),
    ]);
    expect(auditWaste([run('monitor check', 1, 'a'), run('monitor check', 1, 'a')]).findings).toEqual([]);
    expect(auditWaste([]).state).toBe('not-tried');
  });
});

test('the verdict is the worst finding; what was not tried keeps a report from being clean', () => {
  const report = (...registry: AuditCheck[]) =>
    auditReport({
      engine: '',
      time: '',
      workspace: '',
      team: null,
      head: { sequence: 0, hash: null },
      registry,
      releases: [],
      hours: [],
    });
  const passed = auditCheck('chain', { inWords: '' });
  const found = (severity: 'error' | 'warning' | 'note') =>
    auditCheck('gate', { inWords: '', findings: [{ severity, inWords: '', evidence: [], remedy: '' }] });
  expect(report(passed).state).toBe('clean');
  expect(report(passed, found('note'))).toMatchObject({ state: 'clean', counts: { note: 1, passed: 2 } });
  expect(report(passed, auditCheck('chain', { tried: 0, inWords: '' })).state).toBe('incomplete');
  expect(report(passed, auditCheck('chain', { tried: 1, of: 2, inWords: '' })).state).toBe('incomplete');
  expect(report(found('warning'), auditCheck('chain', { tried: 0, inWords: '' })).state).toBe('warning');
  expect(report(found('warning'), found('error')).state).toBe('error');
});
