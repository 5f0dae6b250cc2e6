import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { featureContract } from '../../src/chemistry/contract.ts';
import { featurizeChunk } from '../../src/chemistry/featurize-chunk.ts';
import { featurizeMolecule } from '../../src/chemistry/featurize-molecule.ts';
import { createFeaturizer, type FeaturizerOptions } from '../../src/chemistry/featurizer.ts';
import { LIMITS } from '../../src/chemistry/limits.ts';
import { Toolkit } from '../../src/chemistry/toolkit.ts';
import type { FeatureBatch } from '../../src/core/compound.ts';
import { contractHash } from '../../src/core/contract.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import type { Featurizer } from '../../src/core/ports.ts';
import { noShared, readSharedTable } from '../shared.ts';

const workerUrl = new URL('../../src/workers/featurize.ts', import.meta.url);
const open: Featurizer[] = [];

function featurizer(options: Partial<FeaturizerOptions> = {}): Featurizer {
  const made = createFeaturizer({ workerUrl, threads: 2, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const made of open.splice(0)) await made[Symbol.asyncDispose]();
});

const CODES = (batch: FeatureBatch) => batch.reasons.map((reason) => reason?.split(':')[0] ?? 'ok');

/** Chains with every fifth a bad one: each differs from its neighbours, so a swap shows. */
const inputs = Array.from({ length: 61 }, (_, i) =>
  i % 5 === 4 ? `C${'('.repeat(1 + (i % 3))}` : `${'C'.repeat(1 + i)}O`,
);

/** No limits, so that what breaks RDKit reaches it. */
const UNLIMITED = { smilesBytes: 1e6, heavyAtoms: 1e6 };
const TRAP = 'C'.repeat(5000);

/** Fifteen atoms, each bound to all others: RDKit's path counts take minutes. */
function clique(): string {
  const n = 15;
  const rings = Array.from({ length: n }, () => [] as string[]);
  let next = 10;
  for (let a = 0; a < n; a++) {
    for (let b = a + 2; b < n; b++, next++) {
      const ring = next < 100 ? `%${next}` : `%(${next})`;
      rings[a].push(ring);
      rings[b].push(ring);
    }
  }
  return rings.map((list) => `[U]${list.join('')}`).join('');
}

test('the output is in the order of the input, whatever the number of threads and the chunk', async () => {
  const batches: FeatureBatch[] = [];
  for (const [threads, chunkSize] of [
    [1, 1000],
    [1, 7],
    [2, 3],
    [3, 1],
  ]) {
    batches.push(await featurizer({ threads, chunkSize }).featurize(inputs));
  }
  const [first, ...others] = batches;
  expect(first.count).toBe(inputs.length);
  expect(first.smiles).toEqual(inputs.map((input, i) => (i % 5 === 4 ? '' : input)));
  for (const other of others) expect(other).toEqual(first);
});

test('a rejected compound keeps its place, with a reason and zeros', async () => {
  const batch = await featurizer().featurize(['CCO', 'C1CC', 'c1ccccc1.Cl']);
  expect(CODES(batch)).toEqual(['ok', 'SYNTAX', 'ok']);
  expect(batch.inchikeys).toEqual(['LFQSCWFLJHTTHZ-UHFFFAOYSA-N', '', 'UHOVQNZJYSORNB-UHFFFAOYSA-N']);
  expect(batch.scaffolds).toEqual(['', '', 'c1ccccc1']);
  expect(batch.notes[2]).not.toBe('');
  const row = (i: number) => batch.fingerprints.subarray(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES);
  expect(row(0).some((byte) => byte !== 0)).toBe(true);
  expect(row(1).every((byte) => byte === 0)).toBe(true);
  const described = (i: number) =>
    batch.descriptors.subarray(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT);
  expect(described(1).every((value) => value === 0)).toBe(true);
});

test('nothing in, nothing out', async () => {
  expect((await featurizer().featurize([])).count).toBe(0);
});

