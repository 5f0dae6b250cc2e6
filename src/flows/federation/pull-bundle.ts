import { type Bundle, type BundleEntry, bundleHash } from '../../core/bundle.ts';
import { AssayerError } from '../../core/errors.ts';
import type { RegistryDraft } from '../../core/registry-records.ts';
import { appendRecords } from '../../registry/append.ts';
import type { Keys } from '../../registry/keys.ts';
import { lastOf } from '../../registry/read-records.ts';
import type { Registry } from '../registry/open-registry.ts';
import { readBundle } from './bundle-file.ts';
import { type Comparison, type Conflict, compareBundle } from './compare-bundle.ts';
import { placeFiles } from './place-files.ts';
import { requireSound } from './require-sound.ts';
import { readStanding } from './standing.ts';

export interface PullRequest {
  readonly path: string;
  /** Fingerprint of a key that is trusted for this bundle; null for those of the workspace alone. */
  readonly trust: string | null;
  /** Name under which other meanings of endpoints are declared; null for none. */
  readonly variant: string | null;
  /** Take what is in no conflict. */
  readonly skipConflicts: boolean;
  /** Where whole artifacts are put. */
  readonly modelsFolder: string;
}

export interface PullSummary extends Comparison {
  readonly bundle: Bundle;
  readonly hash: string;
  /** Files that were written. */
  readonly written: readonly string[];
}

/**
 * Takes a bundle in: all of it is checked before anything is recorded, what is new is recorded in one transaction, and only
 * then are its files put in place. Pulling again changes nothing, and completes files that a crash left out.
 * @throws ERR_BUNDLE_CONFLICT naming each conflict; what readBundle and requireSound throw
 */
export async function pullBundle(
  registry: Pick<Registry, 'engine' | 'workspace' | 'database'>,
  keys: Keys,
  request: PullRequest,
  signal?: AbortSignal,
): Promise<PullSummary> {
  const { engine, database, workspace } = registry;
  const { path, trust, variant, skipConflicts, modelsFolder } = request;
  const { bundle, files } = await readBundle(path, keys, trust);
  for (const entry of bundle.entries) requireSound(path, entry, files);
  const hash = bundleHash(bundle);
  const take = () =>
    database.transaction(async (sql) => {
      // Appending takes the chain's lock, so that of two pulls at once the later compares with what the earlier recorded.
      await sql.query('select sequence from assayer.chain_head for update');
      const standing = await readStanding(sql, modelsFolder);
      const now = new Date(engine.clock.now()).toISOString();
      const compared = compareBundle(bundle.entries, standing, { variant, now });
      if (compared.conflicts.length > 0 && !skipConflicts) throw conflicting(path, compared.conflicts);
      const isKnown = (await lastOf(sql, 'bundle', hash)) !== null;
      if (compared.drafts.length > 0 || !isKnown) {
        await appendRecords(sql, [...compared.drafts, pulled(hash, bundle, compared)], engine.clock);
      }
      return compared;
    });
  const compared = await take().catch((cause: unknown) => {
    // Nobody knows whether it was recorded: what was is present now.
    if (cause instanceof AssayerError && cause.code === 'ERR_REGISTRY_LOST') return take();
    throw cause;
  });
  const recorded: BundleEntry[] = [...compared.taken, ...compared.present];
  const withFiles = [...recorded.filter(({ kind }) => kind === 'artifact'), ...compared.kept];
  const written = await placeFiles(withFiles, files, { workspace, modelsFolder }, signal);
  return { ...compared, bundle, hash, written };
}

function pulled(hash: string, bundle: Bundle, { taken, conflicts }: Comparison): RegistryDraft {
  return {
    kind: 'bundle',
    subject: hash,
    team: null,
    body: {
      direction: 'pulled',
      peer: bundle.key,
      records: taken.map((entry) => entry.hash),
      conflicts: conflicts.map(({ kind, name, inWords }) => ({ kind, subject: name, problem: inWords })),
    },
  };
}

function conflicting(path: string, conflicts: readonly Conflict[]): AssayerError {
  const told = conflicts.map(({ kind, name, inWords }, i) => `(${i + 1}) ${kind} ${name}: ${inWords}`);
  return new AssayerError('ERR_BUNDLE_CONFLICT', { path, conflicts: told.join('; ') });
}
