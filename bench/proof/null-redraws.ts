/** False alarms over many redraws of real data in which nothing has moved, by the right null and by the naive one. */
import { clopperPearson } from '../../src/statistics/clopper-pearson.ts';
import { caseNamed, drawHalves, drawRows, readParts } from './cases.ts';
import {
  type ClusterBy,
  type Compounds,
  type ProofPlace,
  placesOf,
  readCompounds,
  takeCompounds,
} from './compounds.ts';
import { type JudgeSettings, judgeStreams } from './streams.ts';

/** Rows of each half at most, as in make-null-rates.py. */
const MOST_ROWS = 500;
/** Rows of the reference at most where it is the larger side. */
const MOST_REFERENCE = 2000;

/** How halves of real rows are drawn. */
export interface NullDesign {
  readonly id: string;
  readonly title: string;
  /** Whose rows, reference and batch together. */
  readonly caseId: string;
  /** Rows to start from; all when not said. */
  readonly rows?: number;
  /** Goes before the number of the redraw. */
  readonly tag: string;
  /** What goes to one half whole. */
  readonly halvesOf: ClusterBy;
  /** One key of so many goes to the batch; 2 when not said. */
  readonly oneIn?: number;
  /** The null that fits; 'rows' would be as right where rows are drawn one by one. */
  readonly permuted: ClusterBy;
}

export const NULL_DESIGNS: readonly NullDesign[] = [
  {
    id: 'cyp3a4-documents',
    title: 'CYP3A4 rows of 2000-2009, whole-document halves',
    caseId: 'null-cyp3a4-document',
    tag: 'null-cyp3a4-',
    halvesOf: 'document',
    permuted: 'document',
  },
  {
    id: 'logd-scaffolds',
    title: '3,000 logD rows, whole-scaffold halves',
    caseId: 'null-logd-scaffold',
    rows: 3000,
    tag: 'null-logd-',
    halvesOf: 'scaffold',
    permuted: 'scaffold',
  },
  {
    id: 'hlm-scaffolds',
    title: 'Biogen HLM rows, whole-scaffold halves',
    caseId: 'null-hlm-scaffold',
    tag: 'null-hlm-scaffold-',
    halvesOf: 'scaffold',
    permuted: 'scaffold',
  },
  {
    id: 'library-scaffolds',
    title: '8,000 library rows, whole-scaffold halves',
    caseId: 'null-library-scaffold',
    tag: 'null-library-scaffold-',
    halvesOf: 'scaffold',
    permuted: 'scaffold',
  },
  {
    id: 'hlm-random',
    title: 'Biogen HLM rows, random halves',
    caseId: 'null-hlm-random',
    tag: 'null-hlm-',
    halvesOf: 'rows',
    permuted: 'scaffold',
  },
  {
    id: 'library-random',
    title: '8,000 library rows, random halves',
    caseId: 'null-library-random',
    tag: 'null-lib-half-',
    halvesOf: 'rows',
    permuted: 'scaffold',
  },
  {
    id: 'aqsoldb-a-random',
    title: 'AqSolDB source A, random halves',
    caseId: 'null-aqsoldb-a-random',
    tag: 'null-aq-',
    halvesOf: 'rows',
    permuted: 'scaffold',
  },
  {
    id: 'aqsoldb-a-random-20',
    title: 'AqSolDB source A, random rows, one in 20 to the batch',
    caseId: 'null-aqsoldb-a-random',
    tag: 'null-aq-20-',
    halvesOf: 'rows',
    oneIn: 20,
    permuted: 'scaffold',
  },
  {
    id: 'hlm-random-10',
    title: 'Biogen HLM rows, random rows, one in 10 to the batch',
    caseId: 'null-hlm-random',
    tag: 'null-hlm-10-',
    halvesOf: 'rows',
    oneIn: 10,
    permuted: 'scaffold',
  },
  {
    id: 'cyp3a4-documents-6',
    title: 'CYP3A4 rows of 2000-2009, whole documents, one in 6 to the batch',
    caseId: 'null-cyp3a4-document',
    tag: 'null-cyp3a4-6-',
    halvesOf: 'document',
    oneIn: 6,
    permuted: 'document',
  },
  {
    id: 'library-scaffolds-20',
    title: '8,000 library rows, whole scaffolds, one in 20 to the batch',
    caseId: 'null-library-scaffold',
    tag: 'null-library-20-',
    halvesOf: 'scaffold',
    oneIn: 20,
    permuted: 'scaffold',
  },
];

/** Alarms among redraws, with the exact 95 % interval of their rate. */
export interface AlarmRate {
  readonly alarms: number;
  readonly redraws: number;
  readonly low: number;
  readonly high: number;
}

