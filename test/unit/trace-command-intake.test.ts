import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contractHash } from '../../src/core/contract.ts';
import { sha256 } from '../../src/core/hash.ts';
import { leaveInOutbox, workHash } from '../../src/flows/lineage.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { trace } from '../../src/registry/trace.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { noPostgres, PostgresServer } from '../registry/postgres.ts';
import { leaveRelease, leaveRun, modelsFolder, open, workspaceWithRegistry } from './registry-workspace.ts';
import { engine, runOf } from './trace-compound-fixtures.ts';

const manifest = JSON.parse(readFileSync(join(modelsFolder, 'herg', '1', 'manifest.json'), 'utf8'));

/** Work of a run with the shipped hERG model, under the engine's contract. */
function realWork(): ReturnType<typeof runOf>['work'] {
  const { work } = runOf({ path: '', format: 'csv', sha256: '', sizeBytes: 0 });
  const [model] = work.models;
  const contract = contractHash(engine.contract);
  return { ...work, contract, models: [{ ...model, version: '1', hash: manifest.hash }] };
}

test('a run is recorded once, with its model, the model’s dataset, contract and definition before it', async () => {
  const path = await workspaceWithRegistry();
  const work = realWork();
  const featureSet = { sha256: sha256('features'), reused: true };
  const lineage = await leaveRun(path, { work, workHash: workHash(work), featureSet });
  {
    await using registry = await open(path);
    expect(registry.intake).toEqual({ runs: 1, releases: 0, artifacts: 1, refused: [], notes: [] });
    const [run] = await recordsOf(registry.database, 'run');
    expect(run).toMatchObject({ subject: lineage.run, body: { caller: 'ada', command: 'screen', lineage } });
    const kinds = await registry.database.query('select kind from assayer.records order by sequence');
    expect(kinds.map((row) => Object.values(row)[0])).toEqual([
      ...['definition', 'contract', 'dataset', 'artifact', 'feature-set', 'run'],
    ]);
    const origins = (await trace(registry.database, lineage.output.sha256, 'origins')).map(({ to }) => to);
    for (const origin of [
      lineage.run,
      work.input.sha256,
      manifest.hash,
      manifest.dataset.hash,
      work.contract,
    ]) {
      expect(origins).toContain(origin);
    }
    const keys = join(path, 'results', `${lineage.output.sha256}.keys`);
    expect(existsSync(keys)).toBe(true);
    expect(readdirSync(join(path, 'outbox'))).toEqual([]);
  }
  // A crash between the commit and the removal leaves the file: it is known, and goes.
  await leaveInOutbox(await openWorkspace(path), lineage);
  await using again = await open(path);
  expect(again.intake).toEqual({ runs: 0, releases: 0, artifacts: 0, refused: [], notes: [] });
  expect(await recordsOf(again.database, 'run')).toHaveLength(1);
  expect(readdirSync(join(path, 'outbox'))).toEqual([]);
});

test('what is broken in the outbox is set aside with the reason, and keeps nothing else from being taken in', async () => {
  const path = await workspaceWithRegistry();
  const good = await leaveRun(path);
  const changed = await leaveRun(path);
  const outbox = join(path, 'outbox');
  const changedText = readFileSync(join(outbox, `${changed.run}.json`), 'utf8').replace('"nM"', '"uM"');
  writeFileSync(join(outbox, `${changed.run}.json`), changedText);
  writeFileSync(join(outbox, 'cut.json'), '{"schema": "assayer.li');
  writeFileSync(join(outbox, 'other.json'), '[]');
  const { output, ...without } = good;
  writeFileSync(join(outbox, 'without.json'), JSON.stringify(without));
  writeFileSync(join(outbox, 'being-written.json.partial-1'), '{');
  await using registry = await open(path);
  expect(registry.intake.runs).toBe(1);
  const reasons = Object.fromEntries(
    registry.intake.refused.map(({ path: file, reason }) => [file.split('/').at(-1), reason]),
  );
  expect(reasons).toEqual({
    [`${changed.run}.json`]: expect.stringMatching(/it was changed: its work has the hash/),
    'cut.json': expect.stringMatching(/it is no JSON/),
    'other.json': expect.stringMatching(/its field schema is missing/),
    'without.json': expect.stringMatching(/its field output.path is missing/),
  });
  const refused = join(outbox, 'refused');
  expect(readFileSync(join(refused, `${changed.run}.json`), 'utf8')).toBe(changedText);
  expect(readFileSync(join(refused, 'cut.reason.txt'), 'utf8')).toMatch(/it is no JSON/);
  expect(readdirSync(outbox).sort()).toEqual(['being-written.json.partial-1', 'refused']);
  expect((await verifyChain(registry.database)).problems).toEqual([]);
});

test('another run under a recorded id is set aside, and never takes the place of what was refused before', async () => {
  const path = await workspaceWithRegistry();
  const first = await leaveRun(path);
  await using registry = await open(path);
  for (const rows of [7, 8]) {
    await leaveRun(path, { run: first.run, counts: { rows, accepted: rows, rejected: 0 } });
    await using again = await open(path);
    expect(again.intake.refused[0]?.reason).toMatch(/holds run .* already, with other content/);
  }
  const kept = readdirSync(join(path, 'outbox', 'refused')).filter((name) => name.endsWith('.json'));
  expect(kept).toHaveLength(2);
  expect(await recordsOf(registry.database, 'run')).toHaveLength(1);
});

