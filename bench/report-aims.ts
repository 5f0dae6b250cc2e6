import type { DriftResult, IndexResult, MmdPeer, MmdResult, NearestResult } from './report-sections.ts';
import { figure, type Result, table } from './report-table.ts';

interface ScreenResult {
  readonly startUp10: { readonly medianSeconds: number };
  readonly warmOverCold: number;
}

interface PredictResult {
  readonly results: Readonly<
    Record<
      string,
      { readonly predictByBatch: Readonly<Record<string, { readonly median: number } | undefined>> }
    >
  >;
}

interface FeaturizeResult {
  readonly ratios: { readonly fingerprintToRdkitMorgan: number; readonly twoThreadsToOne: number };
}

interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly value: number;
  readonly isReached: boolean;
}

/** The aims set for this engine on a CPU, beside what this machine reached; empty where nothing of them was measured. */
export function aims(results: Readonly<Record<string, Result>>): string {
  const found: Aim[] = [];
  const atLeast = (what: string, least: number, value: number | undefined) => {
    if (value !== undefined) found.push({ what, aim: `at least ${least}`, value, isReached: value >= least });
  };
  const atMost = (what: string, most: number, value: number | undefined) => {
    if (value !== undefined) found.push({ what, aim: `at most ${most}`, value, isReached: value <= most });
  };
  const nearest = results.nearest as NearestResult | undefined;
  const top = nearest?.results['nearest, k = 10'].summary;
  atLeast('10 nearest: times FPSim2, per thread', 12, top?.FPSim2?.engineTimesAsFast);
  atLeast('10 nearest: share of the AVX-512 yardstick', 0.45, top?.yardstick?.engineTimesAsFast);
  const mmd = results.mmd as MmdResult | undefined;
  const peer = mmd && 'ratio' in mmd.peer ? (mmd.peer as MmdPeer) : undefined;
  atLeast('MMD 1000+1000, B = 100: times alibi-detect, one thread', 50, peer?.ratio);
  atMost('the same: relative difference in float64', 1e-9, peer?.difference);
  atMost('MMD 2000+2000, B = 999: seconds of CPU', 1, mmd?.results['2000+2000, tanimoto']?.medianCpu);
  const drift = results.drift as DriftResult | undefined;
  atMost('drift check of 12 endpoints, cold: seconds', 20, drift?.results.cold.medianWall);
  atMost('the same, reference cached: seconds', 5, drift?.results.cached.medianWall);
  const index = results.index as IndexResult | undefined;
  atMost('index of 1,000,000: seconds from opening to the first answer', 1, index?.load.medianWall);
  atMost('the same: memory held, in packed fingerprints', 2.2, index?.load.heldInPacked);
  atMost('the same: most memory while loading', 2.2, index?.load.peakInPacked);
  const screen = results.screen as unknown as ScreenResult | undefined;
  atMost('screen of 10 compounds: seconds from start to end', 1.5, screen?.startUp10.medianSeconds);
  atLeast('repeat screen of 20,000: times as fast as the first', 5, screen?.warmOverCold);
  const predict = results.predict as unknown as PredictResult | undefined;
  for (const [endpoint, { predictByBatch }] of Object.entries(predict?.results ?? {})) {
    atLeast(`prediction, ${endpoint}: compounds/s, one thread`, 5000, predictByBatch['128']?.median);
  }
  const featurize = results.featurize as unknown as FeaturizeResult | undefined;
  atLeast('parse and fingerprint: share of bare RDKit', 0.9, featurize?.ratios.fingerprintToRdkitMorgan);
  atLeast('featurization: two threads over one', 1.8, featurize?.ratios.twoThreadsToOne);
  if (found.length === 0) return '';
  const rows = found.map(({ what, aim, value, isReached }) => [
    what,
    aim,
    figure(value),
    isReached ? 'yes' : '**no**',
  ]);
  return table(['', 'aim', 'measured', 'reached'], rows);
}
