import { isDeepStrictEqual } from 'node:util';
import { describeCause } from '../../src/core/errors.ts';
import type { MmdResult } from '../../src/core/mmd.ts';
import type { OperationName } from '../../src/core/ops.ts';

/** One comparison of the device with a backend of the processor. */
export interface Check {
  readonly operation: OperationName;
  readonly name: string;
  readonly passed: boolean;
  /** Answers compared. */
  readonly answers: number;
  readonly seconds: number;
  /** What went wrong. */
  readonly problem?: string;
  /** Of MMD: the largest differences of observed and of permuted values. */
  readonly differences?: MmdDifferences;
}

export interface MmdDifferences {
  readonly observed: number;
  readonly permuted: number;
}

/** The promise of core/ops.ts. */
const MMD_TOLERANCE: MmdDifferences = { observed: 1e-12, permuted: 1e-5 };

/** What a check found; it throws where something differs. */
export interface Found {
  readonly answers: number;
  readonly differences?: MmdDifferences;
}

/** Runs a check; one that throws has failed, and the others go on. */
export async function check(
  operation: OperationName,
  name: string,
  compare: () => Promise<Found>,
): Promise<Check> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const found = await compare();
    return { operation, name, passed: true, ...found, seconds: seconds() };
  } catch (cause) {
    const problem = describeCause(cause);
    return { operation, name, passed: false, answers: 0, seconds: seconds(), problem };
  }
}

/** @throws Error that says where arrays, or objects of arrays, differ first */
export function requireSame(found: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: ${firstDifference(found, expected)}`);
}

function firstDifference(found: unknown, expected: unknown, path = ''): string {
  const at = path || 'the answer';
  if (isList(found) && isList(expected)) {
    if (found.length !== expected.length) return `${at} has ${found.length} numbers, not ${expected.length}`;
    for (let i = 0; i < expected.length; i++) {
      if (!Object.is(found[i], expected[i])) return `${at}[${i}] is ${found[i]}, not ${expected[i]}`;
    }
  }
  if (!isObject(found) || !isObject(expected)) return `${at} is ${String(found)}, not ${String(expected)}`;
  for (const key of Object.keys(expected)) {
    if (!isDeepStrictEqual(found[key], expected[key])) return firstDifference(found[key], expected[key], key);
  }
  return `${at} is of another kind`;
}

function isList(value: unknown): value is ArrayLike<number> {
  return ArrayBuffer.isView(value) && 'length' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** @throws Error where values are further apart than the promise, or exceedances or p are not equal */
export function requireSameMmd(found: MmdResult, expected: MmdResult, kernels: number): MmdDifferences {
  requireSame(found.values.length, expected.values.length, 'number of values');
  const columns = expected.values.length / kernels;
  const differences = { observed: 0, permuted: 0 };
  for (const [i, value] of expected.values.entries()) {
    const which = i % columns === 0 ? 'observed' : 'permuted';
    const difference = Math.abs(found.values[i] - value);
    if (!(difference <= MMD_TOLERANCE[which])) {
      const where = `kernel ${Math.floor(i / columns)}, column ${i % columns}`;
      throw new Error(`${where}: ${found.values[i]} instead of ${value}`);
    }
    differences[which] = Math.max(differences[which], difference);
  }
  requireSame(found.exceedances, expected.exceedances, 'exceedances');
  requireSame(found.p, expected.p, 'p');
  return differences;
}
