import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Bundle, type BundleEntry, sealed } from '../../src/core/bundle.ts';
import { sha256 } from '../../src/core/hash.ts';
import {
  DEFAULT_POLICY_RULES,
  type MonitorPolicy,
  monitorPolicyHash,
} from '../../src/core/monitor-policy.ts';
import { definitionHash } from '../../src/core/registry-records.ts';
import {
  publicKeyText,
  readBundle,
  signBundle,
  writeBundle,
} from '../../src/flows/federation/bundle-file.ts';
import { compareBundle, type Standing } from '../../src/flows/federation/compare-bundle.ts';
import { requireSound } from '../../src/flows/federation/require-sound.ts';
import { temporaryFolder } from '../assayer.ts';
import { keyOf, manifestOf, newKeys, sharedOf } from './bundle-fixtures.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const EMPTY: Standing = {
  definitions: [],
  contracts: new Set(),
  policies: new Map(),
  datasets: new Map(),
  artifacts: new Map(),
  models: new Map(),
};
const options = { variant: null, now: NOW };
const sender = newKeys();
let herg: Awaited<ReturnType<typeof manifestOf>>;
let card: Buffer;
let entries: BundleEntry[];

function policyOf(effectiveFrom: string, name = 'default', minMaturity = 0.8): BundleEntry {
  const policy: MonitorPolicy = {
    schema: 'assayer.policy/1',
    name,
    approver: { name: 'Ada', mail: 'ada@example.org' },
    effectiveFrom,
    ...DEFAULT_POLICY_RULES,
    sustainedLoss: { ...DEFAULT_POLICY_RULES.sustainedLoss, minMaturity },
  };
  return sealed('policy', name, monitorPolicyHash(policy), { policy });
}

function definitionOf(
  unit = 'nM',
  variant: string | null = null,
  assays: string[] = ['patch-clamp'],
): BundleEntry {
  const shared = sharedOf(herg);
  const definition = { ...shared, endpoint: { ...shared.endpoint, unit } };
  return sealed('definition', 'herg', definitionHash(definition), { definition, variant, assays });
}

beforeAll(async () => {
  herg = await manifestOf('herg');
  card = Buffer.from(`card of ${herg.hash}`);
  const { dataset, contract, contractHash } = herg;
  const description = {
    endpoint: 'herg',
    definition: definitionHash(sharedOf(herg)),
    source: dataset.source,
    licence: dataset.licence,
    rows: dataset.counts.kept,
    files: dataset.files,
  };
  const made = {
    endpoint: 'herg',
    version: '1',
    contract: contractHash,
    dataset: dataset.hash,
    trainer: herg.trainer.name,
  };
  entries = [
    definitionOf(),
    sealed('contract', 'contract', contractHash, { contract }),
    policyOf('2026-12-01T00:00:00.000Z'),
    sealed('dataset', 'dataset of herg', dataset.hash, description),
    sealed('artifact', 'herg@1', herg.hash, { ...made, manifest: herg }, [
      { name: 'card.md', sha256: sha256(card), sizeBytes: card.length },
    ]),
  ];
});

/** What a registry holds that has taken everything of a bundle. */
function standingAfter(taken: readonly BundleEntry[]): Standing {
  const standing = {
    definitions: [] as {
      endpoint: string;
      variant: string | null;
      hash: string;
      assays: readonly string[];
    }[],
    contracts: new Set<string>(),
    policies: new Map(),
    datasets: new Map(),
    artifacts: new Map(),
    models: new Map(),
  };
  for (const entry of taken) {
    if (entry.kind === 'definition')
      standing.definitions.push({
        endpoint: 'herg',
        variant: entry.body.variant,
        hash: entry.hash,
        assays: entry.body.assays,
      });
    if (entry.kind === 'contract') standing.contracts.add(entry.hash);
    if (entry.kind === 'policy') standing.policies.set(entry.hash, entry.body.policy);
    if (entry.kind === 'dataset') standing.datasets.set(entry.hash, entry.body);
    if (entry.kind === 'artifact') {
      const { manifest: _, ...body } = entry.body;
      standing.artifacts.set(entry.hash, body);
    }
  }
  return standing;
}

