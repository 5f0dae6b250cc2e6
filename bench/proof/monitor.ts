/** The sequential monitor on real compounds: alarms in shuffled streams in which nothing moves, and its delay in one that goes bad. */
import { seededRandom } from '../../src/core/random.ts';
import { trainingDistances } from '../../src/flows/drift/training-distances.ts';
import {
  type ConformalMonitor,
  openConformalMonitor,
  startConformalMonitor,
} from '../../src/statistics/conformal-martingale.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { caseNamed, readParts } from './cases.ts';
import { type Compounds, type ProofPlace, placesOf, readCompounds, takeCompounds } from './compounds.ts';
import { type AlarmRate, rateOf } from './null-redraws.ts';
import { openParts } from './real-cases.ts';
import { shuffled } from './shuffled.ts';
import { checkOf } from './streams.ts';

const STREAM = 'library-slow-mix';
const NULL_ROWS = 'null-library-random';
/** Rows of each batch of the stream. */
const BATCH = 1000;
const LOOKS_OF = [50, 1000] as const;

export interface MonitorProof {
  readonly settings: { readonly alpha: number; readonly redraws: number; readonly seed: number };
  readonly looksOf: readonly {
    /** Compounds at a look. */
    readonly compounds: number;
    /** Shuffled streams of library compounds with any alarm. */
    readonly still: AlarmRate & { readonly looks: number };
    /** Streams of the slow mix, shuffled within each batch, by the batch of the first alarm; null where none fired. */
    readonly firstAlarm: Readonly<Record<string, number>>;
  }[];
}

/** @returns counts of both kinds of stream; references and distances are those of `assayer monitor replay` */
export async function proveMonitor(
  place: ProofPlace,
  settings: MonitorProof['settings'],
): Promise<MonitorProof> {
  const slow = caseNamed(place.shared, STREAM);
  const parts = await openParts(place, slow);
  const reference = parts.get(slow.referencePart) as Compounds;
  const mixed = await Promise.all(
    slow.batchParts.map((part) => distancesOf(place, reference, parts.get(part) as Compounds, settings.seed)),
  );
  const others = caseNamed(place.shared, NULL_ROWS);
  const rows = [...readParts(place.shared, others).values()].flatMap((part) => part.rows);
  const all = await readCompounds(place, others.files[0], rows);
  const known = new Set(reference.rows);
  const fresh = takeCompounds(
    all,
    placesOf(
      all,
      rows.filter((row) => !known.has(row)),
    ),
    'still',
  );
  const still = await distancesOf(place, reference, fresh, settings.seed);
  return {
    settings,
    looksOf: LOOKS_OF.map((compounds) => {
      const random = seededRandom(settings.seed);
      let alarms = 0;
      const firstAlarm: Record<string, number> = {};
      let looks = 0;
      for (let redraw = 0; redraw < settings.redraws; redraw++) {
        const order = inOrder(still, random).slice(0, slow.batchParts.length * BATCH);
        looks = Math.ceil(order.length / compounds);
        if (firstLook(still.open(settings.seed + redraw), order, compounds, settings.alpha) !== null)
          alarms++;
        const stream = mixed.flatMap((batch) => inOrder(batch, random));
        const at = firstLook(mixed[0].open(settings.seed + redraw), stream, compounds, settings.alpha);
        const name = at === null ? 'never' : slow.batchParts[Math.floor((at * compounds) / BATCH)];
        firstAlarm[name] = (firstAlarm[name] ?? 0) + 1;
      }
      return { compounds, still: { ...rateOf(alarms, settings.redraws), looks }, firstAlarm };
    }),
  };
}

interface Looked {
  readonly distance: number;
  readonly cluster: string;
}

interface Distances {
  readonly rows: readonly Looked[];
  /** A monitor before its first look. */
  readonly open: (seed: number) => ConformalMonitor;
}

async function distancesOf(
  place: ProofPlace,
  reference: Compounds,
  batch: Compounds,
  seed: number,
): Promise<Distances> {
  const check = checkOf(place, reference, batch, { alpha: 0.05, permutations: 99, seed }, 1);
  const distances = await trainingDistances(check, await openWorkspace(place.workspace));
  const { clusters } = reference.sample;
  if (!distances || !clusters) throw new Error('nothing can be held out');
  const { heldOut, calibration } = distances;
  return {
    rows: Array.from(distances.batch, (distance, i) => ({
      distance,
      cluster: batch.sample.clusters?.[i] ?? '',
    })),
    open: (monitorSeed) => {
      const names = Array.from(heldOut, (row) => clusters[row]);
      const state = startConformalMonitor(monitorSeed, { values: calibration, clusters: names });
      // A cluster that the training set holds is no news.
      return openConformalMonitor({ ...state, clusters: [...new Set([...state.clusters, ...clusters])] });
    },
  };
}

/** Number of the look that alarms first, from 0; null where none does. */
function firstLook(
  monitor: ConformalMonitor,
  rows: readonly Looked[],
  compounds: number,
  alpha: number,
): number | null {
  for (let look = 0; look * compounds < rows.length; look++) {
    const own = rows.slice(look * compounds, (look + 1) * compounds);
    const { anytimeP } = monitor.observe(
      own.map(({ distance }) => distance),
      own.map(({ cluster }) => cluster),
    );
    if (anytimeP <= alpha) return look;
  }
  return null;
}

function inOrder({ rows }: Pick<Distances, 'rows'>, random: () => number): Looked[] {
  return shuffled(rows.length, random).map((at) => rows[at]);
}
