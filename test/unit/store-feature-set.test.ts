import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { FeatureContract } from '../../src/core/contract.ts';
import { contractHash } from '../../src/core/contract.ts';
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { sha256 } from '../../src/core/hash.ts';
import { createBlobWriter, verifyBlob } from '../../src/store/blob.ts';
import { openTable } from '../../src/store/compound-table.ts';
import { featureSetKey, findFeatureSet } from '../../src/store/feature-index.ts';
import { decodeFeatures, type FeaturizedBatch } from '../../src/store/feature-schema.ts';
import { type FeatureSet, openFeatureSet } from '../../src/store/feature-set.ts';
import { createFeatureSetWriter } from '../../src/store/feature-set-writer.ts';
import { HashedFile } from '../../src/store/hashed-file.ts';
import { openWorkspace, temporaryPath, type Workspace } from '../../src/store/workspace.ts';
import { failure, fileWith, freshPath, spoolFolder } from './store-fixtures.ts';

const CONTRACT: FeatureContract = {
  schema: 'assayer.feature-contract/1',
  toolkit: { name: 'RDKit', package: '@rdkit/rdkit', version: '2026.9.1' },
  standardization: { version: 1, rules: ['largest organic fragment'] },
  fingerprint: {
    kind: 'morgan',
    radius: 2,
    bits: 2048,
    chirality: false,
    levels: { bits: 1024, from: 2, hash: 'murmur3' },
  },
  descriptors: { dtype: 'float32', names: DESCRIPTOR_NAMES },
  limits: { smilesBytes: 5000, heavyAtoms: 500 },
};
const INPUT = {
  inputSha256: 'a'.repeat(64),
  format: 'csv',
  columns: ['smiles', 'smiles'],
  smilesIndex: 0,
  idIndex: null,
};
const KEY = { ...INPUT, contractHash: contractHash(CONTRACT) };

/** Rows from..from+count of one endless table, so that any cut of it holds the same rows. */
function batchOf(count: number, from = 0): FeaturizedBatch {
  const rows = Array.from({ length: count }, (_, i) => from + i);
  const rejected = (i: number) => i % 10 === 3;
  const text = (make: (i: number) => string) => rows.map((i) => (rejected(i) ? '' : make(i)));
  return {
    compounds: { rows, ids: rows.map((i) => `é${i}`), inputs: rows.map((i) => `C${'C'.repeat(i % 5)}`) },
    features: {
      count,
      reasons: rows.map((i) => (rejected(i) ? 'NOT_SMILES: not a SMILES' : null)),
      smiles: text((i) => `C${'O'.repeat(i % 7)}`),
      inchikeys: text((i) => `KEY-${i}`),
      scaffolds: text((i) => (i % 2 ? 'c1ccccc1' : '')),
      notes: text((i) => (i % 4 ? '' : 'salt removed')),
      fingerprints: Uint8Array.from(
        { length: count * 384 },
        (_, k) => ((from * 384 + k) * 2654435761) >>> 24,
      ),
      descriptors: Float32Array.from({ length: count * DESCRIPTOR_COUNT }, (_, k) =>
        Math.sin(from * DESCRIPTOR_COUNT + k),
      ),
    },
  };
}

async function store(workspacePath: string, count: number, piece = 1000) {
  const workspace = await openWorkspace(workspacePath);
  await using writer = await createFeatureSetWriter(workspace, CONTRACT, INPUT);
  for (let from = 0; from < count; from += piece)
    await writer.write(batchOf(Math.min(piece, count - from), from));
  return { workspace, stored: await writer.finish() };
}

async function openStored(workspace: Workspace, signal?: AbortSignal): Promise<FeatureSet> {
  const set = await openFeatureSet(workspace, KEY, signal);
  if (set === null) throw new Error('there is no feature set');
  return set;
}

async function readRows(batches: AsyncIterable<FeaturizedBatch>) {
  const list: FeaturizedBatch[] = [];
  for await (const batch of batches) list.push(batch);
  const flat = <T>(of: (batch: FeaturizedBatch) => readonly T[]) => list.flatMap((batch) => [...of(batch)]);
  return {
    sizes: list.map(({ features }) => features.count),
    rows: flat(({ compounds }) => compounds.rows),
    ids: flat(({ compounds }) => compounds.ids),
    inputs: flat(({ compounds }) => compounds.inputs),
    reasons: flat(({ features }) => features.reasons),
    smiles: flat(({ features }) => features.smiles),
    inchikeys: flat(({ features }) => features.inchikeys),
    scaffolds: flat(({ features }) => features.scaffolds),
    notes: flat(({ features }) => features.notes),
    fingerprints: Buffer.concat(list.map(({ features }) => features.fingerprints)),
    descriptors: list.flatMap(({ features }) => [...features.descriptors]),
  };
}

