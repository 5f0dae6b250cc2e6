import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { featureContract } from '../src/chemistry/contract.ts';
import { parseGraph } from '../src/chemistry/graph.ts';
import { LIMITS } from '../src/chemistry/limits.ts';
import { packFingerprint } from '../src/chemistry/morgan.ts';
import { readSmiles } from '../src/chemistry/read-smiles.ts';
import { Toolkit } from '../src/chemistry/toolkit.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../src/core/fingerprint.ts';
import { canonicalJson, sha256 } from '../src/core/hash.ts';
import { seededRandom } from '../src/core/random.ts';

/** References to search in and queries that are not among them, uint8 [n, 256]. */
export interface SearchSet {
  readonly references: Uint8Array;
  readonly queries: Uint8Array;
  /** How they were made, and from what. */
  readonly input: Readonly<Record<string, string | number>>;
}

/** Share of its parent's bits that an analogue keeps, drawn evenly for each. */
const KEPT = { least: 0.7, most: 0.95 };

/**
 * References at the size asked for, from the fingerprints of the library. Queries are drawn first and taken out; the
 * rest of the library follows as it is; analogues fill up. An analogue keeps 70 to 95 % of the bits of a compound drawn
 * from the library, and takes as many as it lost from another one drawn: the numbers of set bits, and how often each bit
 * is set, stay those of real compounds, and queries find neighbours from far to near.
 */
export async function makeSearchSet(shared: string, size: number, queryCount: number): Promise<SearchSet> {
  const library = await featurizeLibrary(shared);
  const count = library.length / MORGAN_BYTES;
  const random = seededRandom(12345);
  const draw = (n: number) => Math.floor(random() * n);
  const rowOf = (rows: Uint8Array, row: number) =>
    rows.subarray(row * MORGAN_BYTES, (row + 1) * MORGAN_BYTES);

  const held = new Set<number>();
  while (held.size < queryCount) held.add(draw(count));
  const queries = Buffer.concat([...held].map((row) => rowOf(library, row)));

  const references = new Uint8Array(size * MORGAN_BYTES);
  let made = 0;
  for (let row = 0; row < count && made < size; row++) {
    if (!held.has(row)) references.set(rowOf(library, row), made++ * MORGAN_BYTES);
  }
  const real = made;
  for (; made < size; made++) {
    const parent = setBits(rowOf(references, draw(real)));
    const donor = setBits(rowOf(references, draw(real)));
    const keep = KEPT.least + (KEPT.most - KEPT.least) * random();
    const kept = parent.filter(() => random() < keep);
    const taken = Array.from({ length: parent.length - kept.length }, () => donor[draw(donor.length)]);
    const out = rowOf(references, made);
    for (const bit of [...kept, ...taken]) out[bit >> 3] |= 1 << (bit & 7);
  }
  const input = {
    references: size,
    fromLibrary: real,
    analogues: size - real,
    queries: queryCount,
    bits: MORGAN_BYTES * 8,
    recipe: `${queryCount} queries held out of the library; an analogue keeps 70 to 95 % of a library compound's bits and takes as many as it lost from another one`,
    referencesSha256: sha256(references),
    queriesSha256: sha256(queries),
  };
  return { references, queries, input };
}

function setBits(row: Uint8Array): number[] {
  const bits: number[] = [];
  for (const [k, byte] of row.entries()) {
    for (let left = byte; left; left &= left - 1) bits.push(k * 8 + 31 - Math.clz32(left & -left));
  }
  return bits;
}

/**
 * Morgan bits of the library's compounds as their SMILES stand, in its order; without the ones that RDKit refuses.
 * Kept among temporary files, for it takes a minute.
 */
async function featurizeLibrary(shared: string): Promise<Uint8Array> {
  const bytes = readFileSync(join(shared, 'data/raw/library/library-220k.csv.gz'));
  const key = sha256(sha256(bytes) + canonicalJson(featureContract()));
  const path = join(tmpdir(), `assayer-bench-${key.slice(0, 16)}.fp`);
  if (existsSync(path)) return readFileSync(path);
  console.error('making the fingerprints of the library');
  const lines = gunzipSync(bytes).toString().trimEnd().split('\n').slice(1);
  const toolkit = await Toolkit.load();
  const library = new Uint8Array(lines.length * MORGAN_BYTES);
  const out = new Uint8Array(FINGERPRINT_BYTES);
  let made = 0;
  for (const line of lines) {
    const smiles = readSmiles(line.slice(0, line.lastIndexOf(',')), LIMITS);
    const mol = typeof smiles === 'string' ? toolkit.rdkit.get_mol(smiles) : null;
    if (!mol) continue;
    packFingerprint(parseGraph(mol.get_json()), toolkit.massDifference, out.fill(0));
    library.set(out.subarray(0, MORGAN_BYTES), made++ * MORGAN_BYTES);
    mol.delete();
  }
  writeFileSync(`${path}.${process.pid}`, library.subarray(0, made * MORGAN_BYTES));
  renameSync(`${path}.${process.pid}`, path);
  return library.subarray(0, made * MORGAN_BYTES);
}
