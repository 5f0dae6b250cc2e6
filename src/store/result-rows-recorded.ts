import { rename, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import type { StoredResult } from '../core/trace.ts';
import { resultsFolder } from './compound-keys-layout.ts';
import { inputError, systemCode, workspaceError } from './file-error.ts';
import { HashedFile } from './hashed-file.ts';
import { release, textOf } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/** `<workspace>/results/<sha256>.files.json`: where these bytes were seen, and what the file system said of the file then. */
interface SeenFiles {
  readonly schema: typeof SEEN_SCHEMA;
  readonly files: readonly { readonly path: string; readonly stamp: string }[];
}
const SEEN_SCHEMA = 'assayer.result-files/1';

/**
 * A file that is changed again within one tick of its file system's clock can keep its times. So a stamp is only believed
 * once it is older than a tick: of a kernel that counts finely (up to 10 ms), or of a file system that keeps whole
 * milliseconds or seconds (FAT: 2 s). Until then every reading hashes.
 */
const FINE_TICK_MS = 20;
const COARSE_TICK_MS = 2500;

/**
 * Reads a result while it is certain to be the file that its run recorded. What is certain: the file had the recorded
 * SHA-256 when this workspace last hashed it, and since then the file system reports the same size, modification time,
 * change time and inode, before and after the reading. Only where one of these differs is the file hashed again, since
 * hashing a result of 1 GB takes longer than the answer may. So an ordinary change is noticed (every write sets the
 * change time); one made below the file system, or under a clock set back on purpose, is not: to rule that out, delete
 * `<workspace>/results/<sha256>.files.json` first.
 *
 * A relative path is taken from the current folder, and else from where a file of that name was seen to have these bytes.
 * @param use  called with the path to read
 * @throws ERR_INPUT_NOT_FOUND; ERR_INPUT_CORRUPT where it is another file now; ERR_INPUT_UNREADABLE, also where it changed
 *   meanwhile; ERR_WORKSPACE, ERR_CANCELLED, and what `use` throws
 */
export async function readRecorded<T>(
  workspace: Workspace,
  result: StoredResult,
  signal: AbortSignal | undefined,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const { path } = result;
  if (path === '-') {
    const problem = 'it went to standard output, so Assayer has kept nothing of it';
    throw new AssayerError('ERR_INPUT_UNREADABLE', { path, problem });
  }
  const seen = await readSeen(workspace, result.sha256);
  const known = isAbsolute(path)
    ? []
    : seen.files.filter((file) => file.path.endsWith(`${sep}${normalize(path)}`)).map((file) => file.path);
  const candidates = [...new Set([resolve(path), ...known])];
  let refusal: AssayerError | null = null;
  for (const candidate of candidates) {
    try {
      const stamp = await requireRecorded(workspace, { ...result, path: candidate }, seen, signal);
      const answer = await use(candidate);
      if ((await stampOf(candidate)).text === stamp) return answer;
      const problem = 'it changed while it was read';
      throw new AssayerError('ERR_INPUT_UNREADABLE', { path: candidate, problem });
    } catch (cause) {
      // Anything but a failure that was foreseen, or one of the file system, is no property of the file.
      if (!(cause instanceof AssayerError) && systemCode(cause) === null) throw cause;
      const error = inputError(candidate, cause);
      if (!['ERR_INPUT_NOT_FOUND', 'ERR_INPUT_CORRUPT'].includes(error.code)) throw error;
      // What is wrong with the place that the record names is what the user can mend.
      refusal ??= error;
    }
  }
  throw refusal;
}

/** @returns the stamp of the file that has the recorded bytes */
async function requireRecorded(
  workspace: Workspace,
  { path, sha256, sizeBytes }: StoredResult,
  seen: SeenFiles,
  signal: AbortSignal | undefined,
): Promise<string> {
  const stamp = await stampOf(path);
  const changed = (problem: string) => new AssayerError('ERR_INPUT_CORRUPT', { path, problem });
  if (stamp.sizeBytes !== sizeBytes) {
    throw changed(`it has ${stamp.sizeBytes} bytes, and its run recorded ${sizeBytes}`);
  }
  if (seen.files.some((file) => file.path === path && file.stamp === stamp.text)) return stamp.text;
  const actual = await sha256File(path, signal);
  if (actual !== sha256) throw changed(`its SHA-256 is ${actual}, and its run recorded ${sha256}`);
  const settled = await stampOf(path);
  if (settled.text === stamp.text && settled.isOld) await rememberSeen(workspace, sha256, path, stamp.text);
  return stamp.text;
}

async function stampOf(path: string) {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  const isFine = mtimeNs % 1_000_000n !== 0n;
  const newestMs = Math.max(Number(mtimeNs / 1_000_000n), Number(ctimeNs / 1_000_000n));
  return {
    text: `${size} ${mtimeNs} ${ctimeNs} ${ino}`,
    sizeBytes: Number(size),
    // The file system's times are the system's, whatever clock the caller's work goes by.
    isOld: Date.now() - newestMs > (isFine ? FINE_TICK_MS : COARSE_TICK_MS),
  };
}

function seenPath(workspace: Workspace, sha256: string): string {
  return join(resultsFolder(workspace), `${sha256}.files.json`);
}

/** What cannot be read as such a list is taken for an empty one: everything is then hashed, and the list written anew. */
async function readSeen(workspace: Workspace, sha256: string): Promise<SeenFiles> {
  const path = seenPath(workspace, sha256);
  const text = await textOf(path).catch((cause: unknown) => {
    throw workspaceError(path, cause);
  });
  return parseSeen(text ?? '') ?? { schema: SEEN_SCHEMA, files: [] };
}

function parseSeen(text: string): SeenFiles | null {
  try {
    const seen = JSON.parse(text) as SeenFiles | null;
    const isSeen =
      seen?.schema === SEEN_SCHEMA &&
      Array.isArray(seen.files) &&
      seen.files.every((file) => typeof file?.path === 'string' && typeof file.stamp === 'string');
    return isSeen ? seen : null;
  } catch {
    return null;
  }
}

/** Of two processes that write it at once, one may be forgotten: its file is hashed once more. */
async function rememberSeen(
  workspace: Workspace,
  sha256: string,
  path: string,
  stamp: string,
): Promise<void> {
  const target = seenPath(workspace, sha256);
  try {
    await makeFolder(resultsFolder(workspace));
    const { files } = await readSeen(workspace, sha256);
    const seen: SeenFiles = {
      schema: SEEN_SCHEMA,
      files: [...files.filter((file) => file.path !== path), { path, stamp }],
    };
    const temporary = temporaryPath(workspace.tmp, 'seen');
    await using file = await HashedFile.create(temporary);
    await file.write(Buffer.from(`${JSON.stringify(seen)}\n`));
    await file.close();
    await rename(temporary, target);
    file.keep();
    release(temporary);
  } catch (cause) {
    throw workspaceError(target, cause);
  }
}
