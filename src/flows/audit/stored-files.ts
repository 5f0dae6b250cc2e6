import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditCheck, auditCheck, type Finding } from '../../core/audit.ts';
import { sha256File } from '../../core/hash.ts';
import { systemCode, throwIfCancelled, workspaceError } from '../../store/file-error.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { OutboxFile } from './registry-checks.ts';

/** Folders whose files are named by their SHA-256. */
const HASHED = ['features', 'reports', 'observations', 'labels', 'references'] as const;

/** Reads every stored file of a workspace that is named by its hash, and holds it against its name. @throws ERR_WORKSPACE */
export async function auditBlobs(workspace: Workspace, signal?: AbortSignal): Promise<AuditCheck> {
  const findings: Finding[] = [];
  let files = 0;
  for (const folder of HASHED) {
    for (const name of await namesIn(workspace, folder)) {
      const expected = /^([0-9a-f]{64})\./.exec(name)?.[1];
      if (expected === undefined) continue;
      throwIfCancelled(signal);
      files++;
      const path = join(workspace.path, folder, name);
      const actual = await sha256File(path, signal).catch((cause: unknown) => {
        throw workspaceError(path, cause);
      });
      if (actual === expected) continue;
      findings.push({
        severity: 'error',
        inWords: `${folder}/${name} is not what its name says: it was changed or damaged.`,
        evidence: [
          { name: 'file', value: path },
          { name: 'its hash', value: actual },
        ],
        remedy:
          folder === 'features'
            ? 'move it away: features are made again by the next screen'
            : 'restore it from a copy',
      });
    }
  }
  return auditCheck('blobs', { inWords: `${files} stored files were held against their names.`, findings });
}

/** @returns what it says where the files were not read */
export function blobsNotRead(): AuditCheck {
  return auditCheck('blobs', {
    tried: 0,
    inWords: 'Stored files were not read: assayer audit --verify does.',
  });
}

/** What lies in the outbox and was not taken in, with the reason where it was refused. @throws ERR_WORKSPACE */
export async function outboxFiles(workspace: Workspace): Promise<OutboxFile[]> {
  const jsonIn = async (folder: string) =>
    (await namesIn(workspace, folder))
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(workspace.path, folder, name));
  const waiting = (await jsonIn('outbox')).map((path) => ({ path, reason: null }));
  const refused = await Promise.all(
    (await jsonIn(join('outbox', 'refused'))).map(async (path) => {
      const reason = await readFile(path.replace(/\.json$/, '.reason.txt'), 'utf8').catch(
        (cause: unknown) => {
          if (systemCode(cause) === 'ENOENT') return 'no reason lies beside it';
          throw workspaceError(path, cause);
        },
      );
      return { path, reason: reason.trim() };
    }),
  );
  return [...waiting, ...refused];
}

async function namesIn(workspace: Workspace, folder: string): Promise<string[]> {
  try {
    return (await readdir(join(workspace.path, folder))).sort();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw workspaceError(workspace.path, cause);
  }
}
