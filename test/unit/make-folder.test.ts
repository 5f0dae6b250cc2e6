import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/store/make-folder.ts';
import { temporaryFolder } from '../assayer.ts';

test('many that make the same nested folder at once all find it there', async () => {
  for (let round = 0; round < 20; round++) {
    const path = join(temporaryFolder(), 'a', 'b', 'c');
    await Promise.all(Array.from({ length: 12 }, () => makeFolder(path)));
    expect(existsSync(path)).toBe(true);
  }
});

test('a file in the way is an error, and a folder that cannot be made does not hang', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder('/proc/assayer/x')).rejects.toMatchObject({ code: 'ENOENT' });
});
