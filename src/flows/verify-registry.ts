import { join } from 'node:path';
import { describeCause } from '../core/errors.ts';
import type { SignedHead } from '../core/registry-records.ts';
import { compareProjections, type TableDifference } from '../registry/compare-projections.ts';
import { type AnchorProblem, compareWithAnchors } from '../registry/heads.ts';
import { openKeys } from '../registry/keys.ts';
import { recordsOf } from '../registry/read-records.ts';
import { type ChainReport, verifyChain } from '../registry/verify-chain.ts';
import type { Registry } from './registry/open-registry.ts';

/** What a check of a whole registry found. */
export interface RegistryReport {
  /** True where nothing was found. */
  readonly isWhole: boolean;
  readonly chain: ChainReport;
  /** Tables that are not what the records say; empty where they are. */
  readonly tables: readonly TableDifference[];
  /** Why tables could not be compared; null where they were. */
  readonly tablesProblem: string | null;
  /** Heads that the chain does not bear out: those given, and those recorded in it. */
  readonly heads: readonly AnchorProblem[];
  /** How many heads were compared, and how many of the chain's own were not, by a key that is not trusted here. */
  readonly headsCompared: number;
  readonly headsUntrusted: number;
}

/**
 * Checks a registry: each record's hash, place and predecessor; every other table against the records; heads that were
 * signed, those of the chain and those kept elsewhere.
 * @param anchors  kept where nobody who can write the database can write; empty for none
 * @throws ERR_KEY_UNKNOWN, ERR_SIGNATURE where an anchor itself cannot be relied on; ERR_KEY, ERR_REGISTRY_*
 */
export async function verifyRegistry(
  { database, workspace }: Pick<Registry, 'database' | 'workspace'>,
  anchors: readonly SignedHead[] = [],
): Promise<RegistryReport> {
  const keys = await openKeys(join(workspace.path, 'keys'));
  const chain = await verifyChain(database);
  // Of an altered chain the heads in it say nothing more.
  const recorded =
    chain.problems.length > 0 ? [] : (await recordsOf(database, 'head')).map(({ body }) => body.head);
  const trusted = recorded.filter(({ key }) => keys.trusted.has(key));
  const heads = await compareWithAnchors(database, keys, [...anchors, ...trusted]);
  let tables: readonly TableDifference[] = [];
  let tablesProblem: string | null = null;
  try {
    tables = await compareProjections(database);
  } catch (cause) {
    // Records that were altered may be no records any more that tables can be made of.
    if (chain.problems.length === 0) throw cause;
    tablesProblem = describeCause(cause);
  }
  return {
    isWhole: chain.problems.length + heads.length + tables.length === 0 && tablesProblem === null,
    chain,
    tables,
    tablesProblem,
    heads,
    headsCompared: anchors.length + trusted.length,
    headsUntrusted: recorded.length - trusted.length,
  };
}
