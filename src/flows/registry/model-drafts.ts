import type { Manifest } from '../../core/artifact.ts';
import { contractHash } from '../../core/contract.ts';
import type { EndpointDefinition } from '../../core/endpoint.ts';
import { AssayerError } from '../../core/errors.ts';
import { identity } from '../../core/hash.ts';
import { definitionHash, type RegistryDraft, type SharedDefinition } from '../../core/registry-records.ts';
import { knownNames } from '../../registry/append-unknown.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { listModels, readManifest } from '../models.ts';

/** The rules of curation-merge.ts. */
const MERGING = {
  regression:
    'The median of the exact values of a compound where they lie within 0.5 on the modelled scale and break no bound by more; of bounds alone the tightest, where all point one way. Compounds that contradict themselves are left out.',
  classification:
    'The class of at least two thirds of the rows of a compound. Compounds that contradict themselves are left out.',
} as const satisfies Record<EndpointDefinition['kind'], string>;
const MISSING = 'Rows without a value are left out and counted.';

/**
 * Manifests of artifacts, looked for by their identity in a folder of models.
 * @returns those that are there; and why a folder could not be read
 */
export async function findManifests(
  modelsFolder: string,
  wanted: ReadonlySet<string>,
): Promise<{ manifests: Map<string, Manifest>; notes: string[] }> {
  const manifests = new Map<string, Manifest>();
  const notes: string[] = [];
  if (wanted.size === 0) return { manifests, notes };
  for (const entry of await listModels(modelsFolder)) {
    try {
      const manifest = await readManifest(entry);
      if (wanted.has(manifest.hash)) manifests.set(manifest.hash, manifest);
    } catch (cause) {
      if (!(cause instanceof AssayerError && cause.code === 'ERR_MODEL_CORRUPT')) throw cause;
      notes.push(cause.message);
    }
  }
  return { manifests, notes };
}

/** Those of the artifacts that the registry has no record of. */
export async function unknownArtifacts(sql: Sql, hashes: readonly string[]): Promise<Set<string>> {
  const known = await knownNames(sql, 'artifacts', 'hash', hashes);
  return new Set(hashes.filter((hash) => !known.has(hash)));
}

/**
 * Records of artifacts that the registry does not hold yet, what each names before it: definition, contract, dataset.
 * An artifact whose endpoint means something else than the registry's gets none, unless its release declared the variant:
 * two meanings under one name would be read as one.
 * @param variants  identities of endpoints that releases have declared as variants
 * @returns drafts; and in words which artifacts got none, and why
 */
export async function modelDrafts(
  sql: Sql,
  manifests: readonly Manifest[],
  variants: ReadonlySet<string>,
): Promise<{ drafts: RegistryDraft[]; notes: string[] }> {
  const drafts: RegistryDraft[] = [];
  const notes: string[] = [];
  const unknown = await unknownArtifacts(
    sql,
    manifests.map(({ hash }) => hash),
  );
  const contracts = manifests.map(({ contract }) => contractHash(contract));
  const seen = new Set([
    ...(await knownNames(sql, 'contracts', 'hash', contracts)),
    ...(await knownNames(
      sql,
      'datasets',
      'hash',
      manifests.map(({ dataset }) => dataset.hash),
    )),
  ]);
  const definitions = new Map<string, Standing[]>();
  for (const manifest of manifests) {
    if (!unknown.delete(manifest.hash)) continue;
    const { endpoint, dataset, contract } = manifest;
    const standing = definitions.get(endpoint.id) ?? (await standingOf(sql, endpoint.id));
    definitions.set(endpoint.id, standing);
    let definition = standing.find((one) => sameMeaning(one.endpoint, endpoint))?.hash;
    if (definition === undefined && standing.length > 0 && !variants.has(identity(endpoint))) {
      notes.push(
        `Artifact ${endpoint.id}@${manifest.version} (${manifest.hash.slice(0, 12)}) is not recorded: it means another thing by ${endpoint.id} than the registry does. Declare the variant in the policy of its release.`,
      );
      continue;
    }
    if (definition === undefined) {
      const made = definitionDraft(endpoint, standing.length > 0);
      drafts.push(made.draft);
      definition = made.hash;
      standing.push({ endpoint, hash: definition });
    }
    const contractName = contractHash(contract);
    if (isNew(seen, contractName)) {
      drafts.push({ kind: 'contract', subject: contractName, team: null, body: { contract } });
    }
    if (isNew(seen, dataset.hash)) {
      const { source, licence, files, counts } = dataset;
      const body = { endpoint: endpoint.id, definition, source, licence, rows: counts.kept, files };
      drafts.push({ kind: 'dataset', subject: dataset.hash, team: null, body });
    }
    const body = {
      endpoint: endpoint.id,
      version: manifest.version,
      contract: contractName,
      dataset: dataset.hash,
      trainer: manifest.trainer.name,
    };
    drafts.push({ kind: 'artifact', subject: manifest.hash, team: null, body });
  }
  return { drafts, notes };
}

interface Standing {
  readonly endpoint: EndpointDefinition;
  readonly hash: string;
}

async function standingOf(sql: Sql, endpoint: string): Promise<Standing[]> {
  const records = await recordsOf(sql, 'definition', endpoint);
  return records.map(({ body: { definition } }) => ({
    endpoint: definition.endpoint,
    hash: definitionHash(definition),
  }));
}

/** Title and direction are for reading; all else decides what a number means. */
function sameMeaning(left: EndpointDefinition, right: EndpointDefinition): boolean {
  const meaning = (endpoint: EndpointDefinition) => identity({ ...endpoint, title: '', direction: '' });
  return meaning(left) === meaning(right);
}

/** The assay of labels under a definition goes by the endpoint's name, that of a variant by the variant's. */
function definitionDraft(
  endpoint: EndpointDefinition,
  isVariant: boolean,
): { draft: RegistryDraft; hash: string } {
  const definition: SharedDefinition = { endpoint, merging: MERGING[endpoint.kind], missing: MISSING };
  const variant = isVariant ? identity(endpoint).slice(0, 12) : null;
  const body = { definition, variant, assays: [variant ?? endpoint.id] };
  const draft = { kind: 'definition', subject: endpoint.id, team: null, body } as const;
  return { draft, hash: definitionHash(definition) };
}

function isNew(seen: Set<string>, name: string): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  return true;
}
