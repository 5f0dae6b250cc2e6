import { rm } from 'node:fs/promises';
import { openWorkspace, temporaryPath, type Workspace } from '../../store/workspace.ts';
import type { Registry } from '../registry/open-registry.ts';

/** Gives an empty workspace for what is made again, and removes it. */
export async function withScratch<T>(
  { workspace, engine }: Registry,
  use: (scratch: Workspace) => Promise<T>,
): Promise<T> {
  const path = temporaryPath(workspace.tmp, 'audit');
  try {
    return await use(await openWorkspace(path, engine.clock));
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
