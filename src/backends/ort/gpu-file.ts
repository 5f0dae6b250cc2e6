import { readdirSync } from 'node:fs';

/** Whether the machine has a GPU as far as can be told: on Linux one has a device file, elsewhere it is taken as given. */
export function hasGpu(): boolean {
  if (process.platform !== 'linux') return true;
  const names = ['/dev', '/dev/dri'].flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return names.some((name) => /^(renderD\d+|nvidia\d+|dxg)$/.test(name));
}
