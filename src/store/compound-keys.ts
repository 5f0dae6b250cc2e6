import { type FileHandle, open } from 'node:fs/promises';
import { AssayerError } from '../core/errors.ts';
import type { CompoundName } from '../core/trace.ts';
import {
  CHECKSUM_BYTES,
  compoundKey,
  ENTRY_BYTES,
  KEY_BYTES,
  KEYS_SCHEMA,
  type KeysHeader,
  keysPath,
  PAGE_BYTES,
  PAGE_ENTRIES,
  pageChecksum,
} from './compound-keys-layout.ts';
import { systemCode, workspaceError } from './file-error.ts';
import type { Workspace } from './workspace.ts';

/** The open key file of one result; layout in compound-keys-layout.ts. */
export class CompoundKeys implements AsyncDisposable {
  readonly header: KeysHeader;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #pages: number;

  private constructor(path: string, handle: FileHandle, header: KeysHeader) {
    this.header = header;
    this.#path = path;
    this.#handle = handle;
    this.#pages = Math.ceil(header.entries / PAGE_ENTRIES);
  }

  /**
   * Opens the key file of a result.
   * @param sha256  of the result
   * @returns null where there is none
   * @throws ERR_BLOB_CORRUPT where its header or its length is not what was written, ERR_WORKSPACE
   */
  static async open(workspace: Workspace, sha256: string): Promise<CompoundKeys | null> {
    const path = keysPath(workspace, sha256);
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return null;
      throw workspaceError(path, cause);
    }
    try {
      const page = await readPage(handle, path, sha256, 0);
      const header = JSON.parse(page.toString('utf8', 0, PAGE_BYTES - CHECKSUM_BYTES)) as KeysHeader;
      const corrupt = (expected: string, actual: string) =>
        new AssayerError('ERR_BLOB_CORRUPT', { path, expected, actual });
      if (header.schema !== KEYS_SCHEMA) throw corrupt(KEYS_SCHEMA, header.schema);
      const keys = new CompoundKeys(path, handle, header);
      const sizeBytes = (1 + keys.#pages) * PAGE_BYTES;
      const { size } = await handle.stat();
      if (size !== sizeBytes) throw corrupt(`over ${sizeBytes} bytes`, `${size} bytes`);
      return keys;
    } catch (cause) {
      await handle.close();
      throw workspaceError(path, cause);
    }
  }

  /**
   * Where rows may stand that name this compound so; a row must be compared before it is believed (`compoundKey`).
   * Reads about five pages of a file of 10^6 rows, and those that hold the answer.
   * @returns places as result-rows.ts takes them, ascending
   * @throws ERR_BLOB_CORRUPT naming the file where a page that was read is damaged, ERR_WORKSPACE
   */
  find(name: CompoundName): Promise<number[]> {
    return this.placesOf(compoundKey(name));
  }

  /** The same by key, 8 bytes. */
  async placesOf(key: Buffer): Promise<number[]> {
    const places: number[] = [];
    for (let number = await this.#firstPage(key); number < this.#pages; number++) {
      const page = await this.#page(number);
      const count = this.#entriesOf(number);
      for (let i = 0; i < count; i++) {
        const order = compareKey(page, i, key);
        if (order > 0) return places;
        if (order === 0) places.push(Number(page.readBigUInt64BE(i * ENTRY_BYTES + KEY_BYTES)));
      }
    }
    return places;
  }

  /**
   * The first page whose last key is not below the key. Keys are evenly spread as a rule, so a page is guessed from the
   * keys around it; every second guess halves instead, so that keys that are not (one compound in most rows) cost no
   * more than twice a binary search.
   */
  async #firstPage(key: Buffer): Promise<number> {
    const wanted = asNumber(key, 0);
    let low = 0;
    let high = this.#pages;
    let lowKey = 0;
    let highKey = 2 ** 64;
    for (let halve = false; low < high; halve = !halve) {
      const share = halve || highKey <= lowKey ? 0.5 : (wanted - lowKey) / (highKey - lowKey);
      const guess = Math.min(high - 1, low + Math.floor(share * (high - low)));
      const page = await this.#page(guess);
      const last = this.#entriesOf(guess) - 1;
      if (compareKey(page, last, key) < 0) {
        low = guess + 1;
        lowKey = asNumber(page, last * ENTRY_BYTES);
      } else if (compareKey(page, 0, key) < 0) {
        return guess;
      } else {
        high = guess;
        highKey = asNumber(page, 0);
      }
    }
    return low;
  }

  #entriesOf(page: number): number {
    return Math.min(PAGE_ENTRIES, this.header.entries - page * PAGE_ENTRIES);
  }

  #page(number: number): Promise<Buffer> {
    return readPage(this.#handle, this.#path, this.header.result, number + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/** @throws ERR_BLOB_CORRUPT where the page is not what was written, or is not there whole */
async function readPage(handle: FileHandle, path: string, result: string, number: number): Promise<Buffer> {
  const page = Buffer.alloc(PAGE_BYTES);
  const { bytesRead } = await handle.read(page, 0, PAGE_BYTES, number * PAGE_BYTES).catch((cause) => {
    throw workspaceError(path, cause);
  });
  const expected = page.toString('hex', PAGE_BYTES - CHECKSUM_BYTES);
  const actual = pageChecksum(result, number, page).toString('hex');
  if (bytesRead === PAGE_BYTES && actual === expected) return page;
  throw new AssayerError('ERR_BLOB_CORRUPT', { path, expected, actual });
}

function compareKey(page: Buffer, entry: number, key: Buffer): number {
  const start = entry * ENTRY_BYTES;
  return page.compare(key, 0, KEY_BYTES, start, start + KEY_BYTES);
}

/** A key as a number, near enough to guess by. */
function asNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
