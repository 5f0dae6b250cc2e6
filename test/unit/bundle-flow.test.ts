import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import type { RegistryDraft } from '../../src/core/registry-records.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { pullBundle } from '../../src/flows/federation/pull-bundle.ts';
import { pushBundle } from '../../src/flows/federation/push-bundle.ts';
import { readModel } from '../../src/flows/models.ts';
import { append } from '../../src/registry/append.ts';
import type { Keys } from '../../src/registry/keys.ts';
import { readHead, recordsOf } from '../../src/registry/read-records.ts';
import type { Database } from '../../src/registry/sql.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { keptFolder, newFolder, onBothDatabases } from '../registry/databases.ts';
import { draft, TestClock } from '../registry/fixtures.ts';
import { openPlace } from '../registry/place.ts';
import { keyOf, manifestOf, newKeys, releasedDrafts, sharedOf, shippedModels } from './bundle-fixtures.ts';

interface Site {
  readonly engine: Engine;
  readonly workspace: Workspace;
  readonly database: Database;
  readonly keys: Keys;
  append(drafts: readonly RegistryDraft[]): ReturnType<typeof append>;
}

async function siteOf(database: Database, drafts: readonly RegistryDraft[] = []): Promise<Site> {
  const clock = new TestClock();
  await append(database, drafts, clock);
  return {
    engine: { clock } as never as Engine,
    workspace: await openWorkspace(keptFolder()),
    database,
    keys: newKeys(),
    append: (more) => append(database, more, clock),
  };
}

const all = { endpoints: [], team: null, withModels: false, modelsFolder: shippedModels };
const nothing = { trust: null, variant: null, skipConflicts: false };
const ppb: Manifest = await manifestOf('ppb');
const label = draft('label', 'ASPIRIN-1', {
  endpoint: 'ppb',
  assay: 'ppb-assay',
  value: 0.123456,
  relation: '=',
  unit: ppb.endpoint.unit,
  measuredAt: '2026-11-20T12:00:00.000Z',
});

