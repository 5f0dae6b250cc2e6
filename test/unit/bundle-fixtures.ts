import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { Manifest } from '../../src/core/artifact.ts';
import {
  definitionHash,
  type RegistryDraft,
  type SharedDefinition,
} from '../../src/core/registry-records.ts';
import { type ReleaseRecord, releaseHash } from '../../src/core/release.ts';
import { DEFAULT_RELEASE_POLICY, policyHash } from '../../src/core/release-policy.ts';
import { readManifest } from '../../src/flows/models.ts';
import { fingerprint, type Keys } from '../../src/registry/keys.ts';

export const shippedModels = new URL('../../models', import.meta.url).pathname;

/** Keys of a workspace that trusts nobody else. */
export function newKeys(): Keys {
  const { privateKey: own } = generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(own);
  return { own, trusted: new Map([[fingerprint(publicKey), publicKey]]) };
}

export const keyOf = ({ own }: Keys): string => fingerprint(createPublicKey(own));

export function manifestOf(endpoint: string, modelsFolder = shippedModels): Promise<Manifest> {
  return readManifest({ endpoint, version: '1', folder: join(modelsFolder, endpoint, '1') });
}

export function sharedOf({ endpoint }: Manifest): SharedDefinition {
  return { endpoint, merging: 'median of a compound', missing: 'dropped' };
}

export function releaseOf(manifest: Manifest, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  const { hash: _, ...unsigned } = {
    schema: 'assayer.release/1' as const,
    endpoint: manifest.endpoint.id,
    version: manifest.version,
    outcome: 'released' as const,
    artifact: manifest.hash,
    contract: manifest.contractHash,
    engine: { contract: manifest.contractHash, environment: {} },
    evaluation: { ...manifest.evaluation, source: 'shared split' },
    policy: { hash: policyHash(DEFAULT_RELEASE_POLICY), content: DEFAULT_RELEASE_POLICY },
    checks: [],
    waivers: [],
    approver: { name: 'Ada', mail: 'ada@example.org' },
    replaces: null,
    time: '2026-11-20T09:00:00.000Z',
    sequence: 1,
    previous: null,
    ...changes,
    hash: '',
  };
  return { ...unsigned, hash: releaseHash(unsigned) };
}

/** The records that a release of a shipped model stands on. */
export function releasedDrafts(manifest: Manifest, definition = sharedOf(manifest)): RegistryDraft[] {
  const { dataset, contract, contractHash, endpoint } = manifest;
  const team = null;
  return [
    {
      kind: 'definition',
      subject: endpoint.id,
      team,
      body: { definition, variant: null, assays: [`${endpoint.id}-assay`] },
    },
    { kind: 'contract', subject: contractHash, team, body: { contract } },
    {
      kind: 'dataset',
      subject: dataset.hash,
      team,
      body: {
        endpoint: endpoint.id,
        definition: definitionHash(definition),
        source: dataset.source,
        licence: dataset.licence,
        rows: dataset.counts.kept,
        files: dataset.files,
      },
    },
    {
      kind: 'artifact',
      subject: manifest.hash,
      team,
      body: {
        endpoint: endpoint.id,
        version: manifest.version,
        contract: contractHash,
        dataset: dataset.hash,
        trainer: manifest.trainer.name,
      },
    },
    { kind: 'release', subject: endpoint.id, team, body: { release: releaseOf(manifest) } },
  ];
}
