import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Folder of real data and known answers; not part of the repository. */
export const shared: string = process.env.ASSAYER_SHARED ?? new URL('../../shared', import.meta.url).pathname;

/** For `describe.skipIf(noShared)`: says so once when the folder is absent. */
export const noShared: boolean = !existsSync(join(shared, 'DESIGN.md'));
if (noShared) console.warn(`skipping tests that need ${shared} (set ASSAYER_SHARED)`);

/** Text of a file below the shared folder, gunzipped where its name ends in .gz. */
export function readShared(path: string): string {
  const bytes = readFileSync(join(shared, path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Rows of a comma-separated file whose cells hold no quotes or commas, as objects by column name. */
export function readSharedTable(path: string): Record<string, string>[] {
  const [head, ...lines] = readShared(path).trimEnd().split('\n');
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}
