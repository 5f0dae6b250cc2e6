import { MORGAN_BITS, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import type { Bandwidth } from './bandwidth.ts';
import type { Rate } from './rates.ts';

/** What the measured rates allow at most, and which of them it is. */
export interface Limit {
  readonly value: number;
  readonly from: string;
}

export interface Limits {
  /** Pairs of 2,048-bit fingerprints a second whose shared bits are counted. */
  readonly pairs: Limit;
  /** The same by each instruction. */
  readonly pairsBy: Readonly<Record<string, number>>;
  /** Multiply-adds a second of halves, on matrix instructions; absent where there are none. */
  readonly halfProducts?: Limit;
  /** Fingerprints a second that one query can be compared with: each is read once. */
  readonly fingerprintsRead: Limit;
  /** Bytes a second written to device memory. */
  readonly written: Limit;
  readonly uploaded: Limit;
  readonly downloaded: Limit;
}

/** Pairs of 2,048 bits that one of an instruction is worth: rows times columns times bits, over the bits. */
const PAIRS: Readonly<Record<string, number>> = {
  bits: (16 * 8 * 256) / MORGAN_BITS,
  bytes: (16 * 8 * 32) / MORGAN_BITS,
  wgmma: (64 * 128 * 256) / MORGAN_BITS,
  counts: 32 / MORGAN_BITS,
};

/** Products of m16n8k16. */
const HALF_PRODUCTS = 16 * 8 * 16;

export function limitsFrom(
  rates: Readonly<Record<string, Rate>>,
  bandwidth: Readonly<Record<string, Bandwidth>>,
): Limits {
  const pairsBy: Record<string, number> = {};
  for (const [name, pairs] of Object.entries(PAIRS)) {
    if (rates[name]) pairsBy[name] = rates[name].perSecond * pairs;
  }
  // The kernels issue mma.sync; wgmma is measured to see what it would pay.
  const used = ['bits', 'bytes', 'counts'].filter((name) => pairsBy[name] !== undefined);
  const best = used.reduce((a, b) => (pairsBy[b] > pairsBy[a] ? b : a));
  const bytes = (name: string): Limit => ({
    value: bandwidth[name].bytesPerSecond,
    from: bandwidth[name].what,
  });
  return {
    pairs: { value: pairsBy[best], from: rates[best].counted },
    pairsBy,
    ...(rates.halves && {
      halfProducts: { value: rates.halves.perSecond * HALF_PRODUCTS, from: rates.halves.counted },
    }),
    fingerprintsRead: {
      value: bandwidth.copy.bytesPerSecond / MORGAN_BYTES,
      from: `${bandwidth.copy.what}, ${MORGAN_BYTES} bytes a fingerprint`,
    },
    written: bytes('fill'),
    uploaded: bytes('upload'),
    downloaded: bytes('download'),
  };
}
