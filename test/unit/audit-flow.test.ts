import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditCheck, AuditCheckName, AuditReport } from '../../src/core/audit.ts';
import type { Clock } from '../../src/core/clock.ts';
import { monitorPolicyHash } from '../../src/core/monitor-policy.ts';
import { audit } from '../../src/flows/audit/audit.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { checkMonitor } from '../../src/flows/monitor/monitor-check.ts';
import { addMonitor } from '../../src/flows/monitor/monitors.ts';
import { openRegistry, type Registry } from '../../src/flows/registry/open-registry.ts';
import { screen } from '../../src/flows/screen.ts';
import { createEngine } from '../../src/main.ts';
import { anchorHead, signHead } from '../../src/registry/heads.ts';
import { openKeys } from '../../src/registry/keys.ts';
import { appendRelease } from '../../src/store/release-records.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { tamper } from '../registry/databases.ts';
import { passedRelease, policyFrom } from './audit-fixtures.ts';
import { manifestOf, shippedModels } from './bundle-fixtures.ts';

const SMILES = [
  'CCO',
  'CC(=O)Oc1ccccc1C(=O)O',
  'CN1C=NC2=C1C(=O)N(C(=O)N2C)C',
  'CC(C)Cc1ccc(cc1)C(C)C(=O)O',
  'c1ccc2ccccc2c1',
  'not a smiles',
];
const folder = mkdtempSync(join(tmpdir(), 'assayer-audit-'));
const models = join(folder, 'models');
const input = join(folder, 'in.csv');
const batch = join(folder, 'batch.csv');
const csv = `id,smiles\n${SMILES.map((smiles, i) => `c${i},${smiles}`).join('\n')}\n`;

/** Time that a test sets; it moves a little with every look, as time does. */
class MovingClock implements Clock {
  now_ = Date.parse('2026-11-21T09:00:00.000Z');
  now(): number {
    return this.now_++;
  }
}

const clock = new MovingClock();
const engine: Engine = { ...createEngine({ threads: 1, backends: ['wasm'], devices: ['cpu'] }), clock };
let registry: Registry;

beforeAll(async () => {
  cpSync(join(shippedModels, 'ppb'), join(models, 'ppb'), { recursive: true });
  writeFileSync(input, csv);
  const path = join(folder, 'ws');
  const workspace = await openWorkspace(path);
  const { hash: _, sequence: __, previous: ___, ...decision } = passedRelease(await manifestOf('ppb'));
  await appendRelease(workspace, decision, null);
  for (const name of ['out.csv', 'out.parquet']) {
    const request = {
      input,
      output: join(folder, name),
      models: ['ppb'],
      modelsFolder: models,
      workspace: path,
    };
    await screen(engine, request);
    clock.now_ += 1000;
  }
  registry = await openRegistry(engine, path, { modelsFolder: models, caller: 'ada' });
  const policy = {
    ...policyFrom(new Date(clock.now_ + 1000).toISOString()),
    checks: { alpha: 0.05, permutations: 19, seed: 1 },
  };
  await registry.append([
    { kind: 'policy', subject: monitorPolicyHash(policy), team: null, body: { policy } },
  ]);
  clock.now_ += 5000;
  await addMonitor(registry, {
    endpoint: 'ppb',
    policy: 'default',
    everyDays: 7,
    cluster: 'none',
    modelsFolder: models,
  });
  writeFileSync(batch, `${csv}c9,CCCCCCCCO\n`);
  await checkMonitor(registry, { monitor: 'ppb', batch, modelsFolder: models });
}, 240_000);

afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const light = {
  modelsFolder: models,
  dataFolder: '',
  team: null,
  verify: false,
  rerun: false,
  rebuild: false,
  runs: 0,
  anchors: null,
};
/** With the newest run made again, which is what takes time. */
const trying = { ...light, runs: 1 };

function checkOf(report: AuditReport, name: AuditCheckName): AuditCheck {
  const all = [...report.registry, ...report.releases.flatMap(({ checks }) => checks)];
  const found = all.find(({ check }) => check === name);
  if (!found) throw new Error(`no check ${name}`);
  return found;
}

const told = (report: AuditReport, name: AuditCheckName) =>
  checkOf(report, name).findings.map(({ severity, inWords }) => `${severity}: ${inWords}`);

let asides = 0;

