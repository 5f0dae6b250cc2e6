/**
 * Proof of the sequential monitors by simulation: any alarm in streams without drift, and the delay to the alarm in
 * streams that drift, so that a mute monitor fails as a nervous one does. Raw counts, made again by the same seed.
 */
import { seededRandom } from '../../src/core/random.ts';
import { lastLookThatCanFire } from '../../src/statistics/alpha-spending.ts';
import { observeLosses, startLossMonitor } from '../../src/statistics/betting-martingale.ts';
import { openConformalMonitor, startConformalMonitor } from '../../src/statistics/conformal-martingale.ts';
import { judgeLook, planLooks } from '../../src/statistics/planned-looks.ts';

const ALPHAS = [0.05, 0.01] as const;
const COMPOUNDS = 50;
const REFERENCE = 500;
/** Labels that come in at one look, and the bound on their mean loss. */
const LABELS = 10;
const BOUND = 0.2;

/** Streams of one kind, and how many of them raised any alarm at each alpha. */
export interface AlarmCount {
  readonly streams: number;
  readonly looks: number;
  readonly alarms: Readonly<Record<string, number>>;
}

/** Streams that drift from a look on; an alarm before it is a false one and no detection. */
export interface DetectionCount {
  /** In standard deviations of the distance, or the mean loss after the change. */
  readonly shift: number;
  readonly changeAtLook: number;
  readonly alpha: number;
  readonly streams: number;
  readonly falseAlarms: number;
  readonly detectedByLook200: number;
  /** Looks from the change to the alarm, of streams that raised it; null where fewer than half did. */
  readonly medianDelayLooks: number | null;
}

export interface SequentialProof {
  readonly settings: Readonly<Record<string, number>>;
  readonly distances: {
    readonly independent: AlarmCount;
    /** 10 series of 5 compounds a look, half of the variance between series. */
    readonly clusteredRepresentatives: AlarmCount;
    readonly clusteredEveryCompound: AlarmCount;
    readonly detection: readonly DetectionCount[];
  };
  readonly losses: { readonly atTheBound: AlarmCount; readonly detection: readonly DetectionCount[] };
  readonly plannedLooks: {
    readonly looks: number;
    readonly leastPermutations: number;
    readonly eachAtItsLevel: AlarmCount;
    readonly eachAtAlpha: AlarmCount;
  };
  readonly spending: { readonly permutations: number; readonly lastLookThatCanFire: number }[];
}

/** Largest log wealth after each look. */
type Stream = (looks: number, seed: number) => number[];

/**
 * @param streams  null streams of each kind; a tenth of them, at least 30, for each figure of detection
 * @param looks    of each null stream; detection is counted at look 200
 */
export function proveSequential({
  streams,
  looks,
  seed,
}: {
  streams: number;
  looks: number;
  seed: number;
}): SequentialProof {
  const power = Math.max(30, Math.floor(streams / 10));
  // Streams whose single compounds enter would need no 10^4 to be seen to fail.
  const few = Math.max(50, Math.floor(streams / 20));
  const plan = planLooks(60, 0.05);
  return {
    settings: { compounds: COMPOUNDS, reference: REFERENCE, labels: LABELS, bound: BOUND, seed },
    distances: {
      independent: countAlarms(distanceStream({}), streams, looks, seed),
      clusteredRepresentatives: countAlarms(
        distanceStream({ series: 10, enter: 'one-of-series' }),
        few,
        looks,
        seed + 1,
      ),
      clusteredEveryCompound: countAlarms(
        distanceStream({ series: 10, enter: 'every-compound' }),
        few,
        looks,
        seed + 1,
      ),
      detection: [0.1, 0.2, 0.3, 0.5].flatMap((shift) =>
        [1, 100].map((change) =>
          countDetections(distanceStream({ shift, change }), { shift, change, streams: power, seed }),
        ),
      ),
    },
    losses: {
      atTheBound: countAlarms(lossStream(BOUND, 1), streams, looks, seed + 2),
      detection: [0.25, 0.3, 0.4].flatMap((shift) =>
        [1, 100].map((change) =>
          countDetections(lossStream(shift, change), { shift, change, streams: power, seed: seed + 3 }),
        ),
      ),
    },
    plannedLooks: {
      looks: 60,
      leastPermutations: plan.leastPermutations,
      eachAtItsLevel: countPlanned(60, plan.level, plan.leastPermutations, streams, seed + 4),
      eachAtAlpha: countPlanned(60, 0.05, plan.leastPermutations, streams, seed + 4),
    },
    spending: [999, 9_999, 99_999].map((permutations) => ({
      permutations,
      lastLookThatCanFire: lastLookThatCanFire(0.05, permutations),
    })),
  };
}

