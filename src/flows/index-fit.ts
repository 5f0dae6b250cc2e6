import { contractDifference, contractHash } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import type { IndexContent } from '../store/index-manifest.ts';

/** Fingerprints that are to be compared: where they come from, and what they are. */
interface Fingerprints {
  readonly path: string;
  readonly content: IndexContent;
}

/**
 * Refuses queries whose similarity to the index would mean nothing: another length, another contract, or another type
 * where both are stated.
 * @throws ERR_FINGERPRINT_MISMATCH
 */
export function requireComparable(queries: Fingerprints, index: Fingerprints): void {
  const refuse = refusal(queries, index);
  const [mine, theirs] = [queries.content, index.content];
  if (mine.bits !== theirs.bits) throw refuse(`they have ${mine.bits} bits, the index ${theirs.bits}`);
  if (mine.contract && theirs.contract) {
    const [actual, expected] = [contractHash(mine.contract), contractHash(theirs.contract)];
    if (actual !== expected) {
      const difference = contractDifference(theirs.contract, mine.contract);
      throw refuse(
        `they are made under feature contract ${actual.slice(0, 12)}, the index under ${expected.slice(0, 12)} (${difference}); build the index again`,
      );
    }
  } else if (mine.contract && mine.type !== theirs.type) {
    throw refuse(
      `the index holds ${typeText(theirs.type)}, not fingerprints of this engine; give queries as fingerprints made in the same way`,
    );
  } else if (mine.type !== null && theirs.type !== null && mine.type !== theirs.type) {
    throw refuse(
      `they are ${mine.type}, the index holds ${theirs.type}; if they are the same, say so with --fingerprint-type`,
    );
  }
}

/**
 * Refuses rows that do not belong into an index: what is not stated to be the same is not taken as the same.
 * @throws ERR_FINGERPRINT_MISMATCH
 */
export function requireSame(rows: Fingerprints, index: Fingerprints): void {
  requireComparable(rows, index);
  const [mine, theirs] = [rows.content, index.content];
  if ((mine.contract === null) !== (theirs.contract === null)) {
    const [taken, given] = theirs.contract ? ['compounds', 'fingerprints'] : ['fingerprints', 'compounds'];
    throw refusal(rows, index)(`the index takes ${taken}, and these are ${given}`);
  }
  if (mine.type !== theirs.type) {
    throw refusal(
      rows,
      index,
    )(
      `they are ${typeText(mine.type)}, the index holds ${typeText(theirs.type)}; if they are the same, say so with --fingerprint-type`,
    );
  }
}

function typeText(type: string | null): string {
  return type ?? 'fingerprints of no stated type';
}

function refusal({ path }: Fingerprints, index: Fingerprints) {
  return (problem: string) =>
    new AssayerError('ERR_FINGERPRINT_MISMATCH', { path, index: index.path, problem });
}