/** One null's p-values over the redraws, and their alarms at the level. */
export interface NullRates {
  readonly permuted: ClusterBy;
  /** p of each redraw, by stream; null where a redraw was not judged. */
  readonly p: Readonly<Record<string, readonly (number | null)[]>>;
  /** Of each stream at the level itself. */
  readonly streams: Readonly<Record<string, AlarmRate>>;
  /** Of the whole check: any stream at its part of the level. */
  readonly check: AlarmRate;
}

export interface DesignRates extends Pick<NullDesign, 'id' | 'title' | 'halvesOf'> {
  readonly rowsOfAHalf: number;
  readonly fitting: NullRates;
  readonly naive: NullRates;
}

export interface NullRedrawsProof {
  readonly settings: JudgeSettings & { readonly redraws: number };
  readonly designs: readonly DesignRates[];
}

/** The two sides of a redraw. */
export type Halves = (redraw: number, clusterBy: ClusterBy) => [reference: Compounds, batch: Compounds];

/** Reads a design's rows, and says how to halve them. */
export async function openDesign(place: ProofPlace, design: NullDesign, most = MOST_ROWS): Promise<Halves> {
  const one = caseNamed(place.shared, design.caseId);
  const all = [...readParts(place.shared, one).values()].flatMap(({ rows }) => rows);
  const rows = design.rows ? drawRows(all, design.rows, 'null-logd') : all;
  const compounds = await readCompounds(place, one.files[0], rows);
  const placeOf = new Map(compounds.rows.map((row, at) => [row, at]));
  const keyOf = (row: number): string | number => {
    const at = placeOf.get(row) as number;
    if (design.halvesOf === 'document') return compounds.documents[at];
    return design.halvesOf === 'scaffold' ? (compounds.sample.clusters?.[at] ?? '') : row;
  };
  return (redraw, clusterBy) => {
    const tag = `${design.tag}${redraw}`;
    const halves = drawHalves(compounds.rows, tag, keyOf, design.oneIn);
    const [reference, batch] = halves.map((half, side) => {
      const rowsOfSide = side === 0 && design.oneIn ? MOST_REFERENCE : most;
      const taken = placesOf(compounds, drawRows(half, rowsOfSide, `${tag} rows`));
      return takeCompounds(compounds, taken, `${tag} ${side}`, clusterBy);
    });
    return [reference, batch];
  };
}

/** @param onDesign  called as each is done */
export async function proveNullRedraws(
  place: ProofPlace,
  settings: NullRedrawsProof['settings'],
  options: {
    only?: (id: string) => boolean;
    most?: number;
    onDesign?: (proof: NullRedrawsProof) => void;
  } = {},
): Promise<NullRedrawsProof> {
  const designs: DesignRates[] = [];
  for (const design of NULL_DESIGNS) {
    if (options.only && !options.only(design.id)) continue;
    const halves = await openDesign(place, design, options.most);
    const { id, title, halvesOf, permuted } = design;
    const [fitting, naive] = [
      await ratesUnder(place, halves, permuted, settings),
      await ratesUnder(place, halves, 'rows', settings),
    ];
    designs.push({ id, title, halvesOf, rowsOfAHalf: options.most ?? MOST_ROWS, fitting, naive });
    options.onDesign?.({ settings, designs });
  }
  return { settings, designs };
}

async function ratesUnder(
  place: ProofPlace,
  halves: Halves,
  permuted: ClusterBy,
  settings: NullRedrawsProof['settings'],
): Promise<NullRates> {
  const { redraws, alpha } = settings;
  const p: Record<string, (number | null)[]> = {};
  let alarms = 0;
  for (let redraw = 0; redraw < redraws; redraw++) {
    const [reference, batch] = halves(redraw, permuted);
    const judged = await judgeStreams(place, reference, batch, { ...settings, seed: settings.seed + redraw });
    const found = Object.entries(judged.findings);
    for (const [stream, finding] of found) {
      p[stream] ??= [];
      p[stream].push(finding.p);
    }
    if (found.some(([, { state }]) => state === 'drift')) alarms++;
  }
  const streams = Object.fromEntries(
    Object.entries(p).map(([stream, values]) => {
      const judged = values.filter((value) => value !== null);
      return [stream, rateOf(judged.filter((value) => value <= alpha).length, judged.length)];
    }),
  );
  return { permuted, p, streams, check: rateOf(alarms, redraws) };
}

/** A rate with its exact interval. */
export function rateOf(alarms: number, redraws: number): AlarmRate {
  const [low, high] = clopperPearson(alarms, redraws);
  return { alarms, redraws, low, high };
}