function countAlarms(stream: Stream, streams: number, looks: number, seed: number): AlarmCount {
  const random = seededRandom(seed);
  const alarms = Object.fromEntries(ALPHAS.map((alpha) => [alpha, 0]));
  for (let s = 0; s < streams; s++) {
    const largest = stream(looks, Math.floor(random() * 2 ** 32))[looks - 1];
    for (const alpha of ALPHAS) if (largest >= -Math.log(alpha)) alarms[alpha]++;
  }
  return { streams, looks, alarms };
}

function countDetections(
  stream: Stream,
  { shift, change, streams, seed }: { shift: number; change: number; streams: number; seed: number },
): DetectionCount {
  const alpha = ALPHAS[0];
  const random = seededRandom(seed);
  const delays: number[] = [];
  let falseAlarms = 0;
  for (let s = 0; s < streams; s++) {
    const largest = stream(200, Math.floor(random() * 2 ** 32));
    const alarm = largest.findIndex((value) => value >= -Math.log(alpha)) + 1;
    if (alarm >= change) delays.push(alarm - change + 1);
    else if (alarm > 0) falseAlarms++;
  }
  delays.sort((a, b) => a - b);
  const half = Math.ceil(streams / 2) - 1;
  const medianDelayLooks = half < delays.length ? delays[half] : null;
  const found = { streams, falseAlarms, detectedByLook200: delays.length, medianDelayLooks };
  return { shift, changeAtLook: change, alpha, ...found };
}

/**
 * Distances to a training set: skewed, within [0, 1], in steps of 0.001 (ties), of mean 0.57 and deviation 0.17. A
 * shift adds that many deviations from look `change` on.
 */
function distanceStream({
  shift = 0,
  change = Number.POSITIVE_INFINITY,
  series,
  enter,
}: {
  shift?: number;
  change?: number;
  series?: number;
  enter?: 'one-of-series' | 'every-compound';
}): Stream {
  return (looks, seed) => {
    const normal = normalDraws(seed);
    const distance = (z: number, look: number) => {
      const shifted = 1 / (1 + Math.exp(-(0.3 + 0.8 * z))) + (look >= change ? shift * 0.17 : 0);
      return Math.round(1000 * Math.min(1, shifted)) / 1000;
    };
    const values = Float64Array.from({ length: REFERENCE }, () => distance(normal(), 0));
    const monitor = openConformalMonitor(startConformalMonitor(seed, { values }));
    const largest: number[] = [];
    for (let look = 1; look <= looks; look++) {
      const means = Array.from({ length: series ?? 0 }, () => normal() * Math.SQRT1_2);
      const batch = Float64Array.from({ length: COMPOUNDS }, (_, i) => {
        const z = series ? means[i % series] + normal() * Math.SQRT1_2 : normal();
        return distance(z, look);
      });
      const clusters =
        enter === 'one-of-series' ? Array.from(batch, (_, i) => `${look} ${i % means.length}`) : undefined;
      largest.push(monitor.observe(batch, clusters).logMaxWealth);
    }
    return largest;
  };
}

/** Losses in [0, 1], most of them small; their mean is the bound, and `mean` from look `change` on. */
function lossStream(mean: number, change: number): Stream {
  return (looks, seed) => {
    const random = seededRandom(seed);
    const largest: number[] = [];
    let state = startLossMonitor(BOUND);
    for (let look = 1; look <= looks; look++) {
      // u^(1/m - 1) of a uniform u has mean m.
      const power = 1 / (look >= change ? mean : BOUND) - 1;
      const losses = Array.from({ length: LABELS }, () => random() ** power);
      const after = observeLosses(state, losses);
      state = after.state;
      largest.push(after.look.logMaxWealth);
    }
    return largest;
  };
}

/** Streams of permutation p-values without drift, uniform on {1..B+1}/(B+1), each look judged at `level`. */
function countPlanned(
  looks: number,
  level: number,
  permutations: number,
  streams: number,
  seed: number,
): AlarmCount {
  const random = seededRandom(seed);
  let alarms = 0;
  for (let s = 0; s < streams; s++) {
    let fired = false;
    for (let look = 0; look < looks; look++) {
      const p = (1 + Math.floor(random() * (permutations + 1))) / (permutations + 1);
      if (judgeLook(p, level, permutations) === 'drift') fired = true;
    }
    if (fired) alarms++;
  }
  return { streams, looks, alarms: { [ALPHAS[0]]: alarms } };
}

/** Draws of the standard normal distribution. @source Box & Muller 1958, doi:10.1214/aoms/1177706645 */
function normalDraws(seed: number): () => number {
  const random = seededRandom(seed);
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const z = spare;
      spare = null;
      return z;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
