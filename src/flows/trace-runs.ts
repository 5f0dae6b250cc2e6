import { AssayerError } from '../core/errors.ts';
import type { LineageRecord } from '../core/lineage.ts';
import type { RegistryRecord } from '../core/registry-records.ts';
import type { TraceReading } from '../core/trace.ts';
import { type RecordedResult, recordedResults, recordsAt } from '../registry/describe.ts';
import type { Sql } from '../registry/sql.ts';
import { CompoundKeys } from '../store/compound-keys.ts';
import type { Workspace } from '../store/workspace.ts';

/** Key files that are open at once, and run records that are read at once. */
const AT_ONCE = 64;

/**
 * Records of the runs whose results may hold the compound: those whose keys name it, and those without keys that can be
 * read. So of many runs only few records and results are read.
 * @param onResults  told how many results there are
 */
export async function* runsNaming(
  sql: Sql,
  workspace: Workspace,
  readings: readonly TraceReading[],
  onResults: (count: number) => void,
): AsyncGenerator<LineageRecord> {
  const results = await recordedResults(sql);
  onResults(results.length);
  for (let from = 0; from < results.length; from += AT_ONCE) {
    const some = results.slice(from, from + AT_ONCE);
    const named = await Promise.all(some.map((result) => mayName(workspace, result, readings)));
    const places = some.filter((_, i) => named[i]).map(({ record }) => record);
    if (places.length === 0) continue;
    for (const { body } of (await recordsAt(sql, places)) as RegistryRecord<'run'>[]) {
      if (body.lineage) yield body.lineage;
    }
  }
}

async function mayName(
  workspace: Workspace,
  { hash }: RecordedResult,
  readings: readonly TraceReading[],
): Promise<boolean> {
  try {
    await using keys = await CompoundKeys.open(workspace, hash);
    if (keys === null) return true;
    for (const reading of readings) if ((await keys.find(reading)).length > 0) return true;
    return false;
  } catch (cause) {
    // A damaged key file names nothing for certain; the trace makes it anew.
    if (cause instanceof AssayerError && cause.code === 'ERR_BLOB_CORRUPT') return true;
    throw cause;
  }
}
