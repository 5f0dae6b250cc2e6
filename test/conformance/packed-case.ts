import { readFileSync } from 'node:fs';
import type { Fraction } from '../../src/core/metric.ts';
import type { PackedRows, References } from '../../src/core/ops.ts';
import { seededRandom } from '../../src/core/random.ts';

/** How to make some rows of a case; popcount is a range, both ends included. */
type RowsRecipe =
  | { readonly make: 'random'; readonly count: number; readonly popcount: readonly [number, number] }
  /** For each popcount of the range `count` rows that hold the first bits. */
  | { readonly make: 'nested'; readonly count: number; readonly popcount: readonly [number, number] }
  | { readonly make: 'empty' | 'full'; readonly count: number }
  /** Of a reference, `flips` times with a bit turned over. */
  | { readonly make: 'near'; readonly of: number; readonly count: number; readonly flips: number }
  | { readonly make: 'copies'; readonly of: number; readonly count: number };

export interface PackedCase {
  readonly name: string;
  readonly bits: number;
  readonly rowBytes?: number;
  readonly seed: number;
  readonly references: readonly RowsRecipe[];
  readonly queries: readonly RowsRecipe[];
  readonly shuffle?: boolean;
  /** Every so many references one is deleted. */
  readonly tombstones?: number;
  readonly k?: readonly number[];
  readonly thresholds?: readonly (readonly [number, number])[];
}

/** A case with its rows made. */
export interface MadeCase {
  readonly name: string;
  readonly references: References;
  readonly queries: PackedRows;
  readonly k: readonly number[];
  readonly thresholds: readonly Fraction[];
}

const DEFAULT_K = [1, 3, 10, 1000];
const DEFAULT_THRESHOLDS = [
  [0, 1],
  [4, 10],
  [7, 10],
  [1, 1],
] as const;

/** The cases of test/conformance/cases/NAME.json. */
export function readCases(name: string): PackedCase[] {
  const url = new URL(`cases/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as PackedCase[];
}

export function makeCase(recipe: PackedCase): MadeCase {
  const { name, bits, seed } = recipe;
  const random = seededRandom(seed);
  const references = makeRows(recipe.references, [], bits, random);
  if (recipe.shuffle) shuffle(references, random);
  const queries = makeRows(recipe.queries, references, bits, random);
  const rowBytes = recipe.rowBytes ?? bits / 8;
  const shape = { bits, ...(recipe.rowBytes && { rowBytes }) };
  const every = recipe.tombstones;
  const tombstones = new Uint8Array(Math.ceil(references.length / 8));
  if (every) for (let i = 0; i < references.length; i += every) tombstones[i >> 3] |= 1 << (i & 7);
  return {
    name,
    references: { fingerprints: pack(references, rowBytes, random), ...shape, ...(every && { tombstones }) },
    queries: { fingerprints: pack(queries, rowBytes, random), ...shape },
    k: recipe.k ?? DEFAULT_K,
    thresholds: (recipe.thresholds ?? DEFAULT_THRESHOLDS).map(([numerator, denominator]) => ({
      numerator,
      denominator,
    })),
  };
}

function makeRows(
  recipes: readonly RowsRecipe[],
  references: readonly Uint8Array[],
  bits: number,
  random: () => number,
): Uint8Array[] {
  const rows: Uint8Array[] = [];
  const copyOf = (i: number) => (references[i] ?? rows[i]).slice();
  for (const recipe of recipes) {
    for (let i = 0; i < recipe.count; i++) {
      switch (recipe.make) {
        case 'random': {
          const [least, most] = recipe.popcount;
          rows.push(randomRow(bits, least + Math.floor(random() * (most - least + 1)), random));
          break;
        }
        case 'nested':
          for (let set = recipe.popcount[0]; set <= recipe.popcount[1]; set++)
            rows.push(firstBits(bits, set));
          break;
        case 'empty':
          rows.push(firstBits(bits, 0));
          break;
        case 'full':
          rows.push(firstBits(bits, bits));
          break;
        case 'copies':
          rows.push(copyOf(recipe.of));
          break;
        case 'near': {
          const row = copyOf(recipe.of);
          for (let flip = 0; flip < recipe.flips; flip++) toggle(row, Math.floor(random() * bits));
          rows.push(row);
          break;
        }
      }
    }
  }
  return rows;
}

function toggle(row: Uint8Array, bit: number): void {
  row[bit >> 3] ^= 1 << (bit & 7);
}

function firstBits(bits: number, set: number): Uint8Array {
  const row = new Uint8Array(bits / 8);
  for (let bit = 0; bit < set; bit++) toggle(row, bit);
  return row;
}

/** Low bits are common and high bits rare, as in real fingerprints. */
function randomRow(bits: number, set: number, random: () => number): Uint8Array {
  const free = Array.from({ length: bits }, (_, bit) => bit);
  const row = new Uint8Array(bits / 8);
  for (let i = 0; i < set; i++) toggle(row, free.splice(Math.floor(free.length * random() ** 2), 1)[0]);
  return row;
}

function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

/** Rows one after the other; bytes behind a fingerprint that nobody may read are noise. */
function pack(rows: readonly Uint8Array[], rowBytes: number, random: () => number): Uint8Array {
  const out = new Uint8Array(rows.length * rowBytes).map(() => random() * 256);
  for (const [i, row] of rows.entries()) out.set(row, i * rowBytes);
  return out;
}
