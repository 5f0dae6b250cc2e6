import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactHash, type Manifest } from '../core/artifact.ts';
import { contractDifference, contractHash, type FeatureContract } from '../core/contract.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { sha256 } from '../core/hash.ts';
import { ARTIFACT_FILES } from '../store/artifact-folder.ts';
import { decodeReference, type Reference } from '../store/reference.ts';
import { fingerprintsTrainedOn } from './training-fingerprints.ts';

/** A model artifact whose files were read and found to match their hashes. */
export interface ModelArtifact {
  readonly manifest: Manifest;
  /** Bytes of the ONNX graph. */
  readonly model: Uint8Array;
  readonly reference: Reference;
  /** Fingerprints of the training compounds, uint8 [n, 384]; row i belongs to row i of the reference. */
  readonly fingerprints: Uint8Array;
}

/** Where an artifact lies: `<models>/<endpoint>/<version>/`. */
export interface ModelEntry {
  readonly endpoint: string;
  readonly version: string;
  readonly folder: string;
}

/** Every artifact folder below a models folder, by endpoint, then by version number ascending. */
export async function listModels(modelsFolder: string): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = [];
  for (const endpoint of await foldersIn(modelsFolder)) {
    for (const version of await foldersIn(join(modelsFolder, endpoint))) {
      entries.push({ endpoint, version, folder: join(modelsFolder, endpoint, version) });
    }
  }
  return entries.sort(
    (a, b) =>
      (a.endpoint < b.endpoint ? -1 : a.endpoint > b.endpoint ? 1 : 0) ||
      Number(a.version) - Number(b.version),
  );
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name);
  } catch (cause) {
    // A folder that is not there, or a file in its place, holds no models; the caller says so.
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return [];
    throw cause;
  }
}

/**
 * Chooses artifacts by name.
 * @param names `endpoint` (its newest version) or `endpoint@version`; empty takes the newest of every endpoint
 * @throws ERR_MODEL_NOT_FOUND, ERR_USAGE where an endpoint is named twice
 */
export async function selectModels(modelsFolder: string, names: readonly string[]): Promise<ModelEntry[]> {
  const entries = await listModels(modelsFolder);
  const known = entries.map((entry) => `${entry.endpoint}@${entry.version}`).join(', ') || 'none';
  const wanted = names.length ? names : [...new Set(entries.map((entry) => entry.endpoint))];
  if (wanted.length === 0) {
    throw new AssayerError('ERR_MODEL_NOT_FOUND', { model: 'of any endpoint', folder: modelsFolder, known });
  }
  const chosen = wanted.map((name) => {
    const [endpoint, version] = name.split('@');
    const found = entries.findLast(
      (entry) => entry.endpoint === endpoint && (version === undefined || entry.version === version),
    );
    if (!found) throw new AssayerError('ERR_MODEL_NOT_FOUND', { model: name, folder: modelsFolder, known });
    return found;
  });
  const endpoints = chosen.map((entry) => entry.endpoint);
  const twice = endpoints.find((endpoint, i) => endpoints.indexOf(endpoint) !== i);
  if (twice === undefined) return chosen;
  // Their columns would have the same names.
  throw new AssayerError('ERR_USAGE', {
    problem: `Endpoint ${twice} is named twice. Choose one version of it.`,
  });
}

/**
 * Reads a manifest and checks that it is whole and unchanged.
 * @throws ERR_MODEL_CORRUPT
 */
export async function readManifest(entry: ModelEntry): Promise<Manifest> {
  const path = join(entry.folder, ARTIFACT_FILES.manifest);
  let manifest: Manifest;
  try {
    manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  } catch (cause) {
    throw corrupt(entry, path, describeCause(cause), cause);
  }
  if (manifest?.schema !== 'assayer.model/1') throw corrupt(entry, path, 'it is no manifest of a model');
  const actual = artifactHash(manifest);
  if (actual !== manifest.hash) throw corrupt(entry, path, `the manifest was changed (hash ${actual})`);
  const name = `${manifest.endpoint.id}@${manifest.version}`;
  if (name !== `${entry.endpoint}@${entry.version}`) {
    throw corrupt(entry, path, `the folder holds ${name}`);
  }
  return manifest;
}

/**
 * Reads an artifact whole and verifies every file against its hash.
 * @throws ERR_MODEL_CORRUPT
 */
export async function readModel(entry: ModelEntry): Promise<ModelArtifact> {
  const manifest = await readManifest(entry);
  const verified = async (name: string) => {
    const path = join(entry.folder, name);
    const bytes = await readFile(path).catch((cause) => {
      throw corrupt(entry, path, describeCause(cause), cause);
    });
    const hash = sha256(bytes);
    if (hash !== manifest.files[name]) throw corrupt(entry, path, `${name} has hash ${hash}`);
    return bytes;
  };
  const [model, referenceBytes] = await Promise.all([
    verified(ARTIFACT_FILES.model),
    verified(ARTIFACT_FILES.reference),
  ]);
  const reference = decoded(entry, ARTIFACT_FILES.reference, () => decodeReference(referenceBytes));
  const holder = reference.fingerprints ? ARTIFACT_FILES.reference : ARTIFACT_FILES.model;
  const fingerprints = decoded(entry, holder, () => fingerprintsTrainedOn(manifest, model, reference));
  const rows = fingerprints.length / FINGERPRINT_BYTES;
  if (rows !== reference.inchikeys.length) {
    const problem = `it holds ${reference.inchikeys.length} compounds, the model was trained on ${rows}`;
    throw corrupt(entry, join(entry.folder, ARTIFACT_FILES.reference), problem);
  }
  return { manifest, model, reference, fingerprints };
}

/**
 * The card of an artifact, which no hash covers: it must name the artifact it was written for.
 * @throws ERR_MODEL_CORRUPT
 */
export async function readCard(entry: ModelEntry, manifest: Manifest): Promise<string> {
  const path = join(entry.folder, ARTIFACT_FILES.card);
  const card = await readFile(path, 'utf8').catch((cause) => {
    throw corrupt(entry, path, describeCause(cause), cause);
  });
  if (card.includes(manifest.hash)) return card;
  throw corrupt(entry, path, `${ARTIFACT_FILES.card} is that of another artifact`);
}

/** Runs a decoder; what it throws is a damaged file. */
function decoded<T>(entry: ModelEntry, name: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw corrupt(entry, join(entry.folder, name), `${name}: ${describeCause(cause)}`, cause);
  }
}

/**
 * Refuses a model made for other features than this engine makes.
 * @throws ERR_CONTRACT_MISMATCH
 */
export function requireContract(manifest: Manifest, contract: FeatureContract): void {
  const expected = contractHash(manifest.contract);
  const actual = contractHash(contract);
  if (expected === actual) return;
  throw new AssayerError('ERR_CONTRACT_MISMATCH', {
    model: `${manifest.endpoint.id}@${manifest.version}`,
    expected: expected.slice(0, 12),
    actual: actual.slice(0, 12),
    difference: contractDifference(manifest.contract, contract),
  });
}

function corrupt(entry: ModelEntry, path: string, problem: string, cause?: unknown): AssayerError {
  const details = { model: `${entry.endpoint}@${entry.version}`, path, problem };
  return new AssayerError('ERR_MODEL_CORRUPT', details, { cause });
}
