import { FINGERPRINT_BYTES, levelBit, MORGAN_BITS } from '../core/fingerprint.ts';
import type { MoleculeGraph } from './graph.ts';

export const MORGAN_RADIUS = 2;

/** Isotope mass less standard atomic weight, cut toward zero: part of an atom's invariant (see Toolkit). */
export type MassDifference = (element: number, isotope: number) => number;

/**
 * Morgan identifiers: one for every atom, and one for every distinct environment (set of bonds) of radius 1 and 2.
 * Where environments are the same set of bonds, the smallest identifier stands for them all; a set met at a smaller
 * radius is not counted again. Equal to RDKit's with its default options.
 * @returns uint32, with repeats, in no order. A view that the next call overwrites.
 * @source Rogers and Hahn 2010, doi:10.1021/ci100050t; the hash and the tie rules are RDKit's
 */
export function morganIdentifiers(graph: MoleculeGraph, massDifference: MassDifference): Uint32Array {
  const { atomCount: n, first, neighbour, incident, bondOrder } = graph;
  const words = (graph.bondCount + 31) >>> 5;
  reserve(n, words);
  let count = 0;
  for (let i = 0; i < n; i++) {
    current[i] = atomInvariant(graph, i, massDifference);
    identifiers[count++] = current[i];
    dead[i] = 0;
  }
  environments.fill(0, 0, n * words);
  table.fill(0);

  for (let layer = 0; layer < MORGAN_RADIUS; layer++) {
    const before = layer * n * words;
    const here = before + n * words;
    environments.copyWithin(here, before, before + n * words);
    for (let i = 0; i < n; i++) {
      next[i] = 0;
      const degree = first[i + 1] - first[i];
      if (degree === 0 || dead[i]) continue;
      for (let k = first[i]; k < first[i + 1]; k++) {
        const other = neighbour[k];
        environments[here + i * words + (incident[k] >>> 5)] |= 1 << (incident[k] & 31);
        for (let w = 0; w < words; w++)
          environments[here + i * words + w] |= environments[before + other * words + w];
        // Sorted by bond type, then by the neighbour's identifier: both fit one exact double.
        const key = bondOrder[incident[k]] * 2 ** 32 + current[other];
        let at = k - first[i];
        for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
      }
      let hash = combine(layer, current[i]);
      for (let k = 0; k < degree; k++) {
        const type = Math.floor(keys[k] / 2 ** 32);
        hash = combine(hash, combine(combine(0, type), keys[k] % 2 ** 32));
      }
      next[i] = hash;
      count = admit(i, here / words, words, count);
    }
    [current, next] = [next, current];
  }
  return identifiers.subarray(0, count);
}

/**
 * The packed fingerprint, layout in core/fingerprint.ts: Morgan bits, and a level bit for every count from 2 up.
 * @param out uint8 [384], zero before; owned by the caller
 */
export function packFingerprint(graph: MoleculeGraph, massDifference: MassDifference, out: Uint8Array): void {
  if (out.length !== FINGERPRINT_BYTES) throw new RangeError(`a fingerprint has ${FINGERPRINT_BYTES} bytes`);
  const ids = morganIdentifiers(graph, massDifference);
  for (const id of ids) {
    const bucket = id % MORGAN_BITS;
    const level = ++buckets[bucket];
    const bit = level === 1 ? bucket : levelBit(bucket, level);
    out[bit >>> 3] |= 1 << (bit & 7);
  }
  for (const id of ids) buckets[id % MORGAN_BITS] = 0;
}

/** Connectivity invariant: element, degree, hydrogens, charge, isotope, ring membership. */
function atomInvariant(graph: MoleculeGraph, i: number, massDifference: MassDifference): number {
  const { element, hydrogens, charge, isotope, first, neighbour, inRing } = graph;
  let allHydrogens = hydrogens[i];
  for (let k = first[i]; k < first[i + 1]; k++) if (element[neighbour[k]] === 1) allHydrogens++;
  let hash = combine(0, element[i]);
  hash = combine(hash, first[i + 1] - first[i] + hydrogens[i]);
  hash = combine(hash, allHydrogens);
  hash = combine(hash, charge[i]);
  hash = combine(hash, isotope[i] ? massDifference(element[i], isotope[i]) : 0);
  return inRing[i] ? combine(hash, 1) : hash;
}

/** One step of the 32-bit hash of boost 1.55, which RDKit keeps so that its identifiers last. */
function combine(seed: number, value: number): number {
  return (seed ^ (value + 0x9e3779b9 + (seed << 6) + (seed >>> 2))) >>> 0;
}

// Scratch of this thread, grown as needed: no allocation for each molecule.
let current = new Uint32Array(0);
let next = new Uint32Array(0);
let dead = new Uint8Array(0);
let identifiers = new Uint32Array(0);
/** Bit sets over the bonds: row (layer x atoms + atom), `words` words each; layer 0 is empty sets. */
let environments = new Int32Array(0);
/** Open addressing over the sets met: row number (0 = free; row 0 is never stored). */
let table = new Uint32Array(8);
/** For each row stored in the table: where its identifier stands in `identifiers`. */
let positions = new Uint32Array(0);
/** Sort keys of one atom's neighbours: as many as there may be bonds to one atom. */
let keys = new Float64Array(0);
const buckets = new Uint16Array(MORGAN_BITS);

function reserve(atoms: number, words: number): void {
  const rows = atoms * (MORGAN_RADIUS + 1);
  if (current.length < atoms) {
    current = new Uint32Array(2 * atoms);
    next = new Uint32Array(2 * atoms);
    dead = new Uint8Array(2 * atoms);
    keys = new Float64Array(2 * atoms);
    identifiers = new Uint32Array(2 * rows);
    positions = new Uint32Array(2 * rows);
  }
  if (environments.length < rows * words) environments = new Int32Array(2 * rows * words);
  if (table.length < 4 * rows) table = new Uint32Array(2 ** Math.ceil(Math.log2(4 * rows)));
}

/**
 * Takes atom i's new environment into the result unless the same set of bonds is there already.
 * @returns the count of identifiers after it
 */
function admit(i: number, base: number, words: number, count: number): number {
  const row = base + i;
  const start = row * words;
  let hash = 0;
  for (let w = 0; w < words; w++)
    hash = Math.imul(hash ^ environments[start + w], 0x9e3779b1) ^ (hash >>> 15);
  const mask = table.length - 1;
  let slot = (hash ^ (hash >>> 16)) & mask;
  for (; table[slot] !== 0; slot = (slot + 1) & mask) {
    const other = table[slot];
    if (!sameRow(start, other * words, words)) continue;
    const at = positions[other];
    const sameLayer = other >= base;
    if (sameLayer && next[i] < identifiers[at]) {
      dead[other - base] = 1;
      identifiers[at] = next[i];
      table[slot] = row;
      positions[row] = at;
    } else {
      dead[i] = 1;
    }
    return count;
  }
  table[slot] = row;
  positions[row] = count;
  identifiers[count] = next[i];
  return count + 1;
}

function sameRow(a: number, b: number, words: number): boolean {
  for (let w = 0; w < words; w++) if (environments[a + w] !== environments[b + w]) return false;
  return true;
}
