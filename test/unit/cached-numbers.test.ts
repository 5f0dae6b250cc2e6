import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cachedNumbers } from '../../src/store/cached-numbers.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';

const KEY = 'a'.repeat(64);
let workspace: Workspace;
let computed: number;
const compute = (numbers: readonly number[]) => async () => {
  computed++;
  return Float64Array.from(numbers);
};
const fileOf = (key: string) => join(workspace.path, 'statistics', `${key}.f64`);

beforeEach(async () => {
  computed = 0;
  workspace = await openWorkspace(mkdtempSync(join(tmpdir(), 'assayer-numbers-')));
});
afterEach(() => rmSync(workspace.path, { recursive: true, force: true }));

test.each([{ numbers: [] }, { numbers: [0.1] }, { numbers: [1, Number.NaN, -0, 1e-320] }])(
  'numbers %o are computed once and come back to the bit',
  async ({ numbers }) => {
    const first = await cachedNumbers(workspace, KEY, compute(numbers));
    const again = await cachedNumbers(workspace, KEY, compute([7]));
    expect([...again].map((value) => Object.is(value, -0))).toEqual(
      numbers.map((value) => Object.is(value, -0)),
    );
    expect(again).toEqual(Float64Array.from(numbers));
    expect(again).toEqual(first);
    expect(computed).toBe(1);
    expect(readdirSync(workspace.tmp)).toEqual([]);
  },
);

test('another key has other numbers', async () => {
  await cachedNumbers(workspace, KEY, compute([1]));
  expect(await cachedNumbers(workspace, 'b'.repeat(64), compute([2]))).toEqual(Float64Array.of(2));
});

test('a view into a larger buffer keeps its own numbers only', async () => {
  const whole = Float64Array.of(1, 2, 3, 4);
  await cachedNumbers(workspace, KEY, async () => whole.subarray(1, 3));
  expect(await cachedNumbers(workspace, KEY, compute([9]))).toEqual(Float64Array.of(2, 3));
});

test.each([
  ['cut short', (path: string) => truncateSync(path, 20)],
  ['cut by half a number', (path: string) => truncateSync(path, 44)],
  [
    'changed in one bit',
    (path: string) => {
      const bytes = readFileSync(path);
      bytes[40] ^= 1;
      writeFileSync(path, bytes);
    },
  ],
])('a file that was %s is refused by name, not read', async (_, damage) => {
  await cachedNumbers(workspace, KEY, compute([1, 2]));
  damage(fileOf(KEY));
  await expect(cachedNumbers(workspace, KEY, compute([1, 2]))).rejects.toMatchObject({
    code: 'ERR_BLOB_CORRUPT',
    message: expect.stringContaining(fileOf(KEY)),
  });
  rmSync(fileOf(KEY));
  expect(await cachedNumbers(workspace, KEY, compute([1, 2]))).toEqual(Float64Array.of(1, 2));
});

test('what fails to compute leaves nothing behind', async () => {
  const failing = cachedNumbers(workspace, KEY, () => Promise.reject(new Error('no backend')));
  await expect(failing).rejects.toThrow('no backend');
  expect(await cachedNumbers(workspace, KEY, compute([3]))).toEqual(Float64Array.of(3));
});
