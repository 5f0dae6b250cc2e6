import { readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deleteFromIndex } from '../../src/flows/index-edit.ts';
import { readIndexInfo } from '../../src/flows/index-info.ts';
import { openIndex } from '../../src/index.ts';
import { encodeManifest, INDEX_VERSION } from '../../src/store/index-manifest.ts';
import { temporaryFolder } from '../assayer.ts';
import { appendFrom, buildFrom, engine, randomRows } from '../unit/index-fixtures.ts';
import { failure } from '../unit/store-fixtures.ts';

const BITS = 256;
const rows = randomRows(14, BITS);

/** An index with two segments, one of which has tombstones. */
async function smallIndex() {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 9), BITS);
  await appendFrom(folder, index, rows.slice(9), BITS);
  await deleteFromIndex(index, ['r2', 'r5']);
  expect(readdirSync(index)).toHaveLength(4);
  return index;
}

test('one flipped bit in any byte of any file of an index is refused', async () => {
  const index = await smallIndex();
  const missed: string[] = [];
  let flips = 0;
  for (const name of readdirSync(index)) {
    const path = join(index, name);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 1 << (at % 8);
      writeFileSync(path, damaged);
      const error = await failure(readIndexInfo(index));
      if (error.code !== 'ERR_INDEX_CORRUPT' || !error.message.includes(name)) missed.push(`${name} ${at}`);
      flips++;
    }
    writeFileSync(path, bytes);
  }
  expect(missed).toEqual([]);
  const sizes = readdirSync(index).map((name) => readFileSync(join(index, name)).length);
  expect(flips).toBe(sizes.reduce((sum, size) => sum + size));
  expect((await readIndexInfo(index)).rows).toBe(12);
});

test('every bit of the manifest counts', async () => {
  const path = join(await smallIndex(), 'manifest.json');
  const bytes = readFileSync(path);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] ^= 1 << (bit & 7);
    writeFileSync(path, damaged);
    expect((await failure(readIndexInfo(join(path, '..')))).code).toBe('ERR_INDEX_CORRUPT');
  }
});

test('a search of a damaged index is refused', async () => {
  const index = await smallIndex();
  const name = readdirSync(index).find((file) => file.endsWith('.arrow')) ?? '';
  const bytes = readFileSync(join(index, name));
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(join(index, name), bytes);
  const error = await failure(openIndex(index, { engine }));
  expect([error.code, error.message]).toEqual([
    'ERR_INDEX_CORRUPT',
    expect.stringMatching(new RegExp(`${name} does not match its name`)),
  ]);
});

test('a file cut short, grown, missing or swapped is refused', async () => {
  for (const name of readdirSync(await smallIndex())) {
    const [cut, grown, missing] = [await smallIndex(), await smallIndex(), await smallIndex()];
    const size = readFileSync(join(cut, name)).length;
    truncateSync(join(cut, name), size - 1);
    const expectCode = async (index: string, code: string) =>
      expect([name, (await failure(readIndexInfo(index))).code]).toEqual([name, code]);
    await expectCode(cut, 'ERR_INDEX_CORRUPT');
    truncateSync(join(cut, name), 0);
    await expectCode(cut, 'ERR_INDEX_CORRUPT');
    truncateSync(join(grown, name), size + 1);
    await expectCode(grown, 'ERR_INDEX_CORRUPT');
    rmSync(join(missing, name));
    await expectCode(missing, name === 'manifest.json' ? 'ERR_INDEX_NOT_FOUND' : 'ERR_INDEX_CORRUPT');
  }
  const index = await smallIndex();
  const [a, b] = readdirSync(index).filter((name) => name.endsWith('.arrow'));
  renameSync(join(index, a), join(index, 'x'));
  renameSync(join(index, b), join(index, a));
  renameSync(join(index, 'x'), join(index, b));
  expect((await failure(readIndexInfo(index))).code).toBe('ERR_INDEX_CORRUPT');
});

test('an index of a newer format is refused with its version', async () => {
  const index = await smallIndex();
  const { manifest } = await readIndexInfo(index);
  const newer = { ...manifest, version: INDEX_VERSION + 1 };
  writeFileSync(join(index, 'manifest.json'), encodeManifest(newer));
  const error = await failure(readIndexInfo(index));
  expect([error.code, error.message]).toEqual([
    'ERR_INDEX_VERSION',
    expect.stringContaining(
      `version ${INDEX_VERSION + 1}; this engine reads versions up to ${INDEX_VERSION}`,
    ),
  ]);
});

test('a path that is no index is told apart from a damaged one', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), 'text');
  for (const path of ['nowhere', 'file', '.']) {
    const error = await failure(readIndexInfo(join(folder, path)));
    expect([path, error.code]).toEqual([path, 'ERR_INDEX_NOT_FOUND']);
    expect((await failure(deleteFromIndex(join(folder, path), ['x']))).code).toBe('ERR_INDEX_NOT_FOUND');
  }
  expect(readdirSync(folder)).toEqual(['file']);
});
