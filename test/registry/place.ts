import { openDatabase } from '../../src/registry/open-database.ts';
import type { Database } from '../../src/registry/sql.ts';
import { lockOutput } from '../../src/store/output-lock.ts';

/** How a test, or a process that it starts, finds a registry: its folder, and the URL of a server or ''. */
export interface Place {
  readonly folder: string;
  readonly url: string;
}

export function openPlace({ folder, url }: Place): Promise<Database> {
  return openDatabase({ folder, lock: lockOutput, ...(url && { url }) });
}
