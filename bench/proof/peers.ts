/** Detectors of other projects beside this one: the same references and batches, detection delay and false alarms. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DESCRIPTOR_NAMES } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { caseNamed } from './cases.ts';
import { type Compounds, clustered, type ProofPlace } from './compounds.ts';
import { type AlarmRate, NULL_DESIGNS, openDesign, rateOf } from './null-redraws.ts';
import { openParts } from './real-cases.ts';
import { type JudgeSettings, judgeStreams } from './streams.ts';

const PEERS = [
  'alibi_ks',
  'evidently',
  'nannyml_univariate',
  'alibi_mmd',
  'nannyml_classifier',
  'alibi_classifier',
  'nannyml_reconstruction',
] as const;
const STREAM = 'library-slow-mix';
/** Redraws of nothing: rows drawn one by one, and whole scaffolds or documents. */
const NULLS = ['hlm-random', 'hlm-scaffolds', 'library-random', 'cyp3a4-documents'] as const;
/** A peer that takes longer is stopped, and what it has answered is kept. */
const PEER_SECONDS = 400;

/** One detector over the stream and the redraws. */
export interface PeerResult {
  readonly detector: string;
  /** Its package and version. */
  readonly package: string;
  /** What it does by default. */
  readonly what: string;
  /** Whether it fired, for each batch of the stream; null where it was not reached in time. */
  readonly stream: readonly (boolean | null)[];
  /** Redraws in which it fired although nothing had moved. */
  readonly falseAlarms: Readonly<Record<string, AlarmRate>>;
  /** What it said beside that. */
  readonly details: readonly object[];
  /** Why there are no answers, or not all. */
  readonly problem?: string;
}

export interface PeersProof {
  readonly settings: JudgeSettings & { readonly redraws: number };
  /** Batches of the stream, in order, named by the share of other chemistry. */
  readonly batches: readonly string[];
  readonly nulls: readonly { readonly id: string; readonly title: string; readonly rows: number }[];
  readonly results: readonly PeerResult[];
}

interface Comparison {
  readonly name: string;
  readonly sides: readonly [reference: Compounds, batch: Compounds];
  /** The stream, or the null. */
  readonly of: string;
}

