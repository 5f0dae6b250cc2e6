import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { FixedSizeBinary, makeData, Uint16 } from 'apache-arrow';
import { popcounts } from '../core/fingerprint.ts';
import { recordBatch, textData } from './arrow-columns.ts';
import { startArrowFile } from './arrow-file.ts';
import { throwIfCancelled } from './file-error.ts';
import type { IndexRows } from './fingerprint-rows.ts';
import { HashedFile } from './hashed-file.ts';
import type { IndexFile } from './index-manifest.ts';
import { BATCH_ROWS, BATCH_TEXT_BYTES, segmentSchema } from './index-segment-layout.ts';
import { release } from './leftovers.ts';
import { temporaryPath } from './workspace.ts';

/**
 * Writes rows as a segment `<folder>/<sha256>.arrow`. Its bytes do not depend on how the rows are cut into batches.
 * @param rows  sorted by set bits
 * @throws a file system error as it came; ERR_CANCELLED
 */
export async function writeSegment(
  folder: string,
  rowBytes: number,
  rows: AsyncIterable<IndexRows> | Iterable<IndexRows>,
  signal?: AbortSignal,
): Promise<IndexFile> {
  const schema = segmentSchema(rowBytes);
  return await writeIndexFile(folder, async (sink) => {
    const file = await startArrowFile(schema, sink);
    const pending = new PendingBatch(rowBytes);
    let total = 0;
    const flush = async () => {
      const { count, ids, inchikeys, smiles, fingerprints } = pending.take();
      if (count === 0) return;
      throwIfCancelled(signal);
      const numbers = { length: count, nullCount: 0 };
      const columns = [
        ...[ids, inchikeys, smiles].map(textData),
        makeData({ type: new Uint16(), ...numbers, data: popcounts(fingerprints, rowBytes) }),
        makeData({ type: new FixedSizeBinary(rowBytes), ...numbers, data: fingerprints }),
      ];
      await file.write(recordBatch(schema, count, columns));
      total += count;
    };
    for await (const piece of rows) {
      for (let i = 0; i < piece.count; i++) if (pending.add(piece, i)) await flush();
    }
    await flush();
    await file.end();
    return total;
  });
}

/** Writes a file of an index, which ends as `<folder>/<sha256>.arrow`. @param write  writes it, and says its rows */
export async function writeIndexFile(
  folder: string,
  write: (sink: HashedFile) => Promise<number>,
): Promise<IndexFile> {
  const temporary = temporaryPath(folder, 'partial');
  await using file = await HashedFile.create(temporary);
  const rows = await write(file);
  const { sha256, sizeBytes } = await file.close();
  await rename(temporary, join(folder, `${sha256}.arrow`));
  file.keep();
  release(temporary);
  return { sha256, sizeBytes, rows };
}

/** Rows until they fill a record batch. */
class PendingBatch {
  readonly #rowBytes: number;
  #fingerprints: Uint8Array;
  #ids: string[] = [];
  #inchikeys: string[] = [];
  #smiles: string[] = [];
  #textBytes = 0;

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes;
    this.#fingerprints = new Uint8Array(1024 * rowBytes);
  }

  /** Copies a row. @returns whether the batch is full */
  add(rows: IndexRows, row: number): boolean {
    const at = this.#ids.length * this.#rowBytes;
    if (at === this.#fingerprints.length) {
      const larger = new Uint8Array(at * 2);
      larger.set(this.#fingerprints);
      this.#fingerprints = larger;
    }
    const from = row * this.#rowBytes;
    this.#fingerprints.set(rows.fingerprints.subarray(from, from + this.#rowBytes), at);
    this.#ids.push(rows.ids[row]);
    this.#inchikeys.push(rows.inchikeys[row]);
    this.#smiles.push(rows.smiles[row]);
    // No text is longer in bytes than three times its UTF-16 length.
    this.#textBytes += 3 * (rows.ids[row].length + rows.smiles[row].length);
    return this.#ids.length === BATCH_ROWS || this.#textBytes >= BATCH_TEXT_BYTES;
  }

  take(): IndexRows {
    const count = this.#ids.length;
    const rows = {
      count,
      ids: this.#ids,
      inchikeys: this.#inchikeys,
      smiles: this.#smiles,
      fingerprints: this.#fingerprints.slice(0, count * this.#rowBytes),
    };
    this.#ids = [];
    this.#inchikeys = [];
    this.#smiles = [];
    this.#textBytes = 0;
    return rows;
  }
}