test('a run whose result is gone is recorded, and told', async () => {
  const path = await workspaceWithRegistry();
  const lineage = await leaveRun(path);
  rmSync(lineage.output.path);
  await using registry = await open(path);
  expect(registry.intake.runs).toBe(1);
  expect(registry.intake.notes).toEqual([
    expect.stringContaining(`The result of run ${lineage.run} cannot be searched`),
  ]);
  expect(readdirSync(join(path, 'outbox'))).toEqual([]);
});

test('releases are recorded with their artifact where it is there, alone where it is not, and once', async () => {
  const path = await workspaceWithRegistry();
  const herg = leaveRelease(path, { artifact: manifest.hash, contract: manifest.contractHash });
  const gone = leaveRelease(path, { endpoint: 'ames', artifact: sha256('gone') });
  {
    await using registry = await open(path);
    expect(registry.intake).toMatchObject({ releases: 2, artifacts: 1, refused: [], notes: [] });
    const results = (await trace(registry.database, manifest.dataset.hash, 'results')).map(
      ({ from }) => from,
    );
    expect(results).toEqual([manifest.hash, herg.hash]);
    expect((await trace(registry.database, gone.hash, 'origins')).map(({ to }) => to)).toEqual([
      gone.artifact,
    ]);
  }
  leaveRelease(path, { endpoint: 'ames', artifact: sha256('gone'), version: '9' });
  await using again = await open(path);
  expect(again.intake.releases).toBe(0);
  expect(again.intake.refused).toEqual([
    {
      path: join(path, 'releases', 'ames', '1.json'),
      reason: expect.stringMatching(/another record 1 of ames/),
    },
  ]);
});

test('an artifact that means another thing by its endpoint is not recorded under its name', async () => {
  const path = await workspaceWithRegistry();
  const { endpoint } = manifest;
  const definition = { endpoint: { ...endpoint, unit: 'uM' }, merging: 'median', missing: 'none' };
  {
    await using registry = await open(path);
    const body = { definition, variant: null, assays: ['other'] };
    await registry.append([{ kind: 'definition', subject: 'herg', team: null, body }]);
  }
  leaveRelease(path, { artifact: manifest.hash, contract: manifest.contractHash });
  await using registry = await open(path);
  expect(registry.intake).toMatchObject({ releases: 1, artifacts: 0 });
  expect(registry.intake.notes).toEqual([expect.stringMatching(/herg@1 .* means another thing by herg/)]);
});

test('a team that is not recorded is refused by name, and one that is signs what it takes in', async () => {
  const path = await workspaceWithRegistry();
  await expect(open(path, { team: 'tox' })).rejects.toMatchObject({ code: 'ERR_TEAM_UNKNOWN' });
  {
    await using registry = await open(path);
    await registry.append([{ kind: 'team', subject: 'tox', team: null, body: { title: 'Toxicology' } }]);
  }
  await leaveRun(path);
  await using registry = await open(path, { team: 'tox' });
  expect((await recordsOf(registry.database, 'run')).map(({ team }) => team)).toEqual(['tox']);
});

test('a process that is killed at any step of an intake loses nothing and records nothing twice', async () => {
  await using server = noPostgres ? null : await PostgresServer.start();
  const url = server ? await server.createDatabase() : '';
  const path = await workspaceWithRegistry();
  const runs = [await leaveRun(path), await leaveRun(path)];
  writeFileSync(join(path, 'outbox', 'broken.json'), '{');
  leaveRelease(path, { artifact: manifest.hash, contract: manifest.contractHash });
  const child = new URL('trace-command-child.ts', import.meta.url).pathname;
  const args = (step: number) => [child, path, url, modelsFolder, `${step}`];
  // Each of INTAKE_STEPS in its order: what one left undone is the next one's to do, so once the broken file is set aside
  // the runs are recorded at step 3, and the keys of the first made at step 4, and its file is gone at step 5.
  for (const step of [1, 2, 3, 3, 4, 5]) {
    const killed = spawnSync(process.execPath, args(step), { encoding: 'utf8' });
    expect([killed.signal, killed.stderr], `step ${step}`).toEqual(['SIGKILL', '']);
  }
  expect(readdirSync(join(path, 'outbox'))).toHaveLength(2);
  execFileSync(process.execPath, args(0));
  await using registry = await open(path, url ? { url } : {});
  expect(registry.intake).toMatchObject({ runs: 0, releases: 0 });
  expect((await recordsOf(registry.database, 'run')).map(({ subject }) => subject).sort()).toEqual(
    runs.map(({ run }) => run).sort(),
  );
  expect(await recordsOf(registry.database, 'release')).toHaveLength(1);
  expect((await verifyChain(registry.database)).problems).toEqual([]);
  expect(readdirSync(join(path, 'outbox'))).toEqual(['refused']);
  expect(readdirSync(join(path, 'outbox', 'refused')).sort()).toEqual(['broken.json', 'broken.reason.txt']);
  for (const { output } of runs)
    expect(existsSync(join(path, 'results', `${output.sha256}.keys`))).toBe(true);
});
