import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/core/random.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { appendToIndex, buildIndex } from '../../src/flows/index-build.ts';
import { findNeighbors, type NeighborsRequest } from '../../src/flows/neighbors.ts';
import { createEngine } from '../../src/main.ts';

/** One thread, and one search thread. */
export const engine: Engine = createEngine({ threads: 1, devices: ['cpu'] });

export interface Row {
  readonly id: string;
  readonly hex: string;
}

/** Fingerprints of so many bits, from a few set bits to many, among them equal ones. */
export function randomRows(count: number, bits: number, prefix = 'r', seed = 1): Row[] {
  const random = seededRandom(seed);
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.alloc(Math.ceil(bits / 8));
    const share = 0.02 + 0.3 * random();
    for (let bit = 0; bit < bits; bit++) if (random() < share) bytes[bit >> 3] |= 1 << (bit & 7);
    const copied = i % 9 === 8 ? rows[i - 3].hex : bytes.toString('hex');
    rows.push({ id: `${prefix}${i}`, hex: copied });
  }
  return rows;
}

/** Writes an FPS file and gives its path. */
export function writeFpsFile(path: string, rows: readonly Row[], bits: number, type = 'test/1'): string {
  const lines = rows.map(({ id, hex }) => `${hex}\t${id}\n`);
  writeFileSync(path, `#FPS1\n#num_bits=${bits}\n#type=${type}\n${lines.join('')}`);
  return path;
}

/** Builds `<folder>/<name>.index` of rows. */
export async function buildFrom(folder: string, name: string, rows: readonly Row[], bits: number) {
  const path = writeFpsFile(join(folder, `${name}.fps`), rows, bits);
  const index = join(folder, `${name}.index`);
  const change = await buildIndex(engine, { index, input: { path, workspace: join(folder, 'ws') } });
  return { index, change };
}

export async function appendFrom(folder: string, index: string, rows: readonly Row[], bits: number) {
  const path = writeFpsFile(join(folder, 'append.fps'), rows, bits);
  return await appendToIndex(engine, { index, input: { path, workspace: join(folder, 'ws') } });
}

/** The table of neighbours of the index's own rows, as text. */
export async function selfTable(folder: string, index: string, change: Partial<NeighborsRequest> = {}) {
  const output = join(folder, 'self.csv');
  const question = { kind: 'nearest', k: 5 } as const;
  await findNeighbors(engine, { index, queries: { kind: 'self' }, question, ...change, output });
  return readFileSync(output, 'utf8');
}

/** Tanimoto of two fingerprints, bit by bit. */
export function tanimoto(a: string, b: string): number {
  const [x, y] = [Buffer.from(a, 'hex'), Buffer.from(b, 'hex')];
  let [shared, either] = [0, 0];
  for (let bit = 0; bit < x.length * 8; bit++) {
    const [p, q] = [x, y].map((bytes) => (bytes[bit >> 3] >> (bit & 7)) & 1);
    shared += p & q;
    either += p | q;
  }
  return either === 0 ? 1 : shared / either;
}
