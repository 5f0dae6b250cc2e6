/** The sequential monitor on real compounds: alarms in streams in which nothing moves, and its delay in one that goes bad. */
import { seededRandom } from '../../src/core/random.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { SplitMonitors } from '../../src/flows/drift/sequential-distances.ts';
import {
  distancesOfRows,
  type TrainingDistances,
  trainingDistances,
} from '../../src/flows/drift/training-distances.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { caseNamed, readParts } from './cases.ts';
import { type Compounds, type ProofPlace, placesOf, readCompounds, takeCompounds } from './compounds.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import { shuffled } from './shuffled.ts';
import { checkOf } from './streams.ts';

const STREAM = 'library-slow-mix';
const NULL_ROWS = 'null-library-random';
/** Rows of each batch of the stream that goes bad. */
const BATCH = 1000;
const LOOKS_OF = [50, 1000] as const;
/** Rows of a still stream and of its reference. */
const STILL = { reference: 3000, stream: 7000 } as const;

/** What goes to the reference or to the stream whole. */
type DrawnBy = 'rows' | 'scaffolds';

export interface MonitorProof {
  readonly settings: {
    readonly alpha: number;
    readonly redraws: number;
    readonly seed: number;
    readonly reference: number;
    readonly stream: number;
    /** Library compounds that both are drawn from. */
    readonly pool: number;
  };
  readonly looksOf: readonly {
    /** Compounds at a look. */
    readonly compounds: number;
    readonly looks: number;
    /** Streams of library compounds with any alarm, by how they and their references were drawn. */
    readonly still: Readonly<Record<DrawnBy, AlarmRate>>;
    /** Streams of the slow mix, shuffled within each batch, by the batch of the first alarm; null where none fired. */
    readonly firstAlarm: Readonly<Record<string, number>>;
  }[];
}

/**
 * Of every redraw of a still stream the reference, its held-out half and the stream are drawn anew from one pool, so that redraws
 * are independent given the pool; of the slow mix the held-out half and the order within batches are. Monitors are those of
 * `assayer monitor replay`.
 */
export async function proveMonitor(
  place: ProofPlace,
  settings: Pick<MonitorProof['settings'], 'alpha' | 'redraws' | 'seed'>,
): Promise<MonitorProof> {
  const { alpha, redraws, seed } = settings;
  const { pool, mixed, batchNames } = await readStreams(place);
  const random = seededRandom(seed);
  const looksOf = LOOKS_OF.map((compounds) => ({
    compounds,
    alarms: { rows: 0, scaffolds: 0 },
    firstAlarm: {} as Record<string, number>,
  }));
  for (let redraw = 0; redraw < redraws; redraw++) {
    for (const by of ['rows', 'scaffolds'] as const) {
      const [reference, stream] = drawStill(pool, by, random);
      const still = await watch(place, reference, stream, seed + redraw);
      const order = shuffled(stream.rows.length, random);
      for (const { compounds, alarms } of looksOf) {
        if (firstLook(still, order, compounds, alpha) !== null) alarms[by]++;
      }
    }
    const slow = await watch(place, mixed.reference, mixed.stream, seed + redraw);
    const order = batchNames.flatMap((_, b) => shuffled(BATCH, random).map((row) => b * BATCH + row));
    for (const { compounds, firstAlarm } of looksOf) {
      const at = firstLook(slow, order, compounds, alpha);
      const name = at === null ? 'never' : batchNames[Math.floor((at * compounds) / BATCH)];
      firstAlarm[name] = (firstAlarm[name] ?? 0) + 1;
    }
  }
  return {
    settings: { ...settings, ...STILL, pool: pool.rows.length },
    looksOf: looksOf.map(({ compounds, alarms, firstAlarm }) => ({
      compounds,
      looks: Math.ceil(STILL.stream / compounds),
      still: { rows: rateOf(alarms.rows, redraws), scaffolds: rateOf(alarms.scaffolds, redraws) },
      firstAlarm,
    })),
  };
}

interface Streams {
  /** Library compounds, the reference of the slow mix among them. */
  readonly pool: Compounds;
  readonly mixed: { readonly reference: Compounds; readonly stream: Compounds };
  readonly batchNames: readonly string[];
}

async function readStreams(place: ProofPlace): Promise<Streams> {
  const slow = caseNamed(place.shared, STREAM);
  const parts = readParts(place.shared, slow);
  const rowsOf = (part: string) => parts.get(part)?.rows ?? [];
  const others = [...readParts(place.shared, caseNamed(place.shared, NULL_ROWS)).values()];
  const still = [...new Set([...rowsOf(slow.referencePart), ...others.flatMap(({ rows }) => rows)])];
  const stream = slow.batchParts.flatMap((part) => rowsOf(part).slice(0, BATCH));
  const all = await readCompounds(place, slow.files[0], [...new Set([...still, ...stream])]);
  const take = (rows: readonly number[], name: string) => takeCompounds(all, placesOf(all, rows), name);
  return {
    pool: take(still, 'library'),
    mixed: { reference: take(rowsOf(slow.referencePart), 'reference'), stream: take(stream, STREAM) },
    batchNames: slow.batchParts,
  };
}

/** A reference and a stream of compounds that are not in it. */
function drawStill(pool: Compounds, by: DrawnBy, random: () => number): [Compounds, Compounds] {
  const { clusters } = pool.sample;
  const places = new Map<string, number[]>();
  for (const at of pool.rows.keys()) {
    const key = (by === 'scaffolds' && clusters?.[at]) || `row ${at}`;
    const own = places.get(key);
    if (own) own.push(at);
    else places.set(key, [at]);
  }
  const groups = [...places.values()];
  const order = shuffled(groups.length, random).flatMap((group) => groups[group]);
  // Where the cut falls within a scaffold, what the reference has of it never enters.
  return [
    takeCompounds(pool, order.slice(0, STILL.reference), 'reference'),
    takeCompounds(pool, order.slice(STILL.reference, STILL.reference + STILL.stream), 'stream'),
  ];
}

interface Watched {
  readonly check: DriftCheck;
  readonly distances: TrainingDistances;
}

async function watch(
  place: ProofPlace,
  reference: Compounds,
  stream: Compounds,
  seed: number,
): Promise<Watched> {
  const check = checkOf(place, reference, stream, { alpha: 0.05, permutations: 99, seed }, 1);
  const distances = await trainingDistances(check, await openWorkspace(place.workspace));
  if (!distances) throw new Error('nothing can be held out');
  return { check, distances };
}

/** Number of the look that alarms first, from 0; null where none does. @param order  of the rows of the stream */
function firstLook(
  { check, distances }: Watched,
  order: readonly number[],
  compounds: number,
  alpha: number,
): number | null {
  const monitor = new SplitMonitors(check, distances);
  for (let look = 0; look * compounds < order.length; look++) {
    const rows = order.slice(look * compounds, (look + 1) * compounds);
    const clusters = rows.map((row) => check.batch.clusters?.[row] ?? '');
    if (monitor.observe(distancesOfRows(distances, rows), clusters).anytimeP <= alpha) return look;
  }
  return null;
}
