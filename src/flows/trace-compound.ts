import { AssayerError } from '../core/errors.ts';
import type {
  CompoundTrace,
  TracedPrediction,
  TracedRejection,
  TraceQuery,
  TraceReading,
  UnreadResult,
} from '../core/trace.ts';
import { CompoundKeys } from '../store/compound-keys.ts';
import { buildCompoundKeys } from '../store/compound-keys-build.ts';
import { keysPath } from '../store/compound-keys-layout.ts';
import { ResultReader } from '../store/result-rows.ts';
import type { Workspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import type { LineageRecord } from './lineage.ts';
import { readQuery } from './trace-compound-query.ts';
import { matchesOf, traceColumns, tracedOf } from './trace-compound-row.ts';

/** Records of runs, or what gives those that are worth a look for the names of a compound. */
export type RunsToTrace =
  | AsyncIterable<LineageRecord>
  | Iterable<LineageRecord>
  | ((readings: readonly TraceReading[]) => AsyncIterable<LineageRecord>);

/**
 * Every prediction ever made for a compound, over the results of many runs: which model said what, when, on which device
 * and why (nearest training compound). Results are searched by their key files; where one is missing or damaged it is
 * made from the result first, which reads that result whole once. Results that are gone, were altered or cannot be read
 * are listed with the reason, and give no value; those whose keys do not name the compound are not opened at all.
 * @param runs  of the runs to look through, in any order; each run once
 * @param query  an InChIKey, a SMILES or an id as it stood in the input; see `readQuery`
 * @returns what was found, in the order of time
 * @throws ERR_USAGE, ERR_CHEMISTRY, ERR_WORKSPACE, ERR_OUT_OF_MEMORY, ERR_CANCELLED
 */
export async function traceCompound(
  engine: Engine,
  workspace: Workspace,
  runs: RunsToTrace,
  query: TraceQuery,
  options: { readonly signal?: AbortSignal } = {},
): Promise<CompoundTrace> {
  const { signal } = options;
  const { readings, notTaken } = await readQuery(engine, query, signal);
  await using reader = new ResultReader(workspace);
  const predictions: TracedPrediction[] = [];
  const rejections: TracedRejection[] = [];
  const unread: UnreadResult[] = [];
  const keysMade: string[] = [];
  let count = 0;
  for await (const run of typeof runs === 'function' ? runs(readings) : runs) {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {}, { cause: signal.reason });
    count++;
    let rows: number | null = null;
    try {
      const places = await findPlaces(workspace, run, readings, keysMade, signal);
      if (places.length === 0) continue;
      rows = places.length;
      const found = await reader.read(run.output, places, traceColumns(run.work), signal);
      const traced = found.flatMap((row) => {
        const matched = matchesOf(row, readings);
        // Where nothing matches, another name has the same key.
        return matched.length === 0 ? [] : tracedOf(run, row, matched);
      });
      // Only now: a result of which one row cannot be read gives none.
      for (const one of traced) 'reason' in one ? rejections.push(one) : predictions.push(one);
    } catch (cause) {
      const reason = unreadable(cause);
      unread.push({ run: run.run, finishedAt: run.finishedAt, path: run.output.path, rows, reason });
    }
  }
  return {
    query,
    readings,
    notTaken,
    predictions: predictions.sort(byTime),
    rejections: rejections.sort(byTime),
    unread: unread.sort(byTimeOfRun),
    runs: count,
    keysMade,
  };
}

/** Where a result has rows under one of the names, by its key file; ascending, each once. */
async function findPlaces(
  workspace: Workspace,
  { output }: LineageRecord,
  names: readonly TraceReading[],
  keysMade: string[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const search = async () => {
    await using keys = await CompoundKeys.open(workspace, output.sha256);
    if (keys === null) return null;
    const places = new Set<number>();
    for (const name of names) for (const place of await keys.find(name)) places.add(place);
    return [...places].sort((a, b) => a - b);
  };
  const found = await search().catch((cause: unknown) => {
    // A key file holds nothing that its result does not: a damaged one is made anew, and the trace says so.
    if (cause instanceof AssayerError && cause.code === 'ERR_BLOB_CORRUPT') return null;
    throw cause;
  });
  if (found !== null) return found;
  await buildCompoundKeys(workspace, output, signal);
  keysMade.push(keysPath(workspace, output.sha256));
  return (await search()) ?? [];
}

/** What is wrong with one result, which must not hide the others; everything else ends the trace. */
function unreadable(cause: unknown): string {
  if (cause instanceof AssayerError && cause.code.startsWith('ERR_INPUT_')) return cause.message;
  throw cause;
}

type Timed = Pick<UnreadResult, 'run' | 'finishedAt'>;

function byTimeOfRun(a: Timed, b: Timed): number {
  return Date.parse(a.finishedAt) - Date.parse(b.finishedAt) || (a.run < b.run ? -1 : a.run > b.run ? 1 : 0);
}

/** Array.sort is stable, so the models of one row keep their order. */
function byTime(a: TracedRejection | TracedPrediction, b: TracedRejection | TracedPrediction): number {
  return byTimeOfRun(a, b) || a.input.row - b.input.row;
}
