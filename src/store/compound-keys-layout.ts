import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { CompoundName } from '../core/trace.ts';
import type { Workspace } from './workspace.ts';

/**
 * A key file says in which rows of one result a compound stands:
 *
 *     page 0      header: JSON, padded with spaces | checksum
 *     page 1 ...  255 entries: key 8 | place 8     | checksum
 *
 * All pages are 4,096 bytes; integers are big-endian, so that the order of bytes is the order of keys. Entries are sorted
 * by key, then place; the last page is filled up with zeros. A checksum is the first 16 bytes of the SHA-256 over the
 * result's SHA-256, the page's number and its first 4,080 bytes: a page that was damaged, moved or taken from another key
 * file is told wherever it is read, and the file need not be read whole.
 */
export const PAGE_BYTES = 4096;
export const CHECKSUM_BYTES = 16;
export const KEY_BYTES = 8;
export const ENTRY_BYTES = 16;
export const PAGE_ENTRIES = (PAGE_BYTES - CHECKSUM_BYTES) / ENTRY_BYTES;
export const KEYS_SCHEMA = 'assayer.keys/1';

/** What stands in the first page. */
export interface KeysHeader {
  readonly schema: typeof KEYS_SCHEMA;
  /** SHA-256 of the result. */
  readonly result: string;
  readonly format: string;
  /** Rows of the result; each has an entry for its id, and one for its InChIKey where it has one. */
  readonly rows: number;
  readonly entries: number;
}

/** Path of the key file of a result. */
export function keysPath(workspace: Workspace, sha256: string): string {
  return join(resultsFolder(workspace), `${sha256}.keys`);
}

/** Where a workspace keeps what it knows of results. */
export function resultsFolder(workspace: Workspace): string {
  return join(workspace.path, 'results');
}

/**
 * The key of a compound's name: the first 8 bytes of the SHA-256 of its kind, a line feed and its text. Two names share a
 * key by chance about once in 2^64 pairs, and somebody may look for such a pair on purpose; either costs a look at one row
 * more, never a wrong answer, since whoever reads the row compares the name that stands in it.
 * @returns 8 bytes
 */
export function compoundKey({ kind, text }: CompoundName): Buffer {
  return hash('sha256', `${kind}\n${text}`, 'buffer').subarray(0, KEY_BYTES);
}

/** @param page  its first 4,080 bytes count @returns 16 bytes */
export function pageChecksum(result: string, number: number, page: Buffer): Buffer {
  const seed = Buffer.from(`${result}\n${number}\n`);
  const bytes = Buffer.concat([seed, page.subarray(0, PAGE_BYTES - CHECKSUM_BYTES)]);
  return hash('sha256', bytes, 'buffer').subarray(0, CHECKSUM_BYTES);
}
