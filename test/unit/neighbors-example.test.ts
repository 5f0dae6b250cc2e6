import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the library example runs as it stands', async () => {
  const example = new URL('../../examples/neighbors.mjs', import.meta.url).pathname;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [example]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^CC\(=O\)Oc1ccccc1C\(=O\)O\n {2}1\.000 {2}aspirin\n/);
  expect(stdout).toMatch(/\n {2}1\.000 {2}nicotine\n/);
  expect(stdout).toMatch(/not a SMILES\n {2}SYNTAX: /);
  expect(stdout).toMatch(/Dice at least 0\.4: \d+, \d+, 0\n$/);
});
