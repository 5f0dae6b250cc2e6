import { stat } from 'node:fs/promises';
import { AssayerError } from '../core/errors.ts';
import { sha256File } from '../core/hash.ts';
import type { CompoundTrace, TraceQuery, TraceReading } from '../core/trace.ts';
import { namesLike } from '../registry/describe.ts';
import { inputError, systemCode } from '../store/file-error.ts';
import type { Registry } from './registry/open-registry.ts';
import { traceCompound } from './trace-compound.ts';
import { type LineageTrace, traceLineage } from './trace-lineage.ts';
import { runsNaming } from './trace-runs.ts';

/** How the text of a trace may be taken. */
export const TRACE_KINDS = ['inchikey', 'smiles', 'id', 'record', 'file'] as const;
export type TraceKind = (typeof TRACE_KINDS)[number];

export type Traced =
  | { readonly kind: 'compound'; readonly compound: CompoundTrace; readonly results: number }
  | { readonly kind: 'lineage'; readonly lineage: LineageTrace };

/** Shorter beginnings of hashes are no names: an id of a compound may look like one. */
const LEAST_PREFIX = 8;
const INCHIKEY = /^[A-Z]{14}-[A-Z]{10}-[A-Z]$/;
/** Of several things with one beginning so many are named. */
const MOST_NAMED = 5;

/**
 * Traces what a text names: something of the registry by its hash, id, unique beginning of either, `endpoint@version` or
 * `endpoint#sequence` of a release; a file by its content; else a compound, over every recorded result.
 * @param as  takes it for one thing only
 * @throws ERR_TRACE_UNKNOWN, ERR_TRACE_AMBIGUOUS, ERR_INPUT_*, ERR_REGISTRY_*, and what traceCompound throws
 */
export async function traceAnything(
  registry: Registry,
  text: string,
  options: { readonly as?: TraceKind; readonly signal?: AbortSignal } = {},
): Promise<Traced> {
  const { as, signal } = options;
  const looked: string[] = [];
  const may = (kind: TraceKind) => as === undefined || as === kind;
  if (may('record') && !INCHIKEY.test(text)) {
    const name = await findName(registry, text);
    if (name !== null) return await lineageOf(registry, name);
    looked.push(
      'no run, artifact, dataset, release, monitor, decision or other record is called so or begins so',
    );
  }
  if (may('file') && !INCHIKEY.test(text)) {
    const hash = await fileHash(text, as === 'file', signal);
    const [name] = hash === null ? [] : await namesLike(registry.database, hash, hash.length + 1, 1);
    if (name !== undefined) return await lineageOf(registry, name);
    if (hash !== null)
      looked.push(`the file of that name (SHA-256 ${hash}) went into no recorded run and came out of none`);
    else looked.push('no file is called so');
  }
  if (as === 'record' || as === 'file') throw unknown(text, looked);
  return await traceText(registry, { text, ...(as && { as }) }, looked, signal);
}

async function lineageOf({ database }: Registry, name: string): Promise<Traced> {
  return { kind: 'lineage', lineage: await traceLineage(database, name) };
}

async function traceText(
  { engine, workspace, database }: Registry,
  query: TraceQuery,
  looked: string[],
  signal: AbortSignal | undefined,
): Promise<Traced> {
  let results = 0;
  const runs = (readings: readonly TraceReading[]) =>
    runsNaming(database, workspace, readings, (count) => {
      results = count;
    });
  const compound = await traceCompound(engine, workspace, runs, query, { ...(signal && { signal }) });
  const { predictions, rejections, unread, readings, notTaken } = compound;
  if (predictions.length + rejections.length + unread.length > 0)
    return { kind: 'compound', compound, results };
  const taken = readings.map(({ how }) => how).join(', ');
  const where = results === 1 ? 'the one recorded result' : `the ${results} recorded results`;
  looked.push(`${where} hold no compound of that name (looked for ${taken})`, ...notTaken);
  throw unknown(query.text, looked);
}

function unknown(what: string, looked: readonly string[]): AssayerError {
  return new AssayerError('ERR_TRACE_UNKNOWN', { what, looked: looked.join('; ') });
}

async function findName({ database }: Registry, text: string): Promise<string | null> {
  const release = /^([^@#]+)#([1-9]\d*)$/.exec(text);
  const artifact = /^([^@#]+)@([^@#]+)$/.exec(text);
  const found = release
    ? await database.query<{ name: string }>(
        'select hash as name from assayer.releases where endpoint = $1 and sequence = $2 order by record',
        [release[1], Number(release[2])],
      )
    : artifact
      ? await database.query<{ name: string }>(
          `select hash as name from assayer.artifacts where endpoint = $1 and version = $2
           union select artifact from assayer.releases where endpoint = $1 and version = $2 and artifact is not null
           order by name`,
          [artifact[1], artifact[2]],
        )
      : [];
  const names =
    found.length > 0
      ? found.map(({ name }) => name)
      : await namesLike(database, text, LEAST_PREFIX, MOST_NAMED + 1);
  if (names.length <= 1) return names[0] ?? null;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const candidates = names.length > MOST_NAMED ? `${shown} and others` : shown;
  throw new AssayerError('ERR_TRACE_AMBIGUOUS', { what: text, candidates });
}

/** @returns null where no file of that name is there, unless one was asked for */
async function fileHash(
  path: string,
  isAsked: boolean,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return null;
    return await sha256File(path, signal);
  } catch (cause) {
    const code = systemCode(cause);
    // A SMILES may be no path at all: too long, or with a file where it has a folder.
    if (!isAsked && ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(code ?? ''))
      return null;
    throw inputError(path, cause);
  }
}
