import { AssayerError } from './errors.ts';
import {
  type Fraction,
  MAX_BINS,
  MAX_BITS,
  MAX_THRESHOLD_DENOMINATOR,
  type Metric,
  similarityBin,
} from './metric.ts';
import { NO_NEIGHBOR, type PackedRows, type References } from './ops.ts';
import type { Neighbors } from './ports.ts';

/** What packed rows come to once checked. */
export interface RowShape {
  readonly count: number;
  readonly bits: number;
  /** Bytes of a row that are compared. */
  readonly bytes: number;
  readonly rowBytes: number;
}

function refuse(problem: string): never {
  throw new AssayerError('ERR_USAGE', { problem });
}

/** Checks the length of packed rows. @throws ERR_USAGE */
export function checkRows({ fingerprints, bits, rowBytes = bits / 8 }: PackedRows): RowShape {
  if (!(bits >= 256 && bits <= MAX_BITS && bits % 256 === 0)) {
    refuse(`Fingerprints of ${bits} bits cannot be searched. Use a multiple of 256 from 256 to ${MAX_BITS}.`);
  }
  const bytes = bits / 8;
  if (!(rowBytes >= bytes && Number.isInteger(rowBytes))) {
    refuse(`Rows of ${rowBytes} bytes cannot hold fingerprints of ${bits} bits.`);
  }
  return { count: countRows(fingerprints, rowBytes), bits, bytes, rowBytes };
}

/** Number of whole rows. @throws ERR_USAGE */
export function countRows(fingerprints: Uint8Array, rowBytes: number): number {
  const count = fingerprints.length / rowBytes;
  if (!Number.isInteger(count)) {
    refuse(`${fingerprints.length} bytes of fingerprints are no whole number of rows of ${rowBytes} bytes.`);
  }
  return count;
}

/** Checks references and their tombstones. @throws ERR_USAGE */
export function checkReferences(references: References): RowShape {
  const shape = checkRows(references);
  if (shape.count >= 2 ** 32 - 1) refuse(`An index holds at most 4,294,967,294 rows, not ${shape.count}.`);
  const { tombstones } = references;
  if (tombstones && tombstones.length !== Math.ceil(shape.count / 8)) {
    refuse(`${tombstones.length} bytes of tombstones do not fit ${shape.count} rows.`);
  }
  return shape;
}

/** Whether a row was deleted. */
export function isDead(tombstones: Uint8Array | undefined, row: number): boolean {
  return tombstones !== undefined && ((tombstones[row >> 3] >> (row & 7)) & 1) === 1;
}

/** @throws ERR_USAGE */
export function checkK(k: number): void {
  if (!(Number.isInteger(k) && k >= 1)) refuse(`k is ${k}. Ask for a whole number of neighbours, 1 or more.`);
}

/** @throws ERR_USAGE */
export function checkThreshold({ numerator, denominator }: Fraction): void {
  const fits =
    Number.isInteger(numerator) &&
    Number.isInteger(denominator) &&
    numerator >= 0 &&
    numerator <= denominator &&
    denominator >= 1 &&
    denominator <= MAX_THRESHOLD_DENOMINATOR;
  if (!fits) {
    refuse(
      `The threshold is ${numerator}/${denominator}. Give a similarity from 0 to 1 with at most four decimals.`,
    );
  }
}

/** @throws ERR_USAGE */
export function checkBins(bins: number): void {
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= MAX_BINS)) {
    refuse(`A histogram of ${bins} bins cannot be made. Ask for 1 to ${MAX_BINS}.`);
  }
}

/** Counts found nearest references (k = 1) in bins. @param queryBits set bits of each query; uint32 [q] */
export function countNearest(
  { indexes, intersections, unions }: Neighbors,
  queryBits: ArrayLike<number>,
  metric: Metric,
  bins: number,
): Uint32Array {
  const counts = new Uint32Array(bins);
  for (const [q, index] of indexes.entries()) {
    if (index === NO_NEIGHBOR) continue;
    const targetBits = unions[q] + intersections[q] - queryBits[q];
    counts[similarityBin(metric, intersections[q], queryBits[q], targetBits, bins)]++;
  }
  return counts;
}

/** Checks that queries and targets can be compared. @throws ERR_USAGE */
export function checkPair(
  queries: PackedRows,
  targets: PackedRows,
): { queries: RowShape; targets: RowShape } {
  const shapes = { queries: checkRows(queries), targets: checkRows(targets) };
  if (queries.bits !== targets.bits) {
    refuse(`Queries of ${queries.bits} bits cannot be compared with targets of ${targets.bits} bits.`);
  }
  return shapes;
}

/** Neighbours of so many queries, none found yet. @throws ERR_OUT_OF_MEMORY */
export function emptyNeighbors(queries: number, k: number): Neighbors {
  try {
    return {
      indexes: new Uint32Array(queries * k).fill(NO_NEIGHBOR),
      intersections: new Uint16Array(queries * k),
      unions: new Uint16Array(queries * k),
    };
  } catch (cause) {
    const purpose = `${k} neighbours of ${queries} queries`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: queries * k * 8 }, { cause });
  }
}
