import { artifactHash, type Manifest } from './artifact.ts';
import { contractHash } from './contract.ts';
import { identity } from './hash.ts';
import { type MonitorPolicy, monitorPolicyHash } from './monitor-policy.ts';
import { definitionHash, type RecordBodies } from './registry-records.ts';
import { policyHash, type ReleasePolicy } from './release-policy.ts';

/** A file that travels in a bundle, behind its index. */
export interface BundleFile {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What one registry tells another, by kind; none of it holds a compound, a label or raw data (docs/federation.md). */
export interface BundleContents {
  /** What an endpoint means, with its label standard: merging, missing values, assays. */
  definition: RecordBodies['definition'];
  contract: RecordBodies['contract'];
  policy: { readonly policy: MonitorPolicy };
  /** The bounds of a release gate. */
  'release-policy': { readonly policy: ReleasePolicy };
  /** What a dataset is and where it comes from, not its rows. */
  dataset: RecordBodies['dataset'];
  artifact: RecordBodies['artifact'] & { readonly manifest: Manifest };
}

export type BundleKind = keyof BundleContents;

export const BUNDLE_KINDS = [
  'definition',
  'contract',
  'policy',
  'release-policy',
  'dataset',
  'artifact',
] as const satisfies readonly BundleKind[];

/** One thing of a bundle. */
export type BundleEntry<K extends BundleKind = BundleKind> = {
  [P in K]: {
    readonly kind: P;
    /** What people call it: 'herg', 'herg@1'. */
    readonly name: string;
    /** Identity of what it is about. */
    readonly hash: string;
    readonly body: BundleContents[P];
    readonly files: readonly BundleFile[];
    /** SHA-256 over everything else of the entry, so that one that was edited is known by its name. */
    readonly seal: string;
  };
}[K];

export interface UnsignedBundle {
  readonly schema: 'assayer.bundle/1';
  readonly engine: string;
  readonly time: string;
  /** Fingerprint of the key that signed it, and the public key: SPKI in DER, as Base64. */
  readonly key: string;
  readonly publicKey: string;
  /** Where the sender's chain stood; null where it was empty. */
  readonly head: { readonly sequence: number; readonly hash: string } | null;
  readonly entries: readonly BundleEntry[];
}

/** The index of a bundle, signed with Ed25519 over the canonical JSON of everything but the signature. */
export interface Bundle extends UnsignedBundle {
  readonly signature: string;
}

/** The identity of a bundle. */
export function bundleHash(bundle: Bundle): string {
  return identity(bundle);
}

/** An entry with its seal. */
export function sealed<K extends BundleKind>(
  kind: K,
  name: string,
  hash: string,
  body: BundleContents[K],
  files: readonly BundleFile[] = [],
): BundleEntry {
  const open = { kind, name, hash, body, files };
  return { ...open, seal: identity(open) } as BundleEntry;
}

/** The seal that an entry should have. */
export function sealOf({ kind, name, hash, body, files }: BundleEntry): string {
  return identity({ kind, name, hash, body, files });
}

/**
 * The identity that an entry's content has; of a dataset, whose rows stay where they are, the one that it says.
 * @throws TypeError where the content is of another form
 */
export function contentHash(entry: BundleEntry): string {
  switch (entry.kind) {
    case 'definition':
      return definitionHash(entry.body.definition);
    case 'contract':
      return contractHash(entry.body.contract);
    case 'policy':
      return monitorPolicyHash(entry.body.policy);
    case 'release-policy':
      return policyHash(entry.body.policy);
    case 'dataset':
      return entry.hash;
    case 'artifact':
      return artifactHash(entry.body.manifest);
  }
}
