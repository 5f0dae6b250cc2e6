import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '../core/hash.ts';
import { systemCode, workspaceError } from './file-error.ts';
import { removeAtExit, removeNow } from './leftovers.ts';
import { READER_VERSION } from './row-source.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/**
 * What decides which features an input has, beside the version of the readers: its bytes, how they are read, and the
 * feature contract. All names stand in it, since one choice of columns can be two under two delimiters.
 */
export interface FeatureSetInput {
  /** SHA-256 of the input's bytes as given. */
  readonly inputSha256: string;
  readonly format: string;
  readonly columns: readonly string[];
  /** Index in `columns`: names may repeat. */
  readonly smilesIndex: number;
  /** null where ids are row numbers. */
  readonly idIndex: number | null;
  readonly contractHash: string;
}

/** A feature set in the workspace. */
export interface StoredFeatureSet {
  readonly path: string;
  readonly sha256: string;
  readonly rowCount: number;
}

/** The canonical text of all that decides the features; it stands in the feature set, and its hash names the entry. */
export function featureSetKey(input: FeatureSetInput): string {
  const { inputSha256, format, smilesIndex, idIndex, contractHash } = input;
  const columns = input.columns.map((name) => name.toWellFormed()); // half a character has no canonical JSON
  const reader = READER_VERSION;
  return canonicalJson({ inputSha256, format, columns, smilesIndex, idIndex, contractHash, reader });
}

function entryPath(workspace: Workspace, input: FeatureSetInput): string {
  return join(workspace.featuresByInput, `${sha256(featureSetKey(input))}.json`);
}

/** Path of the feature set of this hash. */
export function featureSetPath(workspace: Workspace, hash: string): string {
  return join(workspace.features, `${hash}.arrow`);
}

/**
 * The feature set made from this input, if there is one. An entry that cannot be understood, or whose file is gone,
 * counts as none: the features are made anew and the entry is written again.
 * @throws ERR_WORKSPACE
 */
export async function findFeatureSet(
  workspace: Workspace,
  input: FeatureSetInput,
): Promise<StoredFeatureSet | null> {
  const path = entryPath(workspace, input);
  try {
    const entry: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (!isEntry(entry)) return null;
    const file = featureSetPath(workspace, entry.sha256);
    await stat(file);
    return { path: file, sha256: entry.sha256, rowCount: entry.rowCount };
  } catch (cause) {
    if (cause instanceof SyntaxError || systemCode(cause) === 'ENOENT') return null;
    throw workspaceError(path, cause);
  }
}

interface Entry {
  readonly sha256: string;
  readonly rowCount: number;
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { sha256, rowCount } = value as Partial<Entry>;
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && typeof rowCount === 'number';
}

/** Records, atomically, which feature set an input has. @throws ERR_WORKSPACE */
export async function recordFeatureSet(
  workspace: Workspace,
  input: FeatureSetInput,
  stored: StoredFeatureSet,
): Promise<void> {
  const temporary = temporaryPath(workspace.tmp, 'entry');
  removeAtExit(temporary);
  try {
    await using handle = await open(temporary, 'wx');
    await handle.writeFile(`${canonicalJson({ sha256: stored.sha256, rowCount: stored.rowCount })}\n`);
    await handle.sync();
    await rename(temporary, entryPath(workspace, input));
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  } finally {
    await removeNow(temporary);
  }
}
