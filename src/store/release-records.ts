import { link, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import {
  type CurrentRelease,
  currentRelease,
  type ReleaseDecision,
  type ReleaseRecord,
  type ReleaseState,
  releaseHash,
} from '../core/release.ts';
import { systemCode, workspaceError } from './file-error.ts';
import { syncFolder } from './hashed-file.ts';
import { removeNow, textOf } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { lockStateFile, replaceStateFile, writeSynced } from './state-file.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/**
 * Releases of a workspace:
 *
 *     releases/<endpoint>/<sequence>.json   one immutable record each, chained by hash
 *     releases.json                         what each endpoint answers with; follows from the records
 *
 * The record decides. A process killed after its record has its name and before releases.json follows has released: the
 * next one that takes the lock brings releases.json up to the records.
 */
export const RELEASES_FILE = 'releases.json';

/** Steps of a release after which a crash may come, in order; tests end the process at each. */
export const RELEASE_STEPS = [
  'locked',
  'record-written',
  'record-named',
  'state-written',
  'state-named',
] as const;
export type ReleaseStep = (typeof RELEASE_STEPS)[number];

/**
 * The records of an endpoint in their order, each checked against its hash and its place in the chain, and the chain
 * against the release that releases.json knows of.
 * @returns empty where there are none
 * @throws ERR_RELEASE_CORRUPT, ERR_WORKSPACE
 */
export async function readReleaseRecords(workspace: Workspace, endpoint: string): Promise<ReleaseRecord[]> {
  // Before the records: a release that comes in between has its record first, so the state never knows more than they.
  const told = (await readReleaseState(workspace))?.endpoints[endpoint];
  const folder = folderOf(workspace, endpoint);
  const names = await namesIn(workspace, folder);
  const sequences = names
    .flatMap((name) => /^([1-9]\d*)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const records: ReleaseRecord[] = [];
  for (const [i, sequence] of sequences.entries()) {
    const path = join(folder, `${sequence}.json`);
    const corrupt = (problem: string, cause?: unknown) =>
      new AssayerError('ERR_RELEASE_CORRUPT', { endpoint, problem, path }, { cause });
    if (sequence !== i + 1) throw corrupt(`record ${i + 1} is missing`);
    let record: ReleaseRecord;
    try {
      record = JSON.parse(await readFile(path, 'utf8')) as ReleaseRecord;
    } catch (cause) {
      throw corrupt(describeCause(cause), cause);
    }
    if (record?.schema !== 'assayer.release/1') throw corrupt('it is no release record');
    if (releaseHash(record) !== record.hash) throw corrupt(`record ${sequence} was changed`);
    if (record.endpoint !== endpoint || record.sequence !== sequence)
      throw corrupt(`it is record ${record.sequence} of ${record.endpoint}`);
    if (record.previous !== (records.at(-1)?.hash ?? null))
      throw corrupt(`record ${sequence} does not follow record ${i}`);
    records.push(record);
  }
  if (told && records[told.sequence - 1]?.hash !== told.record) {
    const problem = `${RELEASES_FILE} names record ${told.sequence}, which is missing or another one`;
    throw new AssayerError('ERR_RELEASE_CORRUPT', { endpoint, problem, path: folder });
  }
  return records;
}

/**
 * Endpoints that have records, or must have some since releases.json knows of a release; sorted.
 * @throws ERR_RELEASE_CORRUPT, ERR_WORKSPACE
 */
export async function releasedEndpoints(workspace: Workspace): Promise<string[]> {
  const known = Object.keys((await readReleaseState(workspace))?.endpoints ?? {});
  const found = await namesIn(workspace, join(workspace.path, 'releases'));
  return [...new Set([...found, ...known])].sort();
}

/**
 * What releases.json says; null where there is none.
 * @throws ERR_RELEASE_CORRUPT
 */
export async function readReleaseState(workspace: Workspace): Promise<ReleaseState | null> {
  const path = join(workspace.path, RELEASES_FILE);
  const text = await textOf(path);
  if (text === null) return null;
  let problem = 'it is no state of releases';
  let cause: unknown;
  try {
    const state = JSON.parse(text) as ReleaseState;
    if (state?.schema === 'assayer.releases/1' && isObject(state.endpoints)) return state;
  } catch (error) {
    problem = describeCause(error);
    cause = error;
  }
  throw new AssayerError('ERR_RELEASE_CORRUPT', { endpoint: 'all endpoints', problem, path }, { cause });
}

/**
 * Adds a decision to the chain of its endpoint, under the workspace's lock, and brings releases.json up to it where it
 * released something. Every file is on the disk before it gets its name, so a crash leaves the old state or the new.
 * @param expected  the current release when the checks were made; with another one the decision is out of date
 * @param onStep    called after each step
 * @throws ERR_RELEASE_CONFLICT, ERR_RELEASE_CORRUPT, ERR_OUTPUT_BUSY, ERR_WORKSPACE
 */
export async function appendRelease(
  workspace: Workspace,
  decision: ReleaseDecision,
  expected: CurrentRelease | null,
  onStep: (step: ReleaseStep) => void = () => undefined,
): Promise<ReleaseRecord> {
  const { endpoint } = decision;
  try {
    await using _ = await lockStateFile(join(workspace.path, RELEASES_FILE));
    onStep('locked');
    await makeFolder(folderOf(workspace, endpoint));
    const records = await readReleaseRecords(workspace, endpoint);
    const current = currentRelease(records);
    if (current?.record !== expected?.record) throw outOfDate(workspace, endpoint, current);
    const unsigned = { ...decision, sequence: records.length + 1, previous: records.at(-1)?.hash ?? null };
    const record: ReleaseRecord = { ...unsigned, hash: releaseHash(unsigned) };
    const path = join(folderOf(workspace, endpoint), `${record.sequence}.json`);
    await writeNew(workspace, path, record, () => onStep('record-written'));
    onStep('record-named');
    if (record.outcome === 'released') await writeState(workspace, onStep);
    return record;
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}

/** A decision that was made beside another release than the current one; what it was compared with may be gone. */
function outOfDate(workspace: Workspace, endpoint: string, current: CurrentRelease | null): AssayerError {
  if (current) {
    const { version, approver } = current;
    return new AssayerError('ERR_RELEASE_CONFLICT', { endpoint, version, approver: approver.name });
  }
  const problem = 'the release that this one was compared with has no record any more';
  return new AssayerError('ERR_RELEASE_CORRUPT', { endpoint, problem, path: folderOf(workspace, endpoint) });
}

/**
 * Brings releases.json up to the records, where a release was cut off between the two.
 * @throws ERR_RELEASE_CORRUPT, ERR_OUTPUT_BUSY, ERR_WORKSPACE
 */
export async function repairReleaseState(workspace: Workspace): Promise<void> {
  const behind = async () =>
    JSON.stringify(await readReleaseState(workspace)) !== JSON.stringify(await stateOfRecords(workspace));
  if (!(await behind())) return;
  try {
    await using _ = await lockStateFile(join(workspace.path, RELEASES_FILE));
    if (await behind()) await writeState(workspace, () => undefined);
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}

/** @throws ERR_RELEASE_CORRUPT also where releases.json knows of a release that has no record any more */
async function stateOfRecords(workspace: Workspace): Promise<ReleaseState | null> {
  const endpoints: Record<string, CurrentRelease> = {};
  for (const endpoint of await releasedEndpoints(workspace)) {
    const current = currentRelease(await readReleaseRecords(workspace, endpoint));
    if (current) endpoints[endpoint] = current;
  }
  return Object.keys(endpoints).length > 0 ? { schema: 'assayer.releases/1', endpoints } : null;
}

async function writeState(workspace: Workspace, onStep: (step: ReleaseStep) => void): Promise<void> {
  const path = join(workspace.path, RELEASES_FILE);
  const text = `${JSON.stringify(await stateOfRecords(workspace), null, 2)}\n`;
  await replaceStateFile(workspace, path, text, () => onStep('state-written'));
  onStep('state-named');
}

/** Gives a file its name without ever taking another's: a link to an existing name fails. */
async function writeNew(
  workspace: Workspace,
  path: string,
  value: unknown,
  onWritten: () => void,
): Promise<void> {
  const temporary = temporaryPath(workspace.tmp, 'release');
  try {
    await writeSynced(temporary, `${JSON.stringify(value, null, 2)}\n`);
    onWritten();
    await link(temporary, path);
    await syncFolder(dirname(path));
  } finally {
    await removeNow(temporary);
  }
}

function folderOf(workspace: Workspace, endpoint: string): string {
  return join(workspace.path, 'releases', endpoint);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

async function namesIn(workspace: Workspace, folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw workspaceError(workspace.path, cause);
  }
}