test('batches asked for at the same time do not mix', async () => {
  const made = featurizer({ chunkSize: 2 });
  const [a, b] = await Promise.all([
    made.featurize(['C', 'CC', 'CCC']),
    made.featurize(['N', 'O', 'S', 'Cl']),
  ]);
  expect(a.smiles).toEqual(['C', 'CC', 'CCC']);
  expect(b.smiles).toEqual(['N', 'O', 'S', 'Cl']);
});

test('a molecule that traps RDKit is rejected by itself and its thread goes on', async () => {
  const made = featurizer({ threads: 1, limits: UNLIMITED });
  const batch = await made.featurize(['CCO', TRAP, 'c1ccccc1', TRAP, 'CCN']);
  const clean = await made.featurize(['CCO', 'c1ccccc1', 'CCN']);
  expect(CODES(batch)).toEqual(['ok', 'TOOLKIT_FAILED', 'ok', 'TOOLKIT_FAILED', 'ok']);
  expect([batch.smiles[0], batch.smiles[2], batch.smiles[4]]).toEqual(clean.smiles);
  expect(batch.fingerprints.subarray(0, FINGERPRINT_BYTES)).toEqual(
    clean.fingerprints.subarray(0, FINGERPRINT_BYTES),
  );
  expect(batch.fingerprints.subarray(FINGERPRINT_BYTES, 2 * FINGERPRINT_BYTES)).toEqual(
    new Uint8Array(FINGERPRINT_BYTES),
  );
});

test('a molecule that never ends is rejected by itself, wherever it stands in its chunk', async () => {
  const made = featurizer({ threads: 1, moleculeTimeoutMs: 1500, chunkSize: 4 });
  const batch = await made.featurize(['CCO', clique(), 'CCN', 'CCC', 'CCF', 'CCCl', 'CCBr', clique()]);
  expect(CODES(batch)).toEqual(['ok', 'TIMEOUT', 'ok', 'ok', 'ok', 'ok', 'ok', 'TIMEOUT']);
  expect(batch.smiles).toEqual(['CCO', '', 'CCN', 'CCC', 'CCF', 'CCCl', 'CCBr', '']);
});

describe('a molecule whose thread fails once', () => {
  const workerUrl = new URL('../data/failing-worker.ts', import.meta.url);

  test.each(['stalls', 'exits'])('(%s) is tried again on another thread', async (what) => {
    const folder = mkdtempSync(join(tmpdir(), 'assayer-worker-'));
    const made = featurizer({ workerUrl, threads: 1, moleculeTimeoutMs: 1500 });
    const batch = await made.featurize(['CCO', `${what} once ${join(folder, 'mark')}`, 'CCN']);
    rmSync(folder, { recursive: true });
    expect(batch.reasons).toEqual([null, null, null]);
    expect(batch.smiles).toEqual(['CCO', 'once', 'CCN']);
  });

  test.each([
    ['stalls', 'TIMEOUT'],
    ['exits', 'TOOLKIT_FAILED'],
  ])('and again (%s) is refused by itself as %s', async (what, code) => {
    const made = featurizer({ workerUrl, threads: 1, moleculeTimeoutMs: 1500 });
    const batch = await made.featurize(['CCO', `${what} always`, 'CCN']);
    expect(CODES(batch)).toEqual(['ok', code, 'ok']);
    expect(batch.smiles).toEqual(['CCO', '', 'CCN']);
  });
});

test('the first use of a toolkit, which compiles it, counts for no molecule', async () => {
  const toolkit = await Toolkit.load();
  const progress = new Int32Array(1).fill(-1);
  const seen: number[] = [];
  const real = Object.getOwnPropertyDescriptor(Toolkit.prototype, 'rdkit')?.get;
  const spy = vi.spyOn(Toolkit.prototype, 'rdkit', 'get').mockImplementation(function (this: Toolkit) {
    seen.push(progress[0]);
    return real?.call(this);
  });
  const task = { inputs: ['C', 'CC'], kind: 'smiles' as const, limits: LIMITS, progress };
  const batch = await featurizeChunk(toolkit, task);
  spy.mockRestore();
  expect(batch.smiles).toEqual(['C', 'CC']);
  expect([...new Set(seen)]).toEqual([-1, 0, 1]);
});

