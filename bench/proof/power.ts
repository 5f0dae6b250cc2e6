/** Share of checks that find a shift put into real compounds and labels, against rows on each side. */

import { seededRandom } from '../../src/core/random.ts';
import { bridgeCompounds } from '../../src/statistics/bridge-compounds.ts';
import type { Compounds, ProofPlace } from './compounds.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import {
  type Draw,
  hlm,
  LEANING,
  leaning,
  library,
  NOISE,
  noisy,
  partsOf,
  SWAPPED,
  sources,
} from './shifts.ts';
import { shuffled } from './shuffled.ts';
import { type Asked, INPUT_STREAMS, type JudgeSettings, judgeLosses, judgeStreams } from './streams.ts';

const ROWS = [50, 100, 200, 400, 800] as const;
/** Offset of an assay read in another unit, in log units. */
const OFFSET = 0.3;
const BRIDGE = { margin: 0.3, alpha: 0.05 };
const BRIDGE_PAIRS = [5, 10, 20, 50, 100] as const;

/** How often each stream fired among redraws of one size: at its part of the check's level, and at the level itself. */
export interface PowerPoint {
  readonly rows: number;
  readonly atItsPart: Readonly<Record<string, AlarmRate>>;
  readonly atTheLevel: Readonly<Record<string, AlarmRate>>;
  /** p of every redraw, by stream. */
  readonly p: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface PowerCurve {
  readonly id: string;
  /** What was put in, in words. */
  readonly shift: string;
  readonly points: readonly PowerPoint[];
}

export interface PowerProof {
  readonly settings: JudgeSettings & { readonly redraws: number };
  readonly curves: readonly PowerCurve[];
  /** Pairs measured before and after, and how often the bridge said each of its verdicts. */
  readonly bridge?: readonly {
    readonly pairs: number;
    readonly offset: number;
    readonly redraws: number;
    readonly verdicts: Readonly<Record<string, number>>;
  }[];
}

type Judge<Side extends Compounds = Compounds> = (sides: [Side, Side], seed: number) => Promise<PValues>;

type PValues = Readonly<Record<string, number | null>>;

interface Shift {
  readonly id: string;
  readonly shift: string;
  /** Reads what is drawn from, and says how a redraw is made and judged. */
  readonly open: () => Promise<(rows: number, random: () => number, seed: number) => Promise<PValues>>;
  /** Streams that share the check's alpha. */
  readonly streams: number;
}

/** @param onShift  called as each curve, and each of its points, is done */
export async function provePower(
  place: ProofPlace,
  settings: PowerProof['settings'],
  options: {
    only?: (id: string) => boolean;
    rows?: readonly number[];
    onShift?: (proof: PowerProof) => void;
  } = {},
): Promise<PowerProof> {
  const { only = () => true, rows = ROWS, onShift } = options;
  const curves: PowerCurve[] = [];
  for (const shift of shiftsOf(place, settings)) {
    if (!only(shift.id)) continue;
    const judge = await shift.open();
    const points: PowerPoint[] = [];
    curves.push({ id: shift.id, shift: shift.shift, points });
    for (const count of rows) {
      points.push(await powerAt(judge, shift, count, settings));
      onShift?.({ settings, curves });
    }
  }
  if (!only('bridge')) return { settings, curves };
  const bridge = await bridgePower(place, settings);
  onShift?.({ settings, curves, bridge });
  return { settings, curves, bridge };
}

async function powerAt(
  judge: Awaited<ReturnType<Shift['open']>>,
  { streams }: Shift,
  rows: number,
  { redraws, seed, alpha }: PowerProof['settings'],
): Promise<PowerPoint> {
  const p: Record<string, (number | null)[]> = {};
  const random = seededRandom(seed + rows);
  for (let redraw = 0; redraw < redraws; redraw++) {
    for (const [stream, value] of Object.entries(await judge(rows, random, seed + redraw))) {
      p[stream] ??= [];
      p[stream].push(value);
    }
  }
  const fired = (level: number) =>
    Object.fromEntries(
      Object.entries(p).map(([stream, values]) => {
        const found = values.filter((value) => value !== null && value <= level * (1 + 1e-12));
        return [stream, rateOf(found.length, values.length)];
      }),
    );
  return { rows, atItsPart: fired(alpha / streams), atTheLevel: fired(alpha), p };
}

function shiftsOf(place: ProofPlace, settings: JudgeSettings): Shift[] {
  const judged =
    <Side extends Compounds>(open: () => Promise<Draw<Side>>, judge: Judge<Side>): Shift['open'] =>
    async () => {
      const draw = await open();
      return (rows, random, seed) => judge(draw(rows, random), seed);
    };
  const ask =
    (asked: Asked): Judge =>
    async ([reference, batch], seed) => {
      const { findings } = await judgeStreams(place, reference, batch, { ...settings, seed }, asked);
      return Object.fromEntries(Object.entries(findings).map(([stream, { p }]) => [stream, p]));
    };
  const inputs = (id: string, shift: string, open: () => Promise<Draw>): Shift => {
    return { id, shift, open: judged(open, ask('inputs')), streams: INPUT_STREAMS };
  };
  const streams = INPUT_STREAMS + 1;
  const offset = (by: number) => () => hlm(place, ({ values }) => values.map((value) => value + by));
  return [
    inputs('none', 'nothing: both sides from the general library', () => library(place, 0)),
    inputs(
      'scaffold-swap',
      `${100 * SWAPPED} % of the batch are natural-product-like compounds, the rest and the reference from the general library`,
      () => library(place, SWAPPED),
    ),
    inputs('source-change', 'reference from AqSolDB source A, batch from source C', () => sources(place)),
    inputs(
      'property-shift',
      `library compounds drawn into the batch with weight exp(${LEANING} z), z their standardized logP: its mean moves by about ${LEANING} standard deviations`,
      () => leaning(place),
    ),
    {
      id: 'unit-factor-2',
      shift: `log10 HLM clearance of the batch is ${OFFSET} too high: a factor of 2`,
      open: judged(offset(OFFSET), ask('labels')),
      streams,
    },
    {
      id: 'unit-factor-1000',
      shift: 'log10 HLM clearance of the batch is 3 too high: as nM read as µM',
      open: judged(offset(3), ask('labels')),
      streams,
    },
    {
      id: 'label-noise',
      shift: `normal noise of ${NOISE} log units on the HLM labels of the batch; errors of the mean of the five nearest training compounds`,
      open: judged(
        () => hlm(place, noisy),
        async ([reference, batch], seed) => {
          return { performance: judgeLosses(place, reference, batch, { ...settings, seed }).p };
        },
      ),
      streams,
    },
  ];
}

async function bridgePower(
  place: ProofPlace,
  { redraws, seed }: PowerProof['settings'],
): Promise<NonNullable<PowerProof['bridge']>> {
  const parts = await partsOf(place, 'aqsoldb-paired-a-d');
  const [before, after] = [parts.get('reference') as Compounds, parts.get('D') as Compounds];
  const placeOf = new Map(after.sample.inchikeys.map((key, at) => [key, at]));
  const pairs = before.sample.inchikeys.flatMap((key, at) => {
    const other = placeOf.get(key);
    return other === undefined ? [] : [[before.values[at], after.values[other]] as const];
  });
  return BRIDGE_PAIRS.flatMap((count) =>
    [0, OFFSET, 3].map((offset) => {
      const random = seededRandom(seed + count);
      const verdicts: Record<string, number> = {};
      for (let redraw = 0; redraw < redraws; redraw++) {
        const drawn = shuffled(pairs.length, random).slice(0, count);
        const { verdict } = bridgeCompounds(
          drawn.map((at) => pairs[at][0]),
          drawn.map((at) => pairs[at][1] + offset),
          BRIDGE,
        );
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      }
      return { pairs: count, offset, redraws, verdicts };
    }),
  );
}