/** Runs a test with a file changed, and puts it back. */
async function changed<T>(path: string, content: string | Buffer | null, use: () => Promise<T>): Promise<T> {
  const aside = join(folder, `aside-${asides++}`);
  renameSync(path, aside);
  if (content !== null) writeFileSync(path, content);
  try {
    return await use();
  } finally {
    rmSync(path, { force: true });
    renameSync(aside, path);
  }
}

const stored = (place: string) =>
  join(
    registry.workspace.path,
    place,
    readdirSync(join(registry.workspace.path, place)).filter((name) => /^[0-9a-f]{64}\./.test(name))[0],
  );

/** The feature set that the screens kept, not that of the batch. */
async function screened(): Promise<string> {
  const [row] = await registry.database.query<{ hash: string }>(
    "select hash from assayer.edges where role = 'feature-set' limit 1",
  );
  return join(registry.workspace.features, `${row.hash}.arrow`);
}

describe('an audit of a registry in which nothing is wrong', () => {
  test('makes inputs, results and verdict again and finds them the same; what it did not try is said', async () => {
    const report = await audit(registry, { ...light, verify: true, rerun: true, runs: 5 });
    const states = Object.fromEntries(
      [...report.registry, ...report.releases[0].checks].map(({ check, state }) => [check, state]),
    );
    expect(states).toMatchObject({
      gate: 'passed',
      files: 'passed',
      versions: 'passed',
      environment: 'passed',
      calibration: 'passed',
      inputs: 'passed',
      outputs: 'passed',
      monitored: 'passed',
      policy: 'passed',
      current: 'passed',
      'in-force': 'passed',
      verdict: 'passed',
      chain: 'passed',
      outbox: 'passed',
      meanings: 'passed',
      blobs: 'passed',
      rebuild: 'not-tried',
      anchors: 'not-tried',
    });
    expect(checkOf(report, 'outputs').inWords).toBe('2 of 2 were tried, 2 came out the same.');
    expect(report.counts.error).toBe(0);
    expect(report.releases[0]).toMatchObject({ endpoint: 'ppb', version: '1', isCurrent: true });
    expect(readdirSync(registry.workspace.tmp)).toEqual([]);
  });

  test('without being asked walks no chain, reads no blob, and repeats no verdict; of two runs it tries one', async () => {
    const report = await audit(registry, trying);
    const states = (['chain', 'blobs', 'verdict', 'anchors', 'rebuild'] as const).map(
      (name) => checkOf(report, name).state,
    );
    expect(new Set(states)).toEqual(new Set(['not-tried']));
    expect(checkOf(report, 'inputs').state).toBe('partly');
  });

  test('of another team has nothing to say', async () => {
    await registry.append([{ kind: 'team', subject: 'tox', team: null, body: { title: 'Toxicology' } }]);
    const report = await audit(registry, { ...light, team: 'tox' });
    expect([report.releases, checkOf(report, 'waste').state]).toEqual([[], 'not-tried']);
  });
});