describe('failures', () => {
  test('the caller’s signal cancels', async () => {
    const abort = new AbortController();
    const running = featurizer().featurize(
      Array.from({ length: 20_000 }, () => 'CCO'),
      { signal: abort.signal },
    );
    setTimeout(() => abort.abort(), 20);
    await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });

  test('a signal that was raised before stops at once', async () => {
    const running = featurizer().featurize(['CCO'], { signal: AbortSignal.abort() });
    await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });

  test('threads that cannot start are an error, not a batch of rejects', async () => {
    const made = featurizer({ workerUrl: new URL('no-such-worker.ts', import.meta.url) });
    await expect(made.featurize(['CCO'])).rejects.toMatchObject({ code: 'ERR_CHEMISTRY' });
  });
});

describe('one molecule', () => {
  const known = JSON.parse(
    readFileSync(new URL('../data/known-molecules.json', import.meta.url), 'utf8'),
  ) as { smiles: string }[];
  const salts = ['CC(=O)[O-].[Na+]', 'C[NH+](C)CCc1ccccc1.[Cl-]', 'CC(=O)O[Zn]OC(C)=O', 'NCC(=O)O.NCC(=O)O'];
  const pool = [
    ...known.map(({ smiles }) => smiles),
    ...salts,
    ...(noShared ? [] : readSharedTable('oracles/rdkit-standard.csv.gz').map(({ smiles }) => smiles)),
  ];
  let toolkit: Toolkit;
  beforeAll(async () => {
    toolkit = await Toolkit.load();
  });

  function features(smiles: string) {
    const fingerprint = new Uint8Array(FINGERPRINT_BYTES);
    const descriptors = new Float32Array(DESCRIPTOR_COUNT);
    const texts = featurizeMolecule(toolkit, smiles, 'smiles', LIMITS, fingerprint, descriptors);
    if ('code' in texts) throw new Error(`${smiles} is refused`);
    return { ...texts, fingerprint, descriptors };
  }

  test('its features do not depend on the order of atoms in its SMILES', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pool), fc.integer({ min: 1, max: 1e6 }), (smiles, randomSeed) => {
        const mol = toolkit.rdkit.get_mol(smiles);
        const shuffled = mol?.get_smiles(JSON.stringify({ doRandom: true, randomSeed })) ?? '';
        mol?.delete();
        const { notes: _, descriptors, ...rest } = features(smiles);
        const { notes: __, descriptors: others, ...again } = features(shuffled);
        expect(again).toEqual(rest);
        others.forEach((value, i) => {
          expect(Math.abs(value - descriptors[i])).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
        });
      }),
      { numRuns: 150 },
    );
  });

  test('its parent’s SMILES has the same features', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pool), (smiles) => {
        const { notes: _, descriptors: __, ...first } = features(smiles);
        const { notes, descriptors: ___, ...second } = features(first.smiles);
        expect(second).toEqual(first);
        expect(notes).toBe('');
      }),
      { numRuns: 150 },
    );
  });

  test('stereo groups of a CXSMILES are said to be ignored', () => {
    expect(features('C[C@H](F)Cl |&1:1|').notes).toBe('relative stereo read as absolute');
  });
});

test('the contract names the toolkit that runs, and any change of limits changes it', async () => {
  const contract = featureContract();
  expect(contract.toolkit).toMatchObject({ name: 'RDKit', package: '@rdkit/rdkit' });
  const { rdkit } = await Toolkit.load();
  expect(rdkit.version().split('.').map(Number)).toEqual(contract.toolkit.version.split('.').map(Number));
  expect(contractHash(featureContract({ ...contract.limits, heavyAtoms: 100 }))).not.toBe(
    contractHash(contract),
  );
  expect(featurizer().contract).toEqual(contract);
});
