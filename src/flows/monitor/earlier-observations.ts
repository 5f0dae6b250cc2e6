import { recordsOf } from '../../registry/read-records.ts';
import type { Registry } from '../registry/open-registry.ts';
import { readKept } from './kept-files.ts';
import type { Watched } from './monitors.ts';
import type { Observations } from './observations.ts';

/** What an earlier check added, and when it was made. */
export interface EarlierCheck {
  readonly time: string;
  readonly observations: Observations;
}

/**
 * What the earlier checks of a monitor's release have added to its sequential tests, oldest first, read by the hashes that their
 * runs were recorded with.
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE where a file is gone
 */
export async function observationsOf(
  { database, workspace }: Registry,
  { monitor, current }: Pick<Watched, 'monitor' | 'current'>,
): Promise<EarlierCheck[]> {
  const records = (await recordsOf(database, 'evidence', monitor.id)).filter(
    ({ body }) => body.evidence.release === current.body.release,
  );
  const checks: EarlierCheck[] = [];
  for (const { body } of records) {
    const [run] = await recordsOf(database, 'run', body.run);
    const kept = run?.body.outputs.find(({ role }) => role === 'observations');
    // Evidence that was not made by a check here says nothing about single compounds.
    if (!kept) continue;
    const text = await readKept(workspace, 'observations', kept.hash);
    checks.push({ time: body.evidence.time, observations: JSON.parse(text) as Observations });
  }
  return checks;
}