describe('a planted cause is found', () => {
  test('an edited model, by the file and by the results that do not come out', async () => {
    const path = join(models, 'ppb', '1', 'model.onnx');
    const report = await changed(path, Buffer.concat([readFileSync(path), Buffer.from('x')]), () =>
      audit(registry, trying),
    );
    expect(told(report, 'files')[0]).toMatch(/^error: .*model\.onnx has hash/);
    expect(told(report, 'outputs')[0]).toMatch(/^error: .*ERR_MODEL_CORRUPT/);
    expect(report.state).toBe('error');
  });

  test('a manifest that cannot be read, a card of another artifact, a folder without the artifact', async () => {
    const manifest = join(models, 'ppb', '1', 'manifest.json');
    const broken = await changed(manifest, '{', () => audit(registry, light));
    expect(told(broken, 'files')).toHaveLength(1);
    expect(checkOf(broken, 'versions').state).toBe('not-tried');
    const card = await changed(join(models, 'ppb', '1', 'card.md'), 'another', () => audit(registry, light));
    expect(told(card, 'files')[0]).toContain('card.md is that of another artifact');
    const empty = join(folder, 'empty');
    mkdirSync(empty, { recursive: true });
    expect(told(await audit(registry, { ...light, modelsFolder: empty }), 'files')[0]).toContain(
      'is not in the folder of models',
    );
  });

  test('an input that was edited: features come out of what is stored, results are not tried', async () => {
    const report = await changed(input, `${csv}x,CCN\n`, () => audit(registry, trying));
    expect(told(report, 'inputs')).toEqual([]);
    expect(
      checkOf(report, 'inputs')
        .evidence.map(({ value }) => value)
        .join(),
    ).toContain('the records that the feature set keeps give the same features');
    expect(checkOf(report, 'outputs').state).toBe('not-tried');
  });

  test('an input that is gone with its feature set cannot be reconstructed', async () => {
    const set = await screened();
    const report = await changed(input, null, () => changed(set, null, () => audit(registry, trying)));
    expect(told(report, 'inputs')[0]).toMatch(/^warning: .*cannot be reconstructed/);
  });

  test('a feature set that was edited', async () => {
    const set = await screened();
    const bytes = readFileSync(set);
    bytes[bytes.length >> 1] ^= 1;
    const report = await changed(input, null, () =>
      changed(set, bytes, () => audit(registry, { ...trying, verify: true })),
    );
    expect(told(report, 'inputs')[0]).toMatch(/^error: .*ERR_BLOB_CORRUPT/);
    expect(told(report, 'blobs')[0]).toMatch(/^error: features\/.* is not what its name says/);
  });

  test('a report that was edited, or is gone; a batch that is another one', async () => {
    const report = stored('reports');
    const text = readFileSync(report, 'utf8');
    const rerun = () => audit(registry, { ...light, rerun: true });
    const edited = await changed(report, text.replace('"alpha"', '"Alpha"'), rerun);
    expect(told(edited, 'verdict')[0]).toMatch(/^error: .* was changed/);
    const gone = await changed(report, null, rerun);
    expect(told(gone, 'verdict')[0]).toMatch(/^warning: .* not in the workspace any more/);
    const other = await changed(batch, csv, rerun);
    expect(checkOf(other, 'verdict').state).toBe('not-tried');
  });

  test('a verdict that the engine would not give again', async () => {
    const mmdless = { ...registry, engine: { ...engine, backends: [] } };
    const report = await audit(mmdless, { ...light, rerun: true });
    expect(told(report, 'verdict')[0]).toMatch(/^error: .*making it again failed: ERR_NO_BACKEND/);
  });

  test('a run that was refused lies in the outbox', async () => {
    const refused = join(registry.workspace.outbox, 'refused');
    mkdirSync(refused, { recursive: true });
    writeFileSync(join(refused, 'x.json'), '{');
    writeFileSync(join(refused, 'x.reason.txt'), 'it is no JSON\n');
    const report = await audit(registry, light);
    rmSync(refused, { recursive: true });
    expect(told(report, 'outbox')).toEqual(['warning: A run was refused: it is no JSON']);
  });

  test('a check that is overdue', async () => {
    const now = clock.now_;
    clock.now_ += 8 * 86_400_000;
    const report = await audit(registry, light);
    clock.now_ = now;
    expect(told(report, 'current')[0]).toMatch(/^warning: The verdict of ppb is not current/);
  });

  test('a model of another meaning under the name', async () => {
    const path = join(models, 'ppb', '1', 'manifest.json');
    const { hash: _, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
    manifest.endpoint.unit = 'percent bound';
    const { artifactHash } = await import('../../src/core/artifact.ts');
    const text = JSON.stringify({ ...manifest, hash: artifactHash(manifest) });
    const report = await changed(path, text, () => audit(registry, light));
    expect(told(report, 'meanings')[0]).toMatch(/^error: ppb@1 means another thing by ppb/);
    expect(told(report, 'files')[0]).toContain('under its name lies');
  });

  test('a record that was edited, and a chain that was cut behind an anchor', async () => {
    const { database, workspace } = registry;
    const keys = await openKeys(join(workspace.path, 'keys'));
    const anchors = join(folder, 'anchors.jsonl');
    await anchorHead(anchors, await signHead(database, keys, clock));
    expect(checkOf(await audit(registry, { ...light, anchors }), 'anchors').state).toBe('passed');
    await tamper(
      database,
      `update assayer.records set body = replace(body, '"caller":"', '"caller":"not ') where kind = 'run'`,
    );
    const edited = await audit(registry, { ...light, verify: true });
    expect(told(edited, 'chain')[0]).toMatch(/^error: .*altered|^error: record/);
    await tamper(
      database,
      'delete from assayer.heads',
      "delete from assayer.records where kind = 'head'",
      'delete from assayer.teams',
      "delete from assayer.records where kind = 'team'",
    );
    const cut = await audit(registry, { ...light, anchors });
    expect(told(cut, 'anchors')[0]).toMatch(/^error: the chain was cut short/);
  });
});