describe('a feature set', () => {
  it.each([1, 4095, 4096, 4097, 9001])('gives back %i rows bit by bit', async (count) => {
    const { workspace, stored } = await store(freshPath('ws'), count, 777);
    const set = await openStored(workspace);
    const { compounds, features } = batchOf(count);
    const { sizes, fingerprints, ...read } = await readRows(set.batches());
    expect(sizes.every((size, i) => size === 4096 || i === sizes.length - 1)).toBe(true);
    expect(read.rows).toEqual(compounds.rows);
    expect(read.ids).toEqual(compounds.ids);
    expect(read.inputs).toEqual(compounds.inputs);
    expect(read.reasons).toEqual(features.reasons);
    expect(read.smiles).toEqual(features.smiles);
    expect(read.inchikeys).toEqual(features.inchikeys);
    expect(read.scaffolds).toEqual(features.scaffolds);
    expect(read.notes).toEqual(features.notes);
    expect(fingerprints.equals(features.fingerprints)).toBe(true);
    expect(read.descriptors).toEqual([...features.descriptors]);
    expect(set.contract).toEqual(CONTRACT);
    expect([set.sha256, set.rowCount]).toEqual([stored.sha256, count]);
  });

  it('of no rows can be stored and read', async () => {
    const { workspace } = await store(freshPath('ws'), 0);
    const set = await openStored(workspace);
    expect((await readRows(set.batches())).rows).toEqual([]);
  });

  it('is named by its hash, which does not depend on how the rows were cut', async () => {
    const first = (await store(freshPath('ws'), 9001, 9001)).stored;
    const second = (await store(freshPath('ws'), 9001, 1)).stored;
    expect(second.sha256).toBe(first.sha256);
    expect(sha256(readFileSync(first.path))).toBe(first.sha256);
  });

  it('is found again by input, columns and contract, and by nothing else', async () => {
    const { workspace, stored } = await store(freshPath('ws'), 10);
    expect(await findFeatureSet(workspace, KEY)).toMatchObject({ sha256: stored.sha256, rowCount: 10 });
    for (const other of [
      { inputSha256: 'b' },
      { format: 'tsv' },
      { columns: ['smiles', 'x'] },
      { smilesIndex: 1 },
      { idIndex: 1 },
      { columns: ['smiles', 'smiles', '\ud800'] },
      { contractHash: 'c' },
    ]) {
      expect(await findFeatureSet(workspace, { ...KEY, ...other })).toBeNull();
    }
  });

  it('of two columns of one name is two feature sets', async () => {
    const path = fileWith('v.csv', 'v,v\nCCO,c1ccccc1O\n');
    const keys: string[] = [];
    for (const smilesColumn of [undefined, 'v']) {
      await using table = await openTable(path, { spoolFolder, smilesColumn });
      const { sha256: inputSha256, format, columns, smilesIndex, idIndex } = table;
      expect(table.smilesColumn).toBe('v');
      keys.push(featureSetKey({ inputSha256, format, columns, smilesIndex, idIndex, contractHash: '' }));
    }
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('made from another input counts as absent, whatever the entry says', async () => {
    const { workspace } = await store(freshPath('ws'), 10);
    const [entry] = readdirSync(workspace.featuresByInput);
    const other = { ...KEY, smilesIndex: 1 };
    const otherEntry = join(workspace.featuresByInput, `${sha256(featureSetKey(other))}.json`);
    copyFileSync(join(workspace.featuresByInput, entry), otherEntry);
    expect(await findFeatureSet(workspace, other)).not.toBeNull();
    expect(await openFeatureSet(workspace, other)).toBeNull();
    expect(await openFeatureSet(workspace, KEY)).not.toBeNull();
  });

  it('counts as absent when its file is gone or its entry is damaged', async () => {
    const { workspace, stored } = await store(freshPath('ws'), 10);
    const [entry] = readdirSync(workspace.featuresByInput);
    const text = readFileSync(join(workspace.featuresByInput, entry), 'utf8');
    for (const damaged of ['', '{', 'null', '{"sha256":"../../x","rowCount":1}']) {
      writeFileSync(join(workspace.featuresByInput, entry), damaged);
      expect(await findFeatureSet(workspace, KEY)).toBeNull();
    }
    writeFileSync(join(workspace.featuresByInput, entry), text);
    expect(await findFeatureSet(workspace, KEY)).not.toBeNull();
    rmSync(stored.path);
    expect(await findFeatureSet(workspace, KEY)).toBeNull();
  });

  it('with one flipped byte is refused, wherever the byte is', async () => {
    const { workspace, stored } = await store(freshPath('ws'), 5000);
    const bytes = readFileSync(stored.path);
    for (const at of [0, 9, bytes.length >> 1, bytes.length - 1]) {
      bytes[at] ^= 1;
      writeFileSync(stored.path, bytes);
      const error = await failure(openStored(workspace));
      expect(error.code).toBe('ERR_BLOB_CORRUPT');
      expect(error.message).toContain(stored.path);
      bytes[at] ^= 1;
    }
  });

  it('that was not finished leaves nothing', async () => {
    const workspace = await openWorkspace(freshPath('ws'));
    {
      await using writer = await createFeatureSetWriter(workspace, CONTRACT, INPUT);
      await writer.write(batchOf(5000));
    }
    expect(readdirSync(workspace.tmp)).toEqual([]);
    expect(readdirSync(workspace.features)).toEqual(['by-input']);
  });

  it('refuses a batch whose columns differ in length', async () => {
    const workspace = await openWorkspace(freshPath('ws'));
    await using writer = await createFeatureSetWriter(workspace, CONTRACT, INPUT);
    const { compounds, features } = batchOf(3);
    const short = { compounds, features: { ...features, descriptors: features.descriptors.subarray(1) } };
    await expect(writer.write(short)).rejects.toThrow(TypeError);
  });

  it('reads fingerprints as views, also from a slice of a batch', async () => {
    const { stored } = await store(freshPath('ws'), 100);
    const [batch] = tableFromIPC(readFileSync(stored.path)).batches;
    const slice = decodeFeatures(batch.slice(13, 40));
    const { compounds, features } = batchOf(27, 13);
    expect(slice.compounds).toEqual(compounds);
    expect(slice.features.reasons).toEqual(features.reasons);
    expect(slice.features.smiles).toEqual(features.smiles);
    expect(Buffer.from(slice.features.fingerprints).equals(features.fingerprints)).toBe(true);
    expect([...slice.features.descriptors]).toEqual([...features.descriptors]);
    expect(slice.features.fingerprints.buffer).toBe(decodeFeatures(batch).features.fingerprints.buffer);
  });

  it('stops when cancelled', async () => {
    const { workspace } = await store(freshPath('ws'), 9000);
    expect((await failure(openStored(workspace, AbortSignal.abort()))).code).toBe('ERR_CANCELLED');
    const set = await openStored(workspace);
    expect((await failure(readRows(set.batches(AbortSignal.abort())))).code).toBe('ERR_CANCELLED');
  });
});

describe('a workspace', () => {
  it('is made with its folders, and opened again', async () => {
    const path = freshPath('ws');
    const first = await openWorkspace(path);
    expect(
      [first.features, first.featuresByInput, first.outbox, first.tmp].every((folder) => existsSync(folder)),
    ).toBe(true);
    expect(await openWorkspace(path)).toEqual(first);
  });

  it('that is a file or lies in none is refused', async () => {
    for (const path of [fileWith('ws', ''), '/proc/ws']) {
      const error = await failure(openWorkspace(path));
      expect(error.code).toBe('ERR_WORKSPACE');
      expect(error.message).toContain(path);
    }
  });

  it('loses the partial files of ended processes, not those of living ones or other files', async () => {
    const { tmp } = await openWorkspace(freshPath('ws'));
    const { PROCESS_TAG } = await import('../../src/store/process-tag.ts');
    const host = PROCESS_TAG.split('-')[1];
    const { spawnSync } = await import('node:child_process');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const names = {
      dead: `blob.${pid}-${host}.0`,
      own: `blob.${PROCESS_TAG}.99`,
      parent: `blob.${process.ppid}-${host}.0`,
      elsewhere: `blob.${pid}-ffffffff.0`,
      old: `blob.${pid}-fffffffe.0`,
      other: 'notes.txt',
    };
    for (const name of Object.values(names)) writeFileSync(join(tmp, name), 'x');
    const weekAgo = statSync(tmp).mtimeMs / 1000 - 8 * 24 * 3600;
    utimesSync(join(tmp, names.old), weekAgo, weekAgo);
    await openWorkspace(join(tmp, '..'));
    expect(readdirSync(tmp).sort()).toEqual([names.own, names.parent, names.elsewhere, names.other].sort());
  });
});

describe('a temporary file', () => {
  it('has a name that nobody can foresee, and is never one that is there already', async () => {
    const { tmp } = await openWorkspace(freshPath('ws'));
    const names = Array.from({ length: 100 }, () => temporaryPath(tmp, 'blob'));
    expect(new Set(names.map((name) => name.slice(0, -8))).size).toBe(100);
    const target = fileWith('precious', 'before');
    symlinkSync(target, names[0]);
    await expect(HashedFile.create(names[0])).rejects.toThrow('EEXIST');
    expect(readFileSync(target, 'utf8')).toBe('before');
  });
});

describe('a blob', () => {
  it('is named by its hash and checked when read', async () => {
    const workspace = await openWorkspace(freshPath('ws'));
    const folder = join(workspace.path, 'blobs');
    mkdirSync(folder);
    await using writer = await createBlobWriter(workspace, folder, 'bin');
    await writer.write(Buffer.from('hello'));
    const blob = await writer.commit();
    expect(blob).toEqual({
      path: join(folder, `${sha256('hello')}.bin`),
      sha256: sha256('hello'),
      sizeBytes: 5,
    });
    expect(readFileSync(blob.path, 'utf8')).toBe('hello');
    expect(await verifyBlob(blob.path, blob.sha256)).toBe(5);
    writeFileSync(blob.path, 'hellp');
    expect((await failure(verifyBlob(blob.path, blob.sha256))).code).toBe('ERR_BLOB_CORRUPT');
  });
});
