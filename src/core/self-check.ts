import type { Backend } from './backend.ts';
import { AssayerError } from './errors.ts';
import type { MmdInput, MmdResult } from './mmd.ts';
import type { Hits, Operations, References } from './ops.ts';
import type { Neighbors } from './ports.ts';
import { seededRandom } from './random.ts';

const BITS = 2048;
const REFERENCES = 300;
/** Enough for a device to take the paths of many queries; one query alone takes another. */
const QUERIES = 80;
const MMD_ROWS = 70;
/** Enough columns for estimates to be made at all. */
const PERMUTATIONS = 120;
const OBSERVED_TOLERANCE = 1e-12;
const PERMUTED_TOLERANCE = 1e-5;

/**
 * Compares a backend with an exact one on a small input before its answers are believed: a driver, a card or a library that
 * nobody tried may compute otherwise, and that must not show as a wrong number.
 * @throws ERR_BACKEND_WRONG with the first operation that differs; the backend is closed then
 */
export async function checkBackend(backend: Backend, exact: Pick<Backend, 'ops'>): Promise<Backend> {
  const problem = await firstDifference(backend.ops, exact.ops as Operations);
  if (problem === undefined) return backend;
  await backend.close?.();
  throw new AssayerError('ERR_BACKEND_WRONG', { backend: backend.name, problem });
}

async function firstDifference(ops: Backend['ops'], exact: Operations): Promise<string | undefined> {
  const references = { fingerprints: makeRows(REFERENCES, 1), bits: BITS };
  const queries = { fingerprints: makeRows(QUERIES, 2), bits: BITS };
  if (ops.search) {
    const found = await ask(ops.search, references, queries.fingerprints);
    const expected = await ask(exact.search, references, queries.fingerprints);
    for (const [i, answer] of expected.entries()) if (!same(answer, found[i])) return 'search';
  }
  if (ops.intersections) {
    const found = await ops.intersections(queries, references);
    if (!sameNumbers(found, await exact.intersections(queries, references))) return 'intersections';
  }
  if (ops.mmd) {
    const input: MmdInput = {
      samples: { fingerprints: makeRows(MMD_ROWS, 3), bits: BITS },
      labels: { observed: new Uint8Array(9).fill(0xff, 0, 4), permutations: PERMUTATIONS, seed: 4 },
      kernels: [{ kind: 'tanimoto' }, { kind: 'rbf-bits', bandwidth: 6 }],
    };
    if (!sameMmd(await ops.mmd(input), await exact.mmd(input))) return 'mmd';
  }
  return undefined;
}

async function ask(
  search: Operations['search'],
  references: References,
  queries: Uint8Array,
): Promise<(Neighbors | Hits)[]> {
  await using index = await search(references);
  return [
    await index.nearest(queries, 5),
    await index.nearest(queries.subarray(0, BITS / 8), 5),
    await index.within(queries, { numerator: 3, denominator: 10 }),
  ];
}

/** Rows of 20 to 60 bits, low bits more often, as in real fingerprints. */
function makeRows(count: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const rows = new Uint8Array((count * BITS) / 8);
  for (let row = 0; row < count; row++) {
    for (let left = 20 + Math.floor(random() * 41); left > 0; left--) {
      const bit = Math.floor(random() ** 3 * BITS);
      rows[(row * BITS) / 8 + (bit >> 3)] |= 1 << (bit & 7);
    }
  }
  return rows;
}

function same(expected: Neighbors | Hits, found: Neighbors | Hits): boolean {
  return (
    sameNumbers(found.indexes, expected.indexes) &&
    sameNumbers(found.intersections, expected.intersections) &&
    sameNumbers(found.unions, expected.unions) &&
    (!('offsets' in expected) || ('offsets' in found && sameNumbers(found.offsets, expected.offsets)))
  );
}

function sameMmd(found: MmdResult, expected: MmdResult): boolean {
  const columns = PERMUTATIONS + 1;
  return (
    sameNumbers(found.exceedances, expected.exceedances) &&
    found.values.length === expected.values.length &&
    found.values.every((value, i) => {
      const tolerance = i % columns === 0 ? OBSERVED_TOLERANCE : PERMUTED_TOLERANCE;
      return Math.abs(value - expected.values[i]) <= tolerance;
    })
  );
}

function sameNumbers(x: ArrayLike<number>, y: ArrayLike<number>): boolean {
  return x.length === y.length && Array.prototype.every.call(x, (value, i) => value === y[i]);
}
