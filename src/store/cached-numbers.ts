import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { systemCode, workspaceError } from './file-error.ts';
import { HashedFile } from './hashed-file.ts';
import { release } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

const HASH_BYTES = 32;

/**
 * Numbers that follow from a key, from the workspace where they were computed before, else computed and kept there. A
 * file is the SHA-256 of its numbers (32 bytes), then the numbers, float64.
 * @param key  identity of all that the numbers follow from
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE, and as `compute`
 */
export async function cachedNumbers(
  workspace: Workspace,
  key: string,
  compute: () => Promise<Float64Array>,
): Promise<Float64Array> {
  const folder = join(workspace.path, 'statistics');
  const path = join(folder, `${key}.f64`);
  const kept = await readKept(path);
  if (kept) return kept;
  const numbers = await compute();
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  try {
    await makeFolder(folder);
    const temporary = temporaryPath(workspace.tmp, 'numbers');
    await using file = await HashedFile.create(temporary);
    await file.write(Buffer.from(sha256(bytes), 'hex'));
    await file.write(bytes);
    await file.close();
    await rename(temporary, path);
    file.keep();
    release(temporary);
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
  return numbers;
}

async function readKept(path: string): Promise<Float64Array | null> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw workspaceError(path, cause);
  }
  // Copied, since the view may begin at any byte.
  const bytes = Uint8Array.from(file.subarray(HASH_BYTES));
  const expected = file.subarray(0, HASH_BYTES).toString('hex');
  const actual = sha256(bytes);
  if (actual !== expected || bytes.length % Float64Array.BYTES_PER_ELEMENT !== 0) {
    throw new AssayerError('ERR_BLOB_CORRUPT', { path, expected, actual });
  }
  return new Float64Array(bytes.buffer);
}
