import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTable } from '../../src/store/compound-table.ts';
import type { TableColumn } from '../../src/store/table-columns.ts';
import { createTableWriter } from '../../src/store/table-writer.ts';
import { freshPath, spoolFolder } from './store-fixtures.ts';

const ROWS = 300_000;
const LONG = 'x'.repeat(1400);
const COLUMNS: TableColumn[] = ['id', 'smiles'].map((name) => ({ name, type: 'string', nullable: false }));
/** Well below the 420 MB of ids: were they kept, on the way in or out, it would be passed. */
const BOUND_BYTES = 200e6;

async function* rows(): AsyncGenerator<string> {
  yield 'id,smiles\n';
  for (let i = 0; i < ROWS; i += 1000) {
    yield Array.from({ length: 1000 }, (_, k) => `${LONG}${i + k},${'C'.repeat(1 + (k % 20))}O\n`).join('');
  }
}

describe('memory', () => {
  const source = freshPath('big.csv.gz');
  beforeAll(() => pipeline(Readable.from(rows()), createGzip({ level: 1 }), createWriteStream(source)));

  it.each(['csv.gz', 'jsonl', 'arrow', 'parquet'])(
    'does not grow with the rows read from csv.gz and written to %s',
    async (ending) => {
      await using table = await openTable(source, { spoolFolder });
      await using writer = await createTableWriter(freshPath(`big.${ending}`), COLUMNS, { metadata: {} });
      const { heapUsed, external } = process.memoryUsage();
      let most = 0;
      let count = 0;
      for await (const { ids, inputs } of table.batches(1000)) {
        await writer.write({ id: ids, smiles: inputs }, ids.length);
        count += ids.length;
        const now = process.memoryUsage();
        most = Math.max(most, now.heapUsed + now.external - heapUsed - external);
      }
      await writer.finish();
      expect(count).toBe(ROWS);
      expect(most).toBeLessThan(BOUND_BYTES);
    },
  );
});
