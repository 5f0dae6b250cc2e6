/** Share of checks that find a shift put into real compounds and labels, against rows on each side. */

import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { seededRandom } from '../../src/core/random.ts';
import { bridgeCompounds } from '../../src/statistics/bridge-compounds.ts';
import { drawNumber, readCases, readParts } from './cases.ts';
import { type Compounds, type ProofPlace, readCompounds, takeCompounds } from './compounds.ts';
import { askNeighbors } from './neighbor-model.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import { openParts } from './real-cases.ts';
import {
  type Answered,
  type Asked,
  INPUT_STREAMS,
  type JudgeSettings,
  judgeLosses,
  judgeStreams,
} from './streams.ts';

const ROWS = [50, 100, 200, 400, 800] as const;
/** Share of a batch that comes from other chemistry. */
const SWAPPED = 0.2;
/** Rows are chosen with weight exp(this times the standardized logP). */
const LEANING = 0.3;
/** Standard deviation of what is added to labels, and the offset of an assay read in another unit, in log units. */
const NOISE = 0.3;
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

/** Draws both sides with so many rows each. */
type Draw<Side extends Compounds = Compounds> = (
  rows: number,
  random: () => number,
) => [reference: Side, batch: Side];
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

/** Reference and batch of the general library, a share of the batch of natural-product-like compounds. */
async function library(place: ProofPlace, share: number): Promise<Draw> {
  const general = await poolOf(place, 'null-library-random');
  const special = (await partsOf(place, 'library-subsets')).get('np-like') as Compounds;
  return (rows, random) => {
    const swapped = Math.round(share * rows);
    const order = shuffled(general.rows.length, random).slice(0, 2 * rows - swapped);
    const batch = takeCompounds(general, order.slice(rows), 'batch');
    const others = takeCompounds(special, shuffled(special.rows.length, random).slice(0, swapped), 'special');
    return [takeCompounds(general, order.slice(0, rows), 'reference'), joined(batch, others)];
  };
}

async function leaning(place: ProofPlace): Promise<Draw> {
  const general = await poolOf(place, 'null-library-random');
  const descriptors = general.sample.descriptors as Float64Array;
  const column = DESCRIPTOR_NAMES.indexOf('CrippenClogP');
  const logP = Float64Array.from(general.rows, (_, i) => descriptors[i * DESCRIPTOR_COUNT + column]);
  const mean = logP.reduce((sum, value) => sum + value, 0) / logP.length;
  const spread = Math.sqrt(logP.reduce((sum, value) => sum + (value - mean) ** 2, 0) / logP.length);
  return (rows, random) => {
    const order = shuffled(general.rows.length, random);
    const rest = order.slice(rows);
    // Efraimidis and Spirakis 2006: the largest u^(1 / weight) are a draw by weight without replacement.
    const keys = new Map(
      rest.map((at) => [at, Math.log(random()) / Math.exp((LEANING * (logP[at] - mean)) / spread)]),
    );
    const chosen = rest.toSorted((a, b) => (keys.get(b) as number) - (keys.get(a) as number)).slice(0, rows);
    return [
      takeCompounds(general, order.slice(0, rows), 'reference'),
      takeCompounds(general, chosen, 'batch'),
    ];
  };
}

async function sources(place: ProofPlace): Promise<Draw> {
  const parts = await partsOf(place, 'aqsoldb-by-source');
  const unlabelled = (all: Compounds) => ({ ...all, values: all.values.map(() => Number.NaN) });
  const [before, after] = [parts.get('reference') as Compounds, parts.get('C') as Compounds].map(unlabelled);
  return (rows, random) => [
    takeCompounds(before, shuffled(before.rows.length, random).slice(0, rows), 'reference'),
    takeCompounds(after, shuffled(after.rows.length, random).slice(0, rows), 'batch'),
  ];
}

/**
 * HLM clearance: the labels of the batch are changed. A quarter of the scaffolds trains the model whose losses are looked at,
 * the others are drawn from.
 */
async function hlm(
  place: ProofPlace,
  change: (batch: Compounds, random: () => number) => Float64Array,
): Promise<Draw<Answered>> {
  const all = await poolOf(place, 'null-hlm-random');
  const isTraining = (at: number) => drawNumber('power-hlm', all.sample.clusters?.[at] ?? at) % 4 === 0;
  const places = [...all.rows.keys()];
  const asked = places.filter((at) => !isTraining(at));
  const { predicted } = await askNeighbors(place, all, places.filter(isTraining), asked);
  return (rows, random) => {
    const order = shuffled(asked.length, random).slice(0, 2 * rows);
    const take = (drawn: readonly number[], name: string): Answered => ({
      ...takeCompounds(
        all,
        drawn.map((i) => asked[i]),
        name,
      ),
      predicted: Float64Array.from(drawn, (i) => predicted[i]),
    });
    const batch = take(order.slice(rows), 'batch');
    return [take(order.slice(0, rows), 'reference'), { ...batch, values: change(batch, random) }];
  };
}

function noisy({ values }: Compounds, random: () => number): Float64Array {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return values.map((value) => value + NOISE * normal());
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

async function partsOf(place: ProofPlace, id: string): Promise<Map<string, Compounds>> {
  return openParts(place, caseOf(place, id));
}

/** All rows of a case that has one file, whichever part they are in. */
async function poolOf(place: ProofPlace, id: string): Promise<Compounds> {
  const one = caseOf(place, id);
  const rows = [...readParts(place.shared, one).values()].flatMap((part) => part.rows);
  return readCompounds(place, one.files[0], rows);
}

function caseOf({ shared }: ProofPlace, id: string) {
  const one = readCases(shared).find((entry) => entry.id === id);
  if (!one) throw new Error(`there is no case ${id}`);
  return one;
}

function joined(first: Compounds, second: Compounds): Compounds {
  if (second.rows.length === 0) return first;
  const [a, b] = [first.sample, second.sample];
  const numbers = (one: Float64Array | null, other: Float64Array | null) =>
    one && other && Float64Array.of(...one, ...other);
  return {
    sample: {
      ...a,
      hash: `${a.hash} ${b.hash}`,
      ids: [...a.ids, ...b.ids],
      inchikeys: [...a.inchikeys, ...b.inchikeys],
      smiles: a.smiles && b.smiles && [...a.smiles, ...b.smiles],
      fingerprints: Uint8Array.of(...a.fingerprints, ...b.fingerprints),
      descriptors: numbers(a.descriptors, b.descriptors),
      clusters: a.clusters && b.clusters && [...a.clusters, ...b.clusters],
      series: [...a.series, ...b.series],
    },
    rows: [...first.rows, ...second.rows],
    values: Float64Array.of(...first.values, ...second.values),
    censored: Uint8Array.of(...first.censored, ...second.censored),
    documents: [...first.documents, ...second.documents],
  };
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