/** @param pythons  each peer is asked of the first that has it */
export async function provePeers(
  place: ProofPlace,
  settings: PeersProof['settings'],
  pythons: readonly string[],
  onPeer: (proof: PeersProof) => void = () => undefined,
): Promise<PeersProof> {
  const { comparisons, batches, nulls } = await compareAll(place, settings.redraws);
  const results: PeerResult[] = [];
  const proof = { settings, batches, nulls, results };
  results.push(...(await askOwn(place, comparisons, settings)));
  onPeer(proof);
  const folder = mkdtempSync(join(tmpdir(), 'assayer-peers-'));
  try {
    writePlan(folder, comparisons);
    for (const peer of PEERS) {
      results.push(askPeer(folder, peer, comparisons, pythons));
      onPeer(proof);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return proof;
}

async function compareAll(place: ProofPlace, redraws: number) {
  const slow = caseNamed(place.shared, STREAM);
  const parts = await openParts(place, slow);
  const reference = parts.get(slow.referencePart) as Compounds;
  const stream = slow.batchParts.map((part): Comparison => {
    return { name: `${STREAM} ${part}`, sides: [reference, parts.get(part) as Compounds], of: STREAM };
  });
  const comparisons: Comparison[] = [];
  const nulls = [];
  for (const id of NULLS) {
    const design = NULL_DESIGNS.find((one) => one.id === id);
    if (!design) throw new Error(`there is no design ${id}`);
    const halves = await openDesign(place, design);
    for (let redraw = 0; redraw < redraws; redraw++) {
      const sides = halves(redraw, design.permuted);
      comparisons.push({ name: `${id} ${redraw}`, sides, of: id });
    }
    nulls.push({ id, title: design.title, rows: 500 });
  }
  return { comparisons: [...comparisons, ...stream], batches: [...slow.batchParts], nulls };
}

/** This project's check by whole clusters; and by rows, which a peer's tests do. */
async function askOwn(
  place: ProofPlace,
  comparisons: readonly Comparison[],
  settings: JudgeSettings,
): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  for (const [detector, what, byRows] of [
    [
      'assayer',
      'The four input streams, whole scaffolds or documents permuted, alpha shared by them.',
      false,
    ],
    ['assayer, rows permuted', 'The same with rows taken for independent.', true],
  ] as const) {
    const fired: boolean[] = [];
    const details: object[] = [];
    for (const { name, sides } of comparisons) {
      const [reference, batch] = byRows ? sides.map((side) => clustered(side, 'rows')) : sides;
      const { findings } = await judgeStreams(place, reference, batch, settings, 'inputs');
      const found = Object.entries(findings);
      fired.push(found.some(([, { state }]) => state === 'drift'));
      details.push({ name, ...Object.fromEntries(found.map(([stream, { p }]) => [stream, p])) });
    }
    results.push(resultOf({ detector, package: 'assayer', what }, comparisons, fired, details));
  }
  return results;
}

function resultOf(
  about: Pick<PeerResult, 'detector' | 'package' | 'what' | 'problem'>,
  comparisons: readonly Comparison[],
  fired: readonly boolean[],
  details: readonly object[],
): PeerResult {
  const of = (wanted: string) =>
    comparisons.flatMap((one, i) => (one.of === wanted ? [fired[i] ?? null] : []));
  const falseAlarms = NULLS.flatMap((id) => {
    const answers = of(id).filter((one) => one !== null);
    return answers.length === 0
      ? []
      : [[id, rateOf(answers.filter((one) => one).length, answers.length)] as const];
  });
  return { ...about, stream: of(STREAM), falseAlarms: Object.fromEntries(falseAlarms), details };
}

/** Writes every side once, bits and descriptors, and which are compared. */
function writePlan(folder: string, comparisons: readonly Comparison[]): void {
  const names = new Map<string, string>();
  const sides: Record<string, { rows: number }> = {};
  const nameOf = ({ sample }: Compounds): string => {
    const known = names.get(sample.hash);
    if (known) return known;
    const name = `side-${names.size}`;
    names.set(sample.hash, name);
    const rows = sample.ids.length;
    sides[name] = { rows };
    const bits = new Uint8Array(rows * MORGAN_BYTES);
    for (let row = 0; row < rows; row++) {
      const from = row * FINGERPRINT_BYTES;
      bits.set(sample.fingerprints.subarray(from, from + MORGAN_BYTES), row * MORGAN_BYTES);
    }
    writeFileSync(join(folder, `${name}.bits`), bits);
    const descriptors = sample.descriptors as Float64Array;
    const { buffer, byteOffset, byteLength } = descriptors;
    writeFileSync(join(folder, `${name}.descriptors`), new Uint8Array(buffer, byteOffset, byteLength));
    return name;
  };
  const plan = {
    columns: DESCRIPTOR_NAMES,
    comparisons: comparisons.map(({ name, sides: [reference, batch] }) => {
      return { name, reference: nameOf(reference), batch: nameOf(batch) };
    }),
    sides,
  };
  writeFileSync(join(folder, 'comparisons.json'), JSON.stringify(plan));
}

function askPeer(
  folder: string,
  peer: string,
  comparisons: readonly Comparison[],
  pythons: readonly string[],
): PeerResult {
  const script = new URL('peers.py', import.meta.url).pathname;
  let problem = 'no Python was named';
  for (const python of pythons) {
    const { stdout, stderr, error } = spawnSync(python, [script, folder, peer], {
      encoding: 'utf8',
      timeout: PEER_SECONDS * 1000,
      maxBuffer: 2 ** 26,
    });
    const [head, ...answers] = (stdout ?? '').split('\n').filter((line) => line.startsWith('{'));
    if (head === undefined) {
      problem = lastLine(stderr) || String(error);
      continue;
    }
    const { package: name, version, what } = JSON.parse(head);
    const details = answers.map((line) => JSON.parse(line));
    const missing = comparisons.length - details.length;
    problem = `${missing} of ${comparisons.length} comparisons not done: ${error ? `stopped after ${PEER_SECONDS} s` : lastLine(stderr)}`;
    const about = { detector: peer, package: `${name} ${version}`, what, ...(missing > 0 && { problem }) };
    return resultOf(
      about,
      comparisons,
      details.map(({ fired }) => fired),
      details,
    );
  }
  return resultOf({ detector: peer, package: '', what: '', problem }, comparisons, [], []);
}

const lastLine = (text: string | null) => text?.trim().split('\n').at(-1) ?? '';
