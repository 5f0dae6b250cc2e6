import { randomBytes } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemCode, workspaceError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import type { Workspace } from '../../store/workspace.ts';

/**
 * Moves a file of the outbox that cannot be taken in to `outbox/refused`, with the reason in a text beside it. A name that
 * is taken there stays with what took it: nothing that was refused is ever lost.
 * @returns where it lies now
 * @throws ERR_WORKSPACE
 */
export async function setAside(workspace: Workspace, path: string, reason: string): Promise<string> {
  const folder = join(workspace.outbox, 'refused');
  const base = basename(path, '.json');
  try {
    await makeFolder(folder);
    for (let name = base; ; name = `${base}.${randomBytes(4).toString('hex')}`) {
      const target = join(folder, `${name}.json`);
      try {
        await link(path, target);
      } catch (cause) {
        if (systemCode(cause) === 'EEXIST') continue;
        throw cause;
      }
      await writeFile(join(folder, `${name}.reason.txt`), `${reason}\n`);
      await rm(path, { force: true });
      return target;
    }
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}
