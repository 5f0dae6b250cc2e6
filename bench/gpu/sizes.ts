/** How much the bench does. */
export interface Sizes {
  readonly probes: {
    /** Every so many elements of a fragment are probed. */
    readonly stride: number;
    readonly rounds: number;
    readonly deviceBytes: number;
    readonly pinnedBytes: number;
  };
  readonly checks: {
    /** Rounds of the conformance cases; each but the first has new random rows. */
    readonly rounds: number;
    /** Names of the cases to run; all when not said. */
    readonly cases?: readonly string[];
    readonly references: number;
    readonly queries: number;
    readonly mmd: readonly { readonly each: number; readonly permutations: number }[];
    readonly poisonBytes: number;
  };
  readonly times: {
    readonly references: readonly number[];
    readonly queries: readonly number[];
    /** Queries whose answers are compared with every pair counted one by one. */
    readonly spotChecks: number;
    readonly mmd: readonly { readonly each: number; readonly permutations: number }[];
    readonly intersections: { readonly queries: number; readonly targets: number };
    readonly compounds: number;
    readonly peers: { readonly references: number; readonly queries: number; readonly each: number };
    /** Runs after the warm-up. */
    readonly runs: number;
    /** No further run of one figure begins past this. */
    readonly secondsPerFigure: number;
  };
}

const MIB = 2 ** 20;

const full: Sizes = {
  probes: { stride: 1, rounds: 4096, deviceBytes: 2048 * MIB, pinnedBytes: 256 * MIB },
  checks: {
    rounds: 3,
    references: 300_001,
    queries: 257,
    mmd: [
      { each: 1000, permutations: 999 },
      { each: 2500, permutations: 499 },
    ],
    poisonBytes: 4096 * MIB,
  },
  times: {
    references: [1_000_000, 10_000_000],
    queries: [1, 4, 64, 1024, 16_384],
    spotChecks: 5,
    mmd: [
      { each: 1000, permutations: 999 },
      { each: 10_000, permutations: 9999 },
      { each: 100_000, permutations: 999 },
    ],
    intersections: { queries: 4096, targets: 65_536 },
    compounds: 1_000_000,
    peers: { references: 1_000_000, queries: 1024, each: 5000 },
    runs: 10,
    secondsPerFigure: 12,
  },
};

const quick: Sizes = {
  probes: { ...full.probes, rounds: 1024, deviceBytes: 512 * MIB, pinnedBytes: 64 * MIB },
  checks: { ...full.checks, rounds: 2, mmd: full.checks.mmd.slice(0, 1) },
  times: {
    ...full.times,
    references: [1_000_000],
    mmd: full.times.mmd.slice(0, 2),
    runs: 6,
    secondsPerFigure: 6,
  },
};

/** For a device that is emulated: the same path end to end, in half a minute on a processor. */
const tiny: Sizes = {
  probes: { stride: 61, rounds: 2, deviceBytes: 3 * MIB, pinnedBytes: MIB },
  checks: {
    rounds: 2,
    cases: ['one reference', '256 bits', 'two rows and two rows', '64 and 65, round a chunk of 128'],
    references: 700,
    queries: 5,
    mmd: [{ each: 33, permutations: 20 }],
    poisonBytes: 2 * MIB,
  },
  times: {
    references: [1200],
    queries: [1, 4, 64],
    spotChecks: 2,
    mmd: [{ each: 40, permutations: 30 }],
    intersections: { queries: 20, targets: 300 },
    compounds: 300,
    peers: { references: 500, queries: 4, each: 30 },
    runs: 2,
    secondsPerFigure: 5,
  },
};

export const SIZES: Readonly<Record<string, Sizes>> = { full, quick, tiny };
