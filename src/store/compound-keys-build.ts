import { rename } from 'node:fs/promises';
import type { StoredResult } from '../core/trace.ts';
import {
  CHECKSUM_BYTES,
  compoundKey,
  ENTRY_BYTES,
  KEYS_SCHEMA,
  type KeysHeader,
  keysPath,
  PAGE_BYTES,
  PAGE_ENTRIES,
  pageChecksum,
  resultsFolder,
} from './compound-keys-layout.ts';
import { KeyEntries } from './compound-keys-sort.ts';
import { throwIfCancelled, workspaceError } from './file-error.ts';
import { HashedFile, syncFolder } from './hashed-file.ts';
import { release } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';
import { readRecorded } from './result-rows-recorded.ts';
import { scanResultRows } from './result-rows-scan.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/** Pages that go to the disk at once. */
const PAGES_AT_ONCE = 256;

/**
 * Makes the key file of a result, `<workspace>/results/<sha256>.keys`, in place of one that may stand there. The result is
 * hashed, and read in a stream; its rows' texts are not held, its entries are (compound-keys-sort.ts). Best called
 * when the result was just written: its path may be relative, and its bytes are in the page cache.
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_INPUT_CORRUPT where the result is not the file that was recorded,
 *   ERR_INPUT_COLUMN_NOT_FOUND, ERR_OUT_OF_MEMORY, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function buildCompoundKeys(
  workspace: Workspace,
  result: StoredResult,
  signal?: AbortSignal,
): Promise<KeysHeader> {
  const entries = new KeyEntries();
  let rows = 0;
  await readRecorded(workspace, result, signal, async (path) => {
    for await (const { ids, inchikeys, places } of scanResultRows(workspace, { ...result, path }, signal)) {
      throwIfCancelled(signal);
      rows += ids.length;
      for (let i = 0; i < ids.length; i++) {
        entries.add(compoundKey({ kind: 'id', text: ids[i] }), places[i]);
        // What was rejected has none, and '' would be a compound that all such rows share.
        const inchikey = inchikeys[i];
        if (inchikey) entries.add(compoundKey({ kind: 'inchikey', text: inchikey }), places[i]);
      }
    }
  });
  const { sha256, format } = result;
  const header = { schema: KEYS_SCHEMA, result: sha256, format, rows, entries: entries.count } as const;
  await writeCompoundKeys(workspace, header, entries);
  return header;
}

/** Writes a key file as a whole or not at all. @param entries  as many as the header says @throws ERR_WORKSPACE */
export async function writeCompoundKeys(
  workspace: Workspace,
  header: KeysHeader,
  entries: KeyEntries,
): Promise<void> {
  const path = keysPath(workspace, header.result);
  try {
    await makeFolder(resultsFolder(workspace));
    const temporary = temporaryPath(workspace.tmp, 'keys');
    await using file = await HashedFile.create(temporary);
    const head = Buffer.alloc(PAGE_BYTES, ' ');
    head.write(JSON.stringify(header));
    await file.write(sealed(head, header.result, 0));
    const write = entries.sorted();
    const pages = Math.ceil(entries.count / PAGE_ENTRIES);
    for (let first = 0; first < pages; first += PAGES_AT_ONCE) {
      const piece = Buffer.alloc(Math.min(PAGES_AT_ONCE, pages - first) * PAGE_BYTES);
      for (let at = 0; at < piece.length; at += PAGE_BYTES) {
        const number = first + at / PAGE_BYTES;
        const end = Math.min(entries.count, (number + 1) * PAGE_ENTRIES);
        for (let i = number * PAGE_ENTRIES; i < end; i++) {
          write(i, piece, at + (i - number * PAGE_ENTRIES) * ENTRY_BYTES);
        }
        sealed(piece.subarray(at, at + PAGE_BYTES), header.result, number + 1);
      }
      await file.write(piece);
    }
    await file.close();
    await rename(temporary, path);
    file.keep();
    release(temporary);
    await syncFolder(resultsFolder(workspace));
  } catch (cause) {
    throw workspaceError(path, cause);
  }
}

/** The page with its checksum set. */
function sealed(page: Buffer, result: string, number: number): Buffer {
  pageChecksum(result, number, page).copy(page, PAGE_BYTES - CHECKSUM_BYTES);
  return page;
}
