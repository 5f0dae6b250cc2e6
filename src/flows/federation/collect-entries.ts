import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleEntry, type BundleFile, sealed } from '../../core/bundle.ts';
import { AssayerError } from '../../core/errors.ts';
import { sha256, sha256File } from '../../core/hash.ts';
import { definitionHash, type RegistryRecord } from '../../core/registry-records.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { ARTIFACT_FILES } from '../../store/artifact-folder.ts';
import { listModels, type ModelEntry, readCard, readManifest, readModel } from '../models.ts';

export interface CollectRequest {
  /** Endpoints whose releases go along; empty for all. */
  readonly endpoints: readonly string[];
  /** Only releases of this team; null for all. */
  readonly team: string | null;
  /**
   * Model and reference file too, so that the other side can screen with them. The reference holds InChIKeys and measured
   * values of the training compounds, and the model may hold their fingerprints: without this neither leaves.
   */
  readonly withModels: boolean;
  readonly modelsFolder: string;
}

/** What goes into a bundle: its entries, and where each file of theirs lies, by hash. */
export interface Collected {
  readonly entries: readonly BundleEntry[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * What a registry shares: every definition with its label standard, the contracts, monitor policies and gate policies, and
 * the artifacts that are released now with what they were made from.
 * @throws ERR_MODEL_NOT_FOUND where the files of a released artifact are not in the models folder, ERR_MODEL_CORRUPT
 */
export async function collectEntries(sql: Sql, request: CollectRequest): Promise<Collected> {
  const entries: BundleEntry[] = [];
  const sources = new Map<string, string>();
  const released = await releasedNow(sql, request);
  const definitions = await recordsOf(sql, 'definition');
  for (const { subject, body } of definitions) {
    const name = body.variant === null ? subject : `${subject}, variant ${body.variant}`;
    entries.push(sealed('definition', name, definitionHash(body.definition), body));
  }
  for (const { subject, body } of await recordsOf(sql, 'contract')) {
    entries.push(sealed('contract', subject.slice(0, 12), subject, body));
  }
  for (const { subject, body } of await recordsOf(sql, 'policy')) {
    entries.push(sealed('policy', body.policy.name, subject, body));
  }
  const gates = new Map(
    released.map(({ body }) => [body.release.policy.hash, body.release.policy.content] as const),
  );
  for (const [hash, policy] of gates) entries.push(sealed('release-policy', policy.name, hash, { policy }));
  const wanted = new Set(released.map(({ body }) => body.release.artifact));
  const artifacts = (await recordsOf(sql, 'artifact')).filter(({ subject }) => wanted.has(subject));
  const datasets = new Set(artifacts.map(({ body }) => body.dataset));
  for (const { subject, body } of await recordsOf(sql, 'dataset')) {
    if (!datasets.has(subject)) continue;
    entries.push(sealed('dataset', `${subject.slice(0, 12)} of ${body.endpoint}`, subject, body));
  }
  const folders = await listModels(request.modelsFolder);
  for (const { subject, body } of artifacts) {
    const name = `${body.endpoint}@${body.version}`;
    const entry = await findArtifact(folders, name, subject, request.modelsFolder);
    const manifest = await readManifest(entry);
    const files = await filesOf(entry, request.withModels);
    for (const { name: file, sha256: hash } of files) sources.set(hash, join(entry.folder, file));
    entries.push(sealed('artifact', name, subject, { ...body, manifest }, files));
  }
  return { entries, sources };
}

/** The last release of each endpoint, as far as it is asked for. */
async function releasedNow(
  sql: Sql,
  { endpoints, team }: CollectRequest,
): Promise<RegistryRecord<'release'>[]> {
  const last = new Map<string, RegistryRecord<'release'>>();
  for (const record of await recordsOf(sql, 'release')) {
    if (record.body.release.outcome === 'released') last.set(record.subject, record);
  }
  const missing = endpoints.find((endpoint) => !last.has(endpoint));
  if (missing !== undefined) {
    const known = [...last.keys()].join(', ') || 'nothing';
    throw new AssayerError('ERR_USAGE', {
      problem: `Nothing of ${missing} is released here; released is ${known}. See assayer release list.`,
    });
  }
  return [...last.values()].filter(
    (record) =>
      (endpoints.length === 0 || endpoints.includes(record.subject)) &&
      (team === null || record.team === team),
  );
}

async function findArtifact(
  folders: readonly ModelEntry[],
  name: string,
  hash: string,
  folder: string,
): Promise<ModelEntry> {
  const found = folders.find((entry) => `${entry.endpoint}@${entry.version}` === name);
  const there = found && (await readManifest(found));
  if (found && there?.hash === hash) return found;
  throw new AssayerError('ERR_MODEL_NOT_FOUND', {
    model: `${name} (artifact ${hash.slice(0, 12)}), which is released,`,
    folder,
    known: there ? `${name} as another artifact, ${there.hash.slice(0, 12)}` : 'no such model',
  });
}

async function filesOf(entry: ModelEntry, withModels: boolean): Promise<BundleFile[]> {
  const manifest = await readManifest(entry);
  const card = await readCard(entry, manifest);
  const files: BundleFile[] = [
    { name: ARTIFACT_FILES.card, sha256: sha256(card), sizeBytes: Buffer.byteLength(card) },
  ];
  if (!withModels) return files;
  await readModel(entry);
  for (const name of [ARTIFACT_FILES.model, ARTIFACT_FILES.reference]) {
    const path = join(entry.folder, name);
    files.push({ name, sha256: await sha256File(path), sizeBytes: (await stat(path)).size });
  }
  return files;
}

/** The bytes of a file of a bundle, if they still are what was collected. @throws ERR_BLOB_CORRUPT */
export async function readCollected(sources: Collected['sources'], hash: string): Promise<Uint8Array> {
  const path = sources.get(hash) as string;
  const bytes = await readFile(path);
  const actual = sha256(bytes);
  if (actual !== hash) throw new AssayerError('ERR_BLOB_CORRUPT', { path, expected: hash, actual });
  return bytes;
}