describe('what a bundle would change', () => {
  test('all of it is taken by an empty registry, in an order in which each names what stands already', () => {
    const { taken, conflicts, drafts, present } = compareBundle(entries, EMPTY, options);
    expect(taken).toEqual(entries);
    expect(drafts.map(({ kind }) => kind)).toEqual([
      'definition',
      'contract',
      'policy',
      'dataset',
      'artifact',
    ]);
    expect([conflicts, present]).toEqual([[], []]);
  });

  test('nothing of it is new the second time', () => {
    const { drafts, present, conflicts, remarks } = compareBundle(entries, standingAfter(entries), options);
    expect([drafts, conflicts, remarks]).toEqual([[], [], []]);
    expect(present).toEqual(entries);
  });

  test('another meaning of an endpoint conflicts, and so does what needs it, each told by itself', () => {
    const ours = standingAfter([definitionOf('uM')]);
    const { conflicts, taken } = compareBundle(entries, ours, options);
    expect(conflicts.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'definition herg',
      'dataset dataset of herg',
      'artifact herg@1',
    ]);
    expect(conflicts[0].ours).toBe(ours.definitions[0].hash);
    expect(taken.map(({ kind }) => kind)).toEqual(['contract', 'policy']);
  });

  test('declared as a variant it is taken, without the labels that belong to the other meaning', () => {
    const ours = standingAfter([definitionOf('uM')]);
    const { drafts, conflicts, remarks } = compareBundle(entries, ours, { ...options, variant: 'site-b' });
    expect(conflicts).toEqual([]);
    expect(drafts[0].body).toMatchObject({ variant: 'site-b', assays: [] });
    expect(remarks).toEqual([expect.stringContaining('labels of patch-clamp stay with herg')]);
    const again = standingAfter([
      definitionOf('uM'),
      { ...definitionOf(), body: { ...definitionOf().body, variant: 'site-b' } } as BundleEntry,
    ]);
    expect(compareBundle([definitionOf()], again, { ...options, variant: 'site-b' }).present).toHaveLength(1);
  });

  test('a variant whose name is taken by a third meaning conflicts', () => {
    const ours = standingAfter([definitionOf('uM'), definitionOf('mM', 'site-b', [])]);
    const { conflicts } = compareBundle([definitionOf()], ours, { ...options, variant: 'site-b' });
    expect(conflicts[0].inWords).toContain('herg, variant site-b means something else here');
  });

  test('two meanings of one name inside a bundle conflict with each other', () => {
    const { taken, conflicts } = compareBundle(
      [definitionOf(), definitionOf('uM', null, ['other'])],
      EMPTY,
      options,
    );
    expect([taken.length, conflicts.length]).toEqual([1, 1]);
  });

  test('another artifact under a version that is known conflicts, registered or lying in the models folder', () => {
    const other = sha256('another artifact');
    const known = standingAfter(entries.slice(0, 4));
    const registered = {
      ...known,
      artifacts: new Map([
        [other, { endpoint: 'herg', version: '1', contract: '', dataset: '', trainer: '' }],
      ]),
    };
    const lying = { ...known, models: new Map([['herg@1', other]]) };
    for (const standing of [registered, lying]) {
      expect(compareBundle(entries, standing, options).conflicts).toEqual([
        expect.objectContaining({ kind: 'artifact', name: 'herg@1', ours: other, theirs: herg.hash }),
      ]);
    }
    expect(
      compareBundle(entries, { ...known, models: new Map([['herg@1', herg.hash]]) }, options).conflicts,
    ).toEqual([]);
  });

  test('the same dataset or artifact with another description conflicts', () => {
    const standing = standingAfter(entries);
    const described = new Map(
      [...standing.datasets].map(([hash, body]) => [hash, { ...body, licence: 'none' }]),
    );
    const made = new Map(
      [...standing.artifacts].map(([hash, body]) => [hash, { ...body, trainer: 'by hand' }]),
    );
    const compared = compareBundle(entries, { ...standing, datasets: described, artifacts: made }, options);
    expect(compared.conflicts.map(({ kind }) => kind)).toEqual(['dataset', 'artifact']);
  });

  test('a policy that took effect already is kept as a file, one that has still to come is recorded', () => {
    const past = policyOf('2026-11-21T08:59:59.999Z');
    const now = policyOf(NOW);
    const { kept, taken, remarks } = compareBundle([past, now], EMPTY, options);
    expect([kept, taken]).toEqual([[past], [now]]);
    expect(remarks).toEqual([expect.stringContaining('cannot judge anything here')]);
  });

  test('two rules of one name at one time conflict', () => {
    const at = '2026-12-01T00:00:00.000Z';
    const { conflicts } = compareBundle(
      [policyOf(at, 'default', 0.9)],
      standingAfter([policyOf(at)]),
      options,
    );
    expect(conflicts).toHaveLength(1);
  });
});

