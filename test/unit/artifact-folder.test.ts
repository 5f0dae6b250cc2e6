import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeArtifactFolder } from '../../src/store/artifact-folder.ts';
import { temporaryFolder } from '../assayer.ts';

const hashOf = (digit: string) => digit.repeat(64);
const filesOf = (digit: string, content: string) => ({
  'manifest.json': `{\n  "hash": "${hashOf(digit)}",\n  "build": {}\n}\n`,
  'model.onnx': content,
});

test('the same artifact written again keeps the validation beside it, and mends its files', async () => {
  const folder = join(temporaryFolder(), 'ames', '1');
  await writeArtifactFolder(folder, hashOf('a'), filesOf('a', 'graph'), false);
  mkdirSync(join(folder, 'validation'));
  writeFileSync(join(folder, 'validation', 'plot.svg'), 'plot');
  writeFileSync(join(folder, 'model.onnx'), 'damaged');
  await writeArtifactFolder(folder, hashOf('a'), filesOf('a', 'graph'), false);
  expect(readFileSync(join(folder, 'validation', 'plot.svg'), 'utf8')).toBe('plot');
  expect(readFileSync(join(folder, 'model.onnx'), 'utf8')).toBe('graph');
});

test('another artifact is refused, and where it is to be replaced nothing of the old one stays', async () => {
  const folder = join(temporaryFolder(), 'ames', '1');
  await writeArtifactFolder(folder, hashOf('a'), filesOf('a', 'graph'), false);
  mkdirSync(join(folder, 'validation'));
  const other = (replace: boolean) =>
    writeArtifactFolder(folder, hashOf('b'), filesOf('b', 'other'), replace);
  await expect(other(false)).rejects.toMatchObject({ code: 'ERR_OUTPUT_UNWRITABLE' });
  expect(readFileSync(join(folder, 'model.onnx'), 'utf8')).toBe('graph');
  await other(true);
  expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'model.onnx']);
  expect(readdirSync(join(folder, '..'))).toEqual(['1']);
});

test('a place where no folder can be made is an error at once', async () => {
  const write = writeArtifactFolder('/proc/models/ames/1', hashOf('a'), filesOf('a', 'graph'), false);
  await expect(write).rejects.toMatchObject({ code: 'ERR_OUTPUT_UNWRITABLE' });
});
