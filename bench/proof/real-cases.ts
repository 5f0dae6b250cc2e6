/** Every real case of drift-cases.json: which streams fire, which stay quiet. */
import { bridgeCompounds } from '../../src/statistics/bridge-compounds.ts';
import { type CaseRows, type DriftCase, readCases, readParts } from './cases.ts';
import {
  type ClusterBy,
  type Compounds,
  type ProofPlace,
  placesOf,
  RAW_FILES,
  readCompounds,
  takeCompounds,
} from './compounds.ts';
import { type JudgeSettings, judgeStreams, type StreamFinding } from './streams.ts';

/** Paired compounds are called the same where their mean lies within this, in log units. */
const BRIDGE = { margin: 0.3, alpha: 0.05 };
/** The rat's values stand in another column of the file that the human's come from. */
const OTHER_VALUES: Readonly<Record<string, string>> = {
  'microsomal-rat-lab': 'LOG RLM_CLint (mL/min/kg)',
};

export interface RealBatch {
  readonly case: string;
  readonly isNull: boolean;
  readonly part: string;
  readonly clusterBy: ClusterBy;
  readonly referenceRows: number;
  readonly batchRows: number;
  readonly streamAlpha: number;
  readonly findings: Readonly<Record<string, StreamFinding>>;
  /** Differences of the same compounds, where the rows are paired. */
  readonly bridge?: { readonly pairs: number; readonly mean: number; readonly verdict: string };
}

export interface RealCasesProof {
  readonly settings: JudgeSettings;
  readonly batches: readonly RealBatch[];
}

/** @param onBatch  called as each is done, so that what is there can be kept */
export async function proveRealCases(
  place: ProofPlace,
  settings: JudgeSettings,
  options: { only?: (id: string) => boolean; onBatch?: (proof: RealCasesProof) => void } = {},
): Promise<RealCasesProof> {
  const batches: RealBatch[] = [];
  // Small cases first, so that much is there early.
  const rowsOf = ({ parts }: DriftCase) => parts.reduce((sum, { rows }) => sum + rows, 0);
  for (const one of readCases(place.shared).toSorted((a, b) => rowsOf(a) - rowsOf(b))) {
    if (options.only && !options.only(one.id)) continue;
    const parts = await openParts(place, one);
    const reference = parts.get(one.referencePart) as Compounds;
    for (const part of one.batchParts) {
      const batch = parts.get(part) as Compounds;
      checkMeans(one, part, reference, batch);
      const { streamAlpha, findings } = await judgeStreams(place, reference, batch, settings);
      batches.push({
        case: one.id,
        isNull: one.null,
        part,
        clusterBy: clusterOf(one),
        referenceRows: reference.rows.length,
        batchRows: batch.rows.length,
        streamAlpha,
        findings,
        ...(one.id.startsWith('aqsoldb-paired') && {
          bridge: bridgeOf(readParts(place.shared, one), part, reference, batch),
        }),
      });
      options.onBatch?.({ settings, batches });
    }
  }
  return { settings, batches };
}

/** Documents where the rows of a file come from documents, scaffolds else. */
export function clusterOf({ files }: Pick<DriftCase, 'files'>): ClusterBy {
  return RAW_FILES[files[0]].document ? 'document' : 'scaffold';
}

/** All parts of a case with features; those of one file are featurized together. */
export async function openParts(place: ProofPlace, one: DriftCase): Promise<Map<string, Compounds>> {
  const parts = readParts(place.shared, one);
  const opened = new Map<string, Compounds>();
  for (const [number, file] of one.files.entries()) {
    const own = [...parts].filter((entry): entry is [string, CaseRows] => entry[1].file === number);
    const rows = [...new Set(own.flatMap(([, { rows }]) => rows))];
    const value = number === 0 ? OTHER_VALUES[one.id] : undefined;
    const all = await readCompounds(place, file, rows, value);
    for (const [part, { rows }] of own)
      opened.set(part, takeCompounds(all, placesOf(all, rows), `${one.id} ${part}`, clusterOf(one)));
  }
  return opened;
}

/** The join by file and row is right where the labels' means are those measured when the case was made. */
function checkMeans(one: DriftCase, part: string, reference: Compounds, batch: Compounds): void {
  const { label } = one.measured[part] ?? {};
  if (!label) return;
  for (const [side, expected] of [
    [reference, label.meanReference],
    [batch, label.meanBatch],
  ] as const) {
    const mean = side.values.reduce((sum, value) => sum + value, 0) / side.values.length;
    // Rows that only one of the two toolkits reads move a mean a little.
    if (!(Math.abs(mean - expected) < 0.01)) {
      throw new Error(`${one.id}, ${part}: mean label ${mean}, and ${expected} was measured`);
    }
  }
}

/** Row k of one part pairs with row k of the other. */
function bridgeOf(
  parts: ReadonlyMap<string, CaseRows>,
  part: string,
  reference: Compounds,
  batch: Compounds,
): NonNullable<RealBatch['bridge']> {
  const [before, after] = [...parts].map(([, { rows }]) => rows);
  const pairs = before.map((row, k) => [reference.rows.indexOf(row), batch.rows.indexOf(after[k])] as const);
  const read = pairs.filter(([x, y]) => x >= 0 && y >= 0);
  if (after.length !== before.length) throw new Error(`the rows of ${part} do not pair`);
  const { t, verdict } = bridgeCompounds(
    read.map(([x]) => reference.values[x]),
    read.map(([, y]) => batch.values[y]),
    BRIDGE,
  );
  return { pairs: read.length, mean: t.mean, verdict };
}