describe('a bundle on the disk', () => {
  async function written(
    change: (bundle: Bundle) => unknown = (bundle) => bundle,
    of = entries,
  ): Promise<{ path: string; bytes: Buffer }> {
    const path = join(temporaryFolder(), 'team.bundle');
    const unsigned = {
      schema: 'assayer.bundle/1',
      engine: '0.1.0',
      time: NOW,
      key: keyOf(sender),
      publicKey: publicKeyText(sender.own),
      head: null,
      entries: of,
    } as const;
    const bundle = change(signBundle(unsigned, sender.own)) as Bundle;
    await writeBundle(path, bundle, async () => card);
    return { path, bytes: readFileSync(path) };
  }
  const trust = keyOf(sender);

  test('comes back as it was', async () => {
    const { path } = await written();
    const { bundle, files } = await readBundle(path, newKeys(), trust);
    expect(bundle.entries).toEqual(entries);
    expect([...files]).toEqual([[sha256(card), card]]);
    for (const entry of bundle.entries) requireSound(path, entry, files);
  });

  test('by a key that nobody trusts is refused, with what to do', async () => {
    const { path } = await written();
    await expect(readBundle(path, newKeys(), null)).rejects.toThrow(`--trust ${trust}`);
    await expect(readBundle(path, newKeys(), sha256('another'))).rejects.toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
    });
    await expect(readBundle(path, sender, null)).resolves.toBeDefined();
  });

  test('signed by somebody else under the trusted key is refused', async () => {
    const stranger = newKeys();
    const { path } = await written(({ signature: _, ...bundle }) => signBundle(bundle, stranger.own));
    await expect(readBundle(path, newKeys(), trust)).rejects.toMatchObject({ code: 'ERR_SIGNATURE' });
    const swapped = await written(({ signature: _, ...bundle }) =>
      signBundle({ ...bundle, publicKey: publicKeyText(stranger.own) }, stranger.own),
    );
    await expect(readBundle(swapped.path, newKeys(), trust)).rejects.toThrow('its key has the fingerprint');
  });

  test('an entry that was edited is named, whichever it is', async () => {
    for (const [i, entry] of entries.entries()) {
      const edited = { ...entry, body: { ...entry.body, extra: 1 } };
      const { path } = await written((bundle) => ({
        ...bundle,
        entries: entries.with(i, edited as BundleEntry),
      }));
      await expect(readBundle(path, newKeys(), trust)).rejects.toThrow(
        `entry ${entry.kind} ${entry.name} was changed`,
      );
    }
  });

  test('an entry that was edited and sealed anew has another hash than it says, or another signature', async () => {
    const [first] = entries;
    const { seal: _, ...open } = first;
    const forged = sealed('definition', 'herg', first.hash, {
      ...(open.body as never as object),
      definition: sharedOf({ ...herg, endpoint: { ...herg.endpoint, unit: 'uM' } }),
    } as never);
    const { path } = await written((bundle) => ({ ...bundle, entries: entries.with(0, forged) }));
    await expect(readBundle(path, newKeys(), trust)).rejects.toThrow('entry definition herg has the hash');
    const fewer = await written((bundle) => ({ ...bundle, entries: entries.slice(1) }));
    await expect(readBundle(fewer.path, newKeys(), trust)).rejects.toMatchObject({ code: 'ERR_SIGNATURE' });
  });

  test('cut short anywhere, or with something behind it, it is refused, and told where', async () => {
    const { path, bytes } = await written();
    const cuts = [
      0,
      1,
      20,
      40,
      100,
      bytes.length >> 1,
      bytes.length - card.length - 1,
      bytes.length - card.length,
      bytes.length - 1,
    ];
    for (const cut of cuts) {
      writeFileSync(path, bytes.subarray(0, cut));
      await expect(readBundle(path, newKeys(), trust), `${cut}`).rejects.toMatchObject({
        code: 'ERR_BUNDLE',
      });
    }
    await expect(readBundle(path, newKeys(), trust)).rejects.toThrow(
      'cut short inside file card.md of entry artifact herg@1',
    );
    writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
    await expect(readBundle(path, newKeys(), trust)).rejects.toThrow('1 bytes follow its last file');
  });

  test('edited by hand in a text editor, it names the entry; cut inside its index, the last that it names', async () => {
    const { path, bytes } = await written();
    const longer = bytes.toString('latin1').replace('"licence":"', '"licence":"none, was ');
    writeFileSync(path, longer, 'latin1');
    await expect(readBundle(path, newKeys(), trust)).rejects.toThrow(
      'entry dataset dataset of herg was changed',
    );
    writeFileSync(path, bytes.subarray(0, bytes.indexOf('"kind":"policy"') + 40));
    await expect(readBundle(path, newKeys(), trust)).rejects.toThrow('in or after entry policy default');
  });

  test('no byte of it can be changed', async () => {
    const { path, bytes } = await written();
    const step = Math.max(1, Math.floor(bytes.length / 150));
    for (let at = bytes.length - 1; at >= 0; at -= step) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 1;
      writeFileSync(path, damaged);
      await expect(readBundle(path, newKeys(), trust), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(BUNDLE|SIGNATURE|KEY_UNKNOWN)$/),
      });
    }
  });

  test('what is no bundle at all is told so', async () => {
    const path = join(temporaryFolder(), 'x');
    await expect(readBundle(path, newKeys(), trust)).rejects.toMatchObject({ code: 'ERR_INPUT_NOT_FOUND' });
    for (const text of [
      '',
      'hello',
      'assayer.bundle/1 5\n12345',
      'assayer.bundle/1 4\nnull\n',
      'assayer.bundle/1 2\n{}\n',
      'assayer.bundle/1 99999999999\n',
    ]) {
      writeFileSync(path, text);
      await expect(readBundle(path, newKeys(), trust), text).rejects.toMatchObject({ code: 'ERR_BUNDLE' });
    }
  });
});

