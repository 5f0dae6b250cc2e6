import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AssayerError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { createBlobWriter } from '../../store/blob.ts';
import { inputError, systemCode, workspaceError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import type { Workspace } from '../../store/workspace.ts';

/**
 * What checks leave in a workspace, each file named by its SHA-256:
 *
 *     reports/        <sha256>.json, drift reports; the name is the report's identity
 *     observations/   <sha256>.json, what a check adds to the sequential tests (observations.ts)
 *     labels/         <sha256>.csv, labels of a batch as they were known at its check
 *     references/     <sha256>.<ending>, files that monitors compare batches with
 */
export type KeptIn = 'reports' | 'observations' | 'labels' | 'references';

/** Keeps a text. @returns its SHA-256 @throws ERR_WORKSPACE */
export async function keepText(
  workspace: Workspace,
  folder: KeptIn,
  extension: string,
  text: string,
): Promise<string> {
  await using writer = await begin(workspace, folder, extension);
  await writer.write(Buffer.from(text));
  return (await writer.commit()).sha256;
}

/** Keeps a copy of a file under its own ending. @returns its SHA-256 @throws ERR_INPUT_NOT_FOUND, ERR_WORKSPACE */
export async function keepFile(workspace: Workspace, folder: KeptIn, path: string): Promise<string> {
  const extension = basename(path).split('.').slice(1).join('.') || 'txt';
  await using writer = await begin(workspace, folder, extension);
  try {
    for await (const bytes of createReadStream(path)) await writer.write(bytes as Uint8Array);
  } catch (cause) {
    throw inputError(path, cause);
  }
  return (await writer.commit()).sha256;
}

/** Where a kept file lies. @throws ERR_WORKSPACE where it is not there */
export async function keptPath(workspace: Workspace, folder: KeptIn, hash: string): Promise<string> {
  const place = join(workspace.path, folder);
  const names = await readdir(place).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return [];
    throw workspaceError(workspace.path, cause);
  });
  const name = names.find((one) => one.startsWith(`${hash}.`));
  if (name) return join(place, name);
  const problem = `${folder}/${hash.slice(0, 12)}..., which an earlier check left there, is gone. Checks of a monitor are made in one workspace`;
  throw new AssayerError('ERR_WORKSPACE', { path: workspace.path, problem });
}

/** A kept text, held against its name. @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE */
export async function readKept(workspace: Workspace, folder: KeptIn, hash: string): Promise<string> {
  const path = await keptPath(workspace, folder, hash);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw workspaceError(workspace.path, cause);
  });
  const actual = sha256(text);
  if (actual !== hash) throw new AssayerError('ERR_BLOB_CORRUPT', { path, expected: hash, actual });
  return text;
}

async function begin(workspace: Workspace, folder: KeptIn, extension: string) {
  const place = join(workspace.path, folder);
  await makeFolder(place).catch((cause: unknown) => {
    throw workspaceError(workspace.path, cause);
  });
  return await createBlobWriter(workspace, place, extension);
}