onBothDatabases((given) => {
  const openSite = (drafts: readonly RegistryDraft[] = []) => siteOf(given.database, drafts);
  const bundles = new Map<boolean, string>();
  let trust = '';

  /** What another registry shares; it is closed by then. */
  async function pushed(withModels = false): Promise<string> {
    const path = bundles.get(withModels) as string;
    expect(path).toBeDefined();
    return path;
  }

  beforeAll(async () => {
    await using database = await openPlace({ folder: await newFolder(), url: '' });
    const sender = await siteOf(database, [...releasedDrafts(ppb), label]);
    trust = keyOf(sender.keys);
    for (const withModels of [false, true]) {
      const to = join(keptFolder(), 'team.bundle');
      bundles.set(withModels, (await pushBundle(sender, sender.keys, { ...all, withModels, to })).path);
    }
    expect((await recordsOf(database, 'bundle'))[0].body).toMatchObject({ direction: 'pushed', peer: trust });
  });

  test('what one shares, the other records, with manifest and card of its models', async () => {
    const path = await pushed();
    const receiver = await openSite();
    const modelsFolder = temporaryFolder();
    const summary = await pullBundle(receiver, receiver.keys, { ...nothing, path, trust, modelsFolder });
    expect(summary.conflicts).toEqual([]);
    expect(summary.taken.map(({ kind }) => kind)).toEqual(['definition', 'contract', 'dataset', 'artifact']);
    const [definition] = await recordsOf(receiver.database, 'definition');
    expect(definition.body.definition).toEqual(sharedOf(ppb));
    const [artifact] = await recordsOf(receiver.database, 'artifact');
    expect(artifact).toMatchObject({ subject: ppb.hash, body: { endpoint: 'ppb', version: '1' } });
    const [bundle] = await recordsOf(receiver.database, 'bundle');
    expect(bundle.body).toMatchObject({ direction: 'pulled', peer: trust, conflicts: [] });
    const [card] = summary.written.filter((file) => file.endsWith('card.md'));
    expect(readFileSync(card, 'utf8')).toBe(readFileSync(join(shippedModels, 'ppb/1/card.md'), 'utf8'));
    expect(readdirSync(modelsFolder)).toEqual([]);
    const [gate] = readdirSync(join(receiver.workspace.path, 'federation', 'release-policies'));
    expect(gate).toMatch(/^[0-9a-f]{64}\.json$/);
    expect((await verifyChain(receiver.database)).problems).toEqual([]);
  });

  test('pulling again records nothing and writes nothing', async () => {
    const path = await pushed();
    const receiver = await openSite();
    const request = { ...nothing, path, trust, modelsFolder: temporaryFolder() };
    await pullBundle(receiver, receiver.keys, request);
    const before = await readHead(receiver.database);
    const again = await pullBundle(receiver, receiver.keys, request);
    expect([again.taken, again.written, again.conflicts]).toEqual([[], [], []]);
    expect(await readHead(receiver.database)).toEqual(before);
  });

  test('no compound and no label leaves without the models', async () => {
    const bytes = readFileSync(await pushed()).toString('latin1');
    const { reference } = await readModel({
      endpoint: 'ppb',
      version: '1',
      folder: join(shippedModels, 'ppb', '1'),
    });
    expect(reference.inchikeys.length).toBeGreaterThan(500);
    for (const key of reference.inchikeys) expect(bytes.includes(key.slice(0, 14)), key).toBe(false);
    expect(bytes).not.toMatch(/[A-Z]{14}-[A-Z]{10}-[A-Z]/);
    for (const secret of ['ASPIRIN-1', '0.123456']) expect(bytes).not.toContain(secret);
    expect(bytes).not.toContain('ARROW1');
  });

  test('with the models their files leave as they lie, and no InChIKey beside the reference', async () => {
    const bytes = readFileSync(await pushed(true));
    const path = join(shippedModels, 'ppb', '1');
    let rest = bytes.toString('latin1');
    for (const name of ['model.onnx', 'reference.arrow']) {
      const file = readFileSync(join(path, name)).toString('latin1');
      expect(rest.includes(file), name).toBe(true);
      rest = rest.replace(file, () => '');
    }
    expect(rest).not.toMatch(/[A-Z]{14}-[A-Z]{10}-[A-Z]/);
    const receiver = await openSite();
    const modelsFolder = temporaryFolder();
    const pulledFrom = join(temporaryFolder(), 'b');
    writeFileSync(pulledFrom, bytes);
    await pullBundle(receiver, receiver.keys, { ...nothing, path: pulledFrom, trust, modelsFolder });
    const there = await readModel({ endpoint: 'ppb', version: '1', folder: join(modelsFolder, 'ppb', '1') });
    expect(there.manifest).toEqual(ppb);
  });

  test('files that a crash left out are completed by pulling again', async () => {
    const path = await pushed(true);
    const receiver = await openSite();
    const first = temporaryFolder();
    await pullBundle(receiver, receiver.keys, { ...nothing, path, trust, modelsFolder: first });
    const empty = temporaryFolder();
    const again = await pullBundle(receiver, receiver.keys, { ...nothing, path, trust, modelsFolder: empty });
    expect([again.taken, again.written]).toEqual([[], [join(empty, 'ppb', '1')]]);
    expect(existsSync(join(empty, 'ppb', '1', 'model.onnx'))).toBe(true);
  });

  test('conflicts are told one by one and nothing is recorded; the rest is taken where it is asked for', async () => {
    const path = await pushed();
    const other = { ...sharedOf(ppb), merging: 'mean of a compound' };
    const ours = releasedDrafts({ ...ppb, hash: 'f'.repeat(64) }, other).slice(0, 1);
    const receiver = await openSite(ours);
    const before = await readHead(receiver.database);
    const request = { ...nothing, path, trust, modelsFolder: temporaryFolder() };
    const refused = await pullBundle(receiver, receiver.keys, request).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ERR_BUNDLE_CONFLICT' });
    for (const told of ['(1) definition ppb', '(2) dataset', '(3) artifact ppb@1'])
      expect(String((refused as Error).message)).toContain(told);
    expect(await readHead(receiver.database)).toEqual(before);
    expect(existsSync(join(receiver.workspace.path, 'federation'))).toBe(false);
    const taken = await pullBundle(receiver, receiver.keys, { ...request, skipConflicts: true });
    expect(taken.taken.map(({ kind }) => kind)).toEqual(['contract']);
    expect((await recordsOf(receiver.database, 'bundle'))[0].body.conflicts).toHaveLength(3);
    expect(await recordsOf(receiver.database, 'definition')).toHaveLength(1);
  });

  test('another meaning is taken as a variant, once, with what was trained under it', async () => {
    const path = await pushed();
    const other = { ...sharedOf(ppb), merging: 'mean of a compound' };
    const receiver = await openSite(releasedDrafts(ppb, other).slice(0, 1));
    const request = { ...nothing, path, trust, variant: 'site-b', modelsFolder: temporaryFolder() };
    const { conflicts, remarks } = await pullBundle(receiver, receiver.keys, request);
    expect([conflicts, remarks.length]).toEqual([[], 1]);
    const definitions = await recordsOf(receiver.database, 'definition');
    expect(definitions.map(({ body }) => [body.variant, body.assays])).toEqual([
      [null, ['ppb-assay']],
      ['site-b', []],
    ]);
    expect(await recordsOf(receiver.database, 'artifact')).toHaveLength(1);
    expect((await pullBundle(receiver, receiver.keys, request)).taken).toEqual([]);
  });

  test('what the registry refuses leaves nothing of the bundle behind', async () => {
    const path = await pushed();
    const receiver = await openSite();
    const late = { ...receiver.engine, clock: { now: () => Date.parse('2020-01-01') } };
    await receiver.append([draft('team', 'tox', { title: 'Toxicology' })]);
    const before = await readHead(receiver.database);
    const request = { ...nothing, path, trust, modelsFolder: temporaryFolder() };
    await expect(pullBundle({ ...receiver, engine: late }, receiver.keys, request)).rejects.toMatchObject({
      code: 'ERR_CLOCK',
    });
    expect(await readHead(receiver.database)).toEqual(before);
    expect(await recordsOf(receiver.database, 'contract')).toEqual([]);
  });

  test('a damaged artifact, or one that is not there, does not leave', async () => {
    const sender = await openSite(releasedDrafts(ppb));
    const modelsFolder = temporaryFolder();
    const to = join(temporaryFolder(), 'x');
    await expect(pushBundle(sender, sender.keys, { ...all, modelsFolder, to })).rejects.toMatchObject({
      code: 'ERR_MODEL_NOT_FOUND',
    });
    mkdirSync(join(modelsFolder, 'ppb', '1'), { recursive: true });
    for (const name of ['manifest.json', 'card.md', 'model.onnx', 'reference.arrow'])
      writeFileSync(join(modelsFolder, 'ppb', '1', name), readFileSync(join(shippedModels, 'ppb/1', name)));
    writeFileSync(join(modelsFolder, 'ppb', '1', 'model.onnx'), 'edited');
    await expect(
      pushBundle(sender, sender.keys, { ...all, withModels: true, modelsFolder, to }),
    ).rejects.toMatchObject({ code: 'ERR_MODEL_CORRUPT' });
    expect(existsSync(to)).toBe(false);
  });

  test('an endpoint that has no release is told, and an empty registry has nothing to share', async () => {
    const to = temporaryFolder();
    const site = await openSite();
    await expect(pushBundle(site, site.keys, { ...all, to })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await site.append(releasedDrafts(ppb));
    await expect(pushBundle(site, site.keys, { ...all, endpoints: ['herg'], to })).rejects.toThrow(
      'Nothing of herg is released',
    );
    const { path, hash } = await pushBundle(site, site.keys, { ...all, to });
    expect(path).toBe(join(to, `assayer-${hash.slice(0, 12)}.bundle`));
    expect(readdirSync(to)).toEqual([`assayer-${hash.slice(0, 12)}.bundle`]);
  });
});