describe('an entry that contradicts itself is refused though its signature holds', () => {
  const sound = (entry: BundleEntry) => () => requireSound('b', entry, new Map([[sha256(card), card]]));
  const artifact = (changes: object, files = entries[4].files): BundleEntry =>
    ({ ...entries[4], body: { ...entries[4].body, ...changes }, files }) as BundleEntry;

  test.each([
    ['endpoint', { endpoint: 'ames' }],
    ['version', { version: '2' }],
    ['contract', { contract: sha256('x') }],
    ['dataset', { dataset: sha256('x') }],
    ['trainer', { trainer: 'by hand' }],
  ])('another %s than that of its manifest', (_, changes) => {
    expect(sound(entries[4])).not.toThrow();
    expect(sound(artifact(changes))).toThrow(/its (name|endpoint|version|contract|dataset|trainer) is/);
  });

  test('names that would leave their folder', () => {
    expect(sound(artifact({ endpoint: '../herg' }))).toThrow('no name that a folder can have');
    expect(sound(artifact({ version: '../1' }))).toThrow('no name that a folder can have');
  });

  test('files that are none of an artifact, that are missing, or are another', () => {
    const [only] = entries[4].files;
    expect(sound(artifact({}, [only, { ...only, name: 'run.sh' }]))).toThrow('run.sh');
    expect(sound(artifact({}, [only, { ...only, name: 'model.onnx' }]))).toThrow('its model.onnx has hash');
    expect(sound(artifact({}, []))).toThrow('a card alone or an artifact whole');
    const model = { name: 'model.onnx', sha256: herg.files['model.onnx'], sizeBytes: 1 };
    expect(sound(artifact({}, [only, model]))).toThrow('a card alone or an artifact whole');
    expect(() => requireSound('b', entries[4], new Map([[sha256(card), Buffer.from('another')]]))).toThrow(
      'its card',
    );
  });

  test('a policy with an unknown field', () => {
    const entry = policyOf('2026-12-01T00:00:00.000Z');
    const changed = {
      ...entry,
      body: { policy: { ...(entry.body as { policy: MonitorPolicy }).policy, threshold: 1 } },
    };
    expect(sound(changed as BundleEntry)).toThrow('threshold is unknown');
  });
});
