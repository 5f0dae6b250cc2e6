/** The streams of a check that need no shipped model, on two sides that are in memory. */
import type { Verdict } from '../../src/core/drift.ts';
import { COMPOUND_STREAMS, compoundStreams } from '../../src/flows/drift/compound-streams.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { labelsStream } from '../../src/flows/drift/labels-stream.ts';
import { performanceStream } from '../../src/flows/drift/performance-stream.ts';
import type { BatchLabels } from '../../src/flows/drift/read-labels.ts';
import { trainingDistances } from '../../src/flows/drift/training-distances.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import type { Compounds, ProofPlace } from './compounds.ts';

export const INPUT_STREAMS = COMPOUND_STREAMS.length;

/** What a stream said, as far as a proof needs it. */
export interface StreamFinding {
  readonly state: Verdict['state'];
  readonly p: number | null;
  /** The stream's effect by its name. */
  readonly effect: string | null;
  readonly value: number | null;
  /** What moved most. */
  readonly moved: readonly string[];
  readonly units: number;
  readonly nullHypothesis: Verdict['nullHypothesis'];
  readonly reason?: string;
}

export interface JudgeSettings {
  /** Of the whole check; each stream has its part. */
  readonly alpha: number;
  readonly permutations: number;
  readonly seed: number;
}

export interface Judged {
  readonly streamAlpha: number;
  /** By stream. */
  readonly findings: Readonly<Record<string, StreamFinding>>;
}

/** What is asked: the compounds, their labels, or both; labels only where both sides have values. */
export type Asked = 'inputs' | 'labels' | 'both';

/** Compounds that a model has answered. */
export interface Answered extends Compounds {
  /** On the scale of the values. */
  readonly predicted: Float64Array;
}

/** Asks streams about a batch, as `assayer drift` does: alpha is shared by the four of the compounds and, where asked, labels. */
export async function judgeStreams(
  place: ProofPlace,
  reference: Compounds,
  batch: Compounds,
  settings: JudgeSettings,
  asked: Asked = 'both',
): Promise<Judged> {
  const hasLabels = [reference, batch].every(({ values }) => values.some((value) => !Number.isNaN(value)));
  const ofLabels = asked !== 'inputs' && hasLabels;
  const check = checkOf(place, reference, batch, settings, INPUT_STREAMS + (ofLabels ? 1 : 0));
  const verdicts: Verdict[] = [];
  if (asked !== 'labels') {
    const distances = await trainingDistances(check, await openWorkspace(place.workspace));
    verdicts.push(...(await compoundStreams(check, distances)).verdicts);
  }
  if (ofLabels) {
    // A bound has no value in a reference.
    const values = reference.values.map((value, i) => (reference.censored[i] === 1 ? Number.NaN : value));
    verdicts.push(labelsStream(check, { name: 'value', unit: '' }, values, labelsOf(batch)));
  }
  const findings = Object.fromEntries(verdicts.map((verdict) => [verdict.stream, findingOf(verdict)]));
  return { streamAlpha: check.streamAlpha, findings };
}

/** Asks whether a model errs more on the batch, as one of five streams. */
export function judgeLosses(
  place: ProofPlace,
  reference: Answered,
  batch: Answered,
  settings: JudgeSettings,
): StreamFinding {
  const check = checkOf(place, reference, batch, settings, INPUT_STREAMS + 1);
  const losses = reference.values.map((value, i) => Math.abs(value - reference.predicted[i]));
  const loss = { kind: 'regression', name: 'mean absolute error', unit: 'log units' } as const;
  return findingOf(performanceStream(check, loss, losses, batch.predicted, labelsOf(batch)).verdict);
}

/** A check of two sides that are in memory. */
export function checkOf(
  { engine }: ProofPlace,
  reference: Compounds,
  batch: Compounds,
  { alpha, permutations, seed }: JudgeSettings,
  streams: number,
): DriftCheck {
  return {
    reference: reference.sample,
    batch: batch.sample,
    ofModel: false,
    settings: { alpha, permutations, seed },
    streamAlpha: alpha / streams,
    backends: engine.backends,
  };
}

/** Labels without dates. Which side a bound is on no test asks. */
function labelsOf({ values, censored }: Compounds): BatchLabels {
  const unknown = values.map(() => Number.NaN);
  return {
    values,
    relations: Int8Array.from(censored),
    submitted: unknown,
    measured: unknown,
    latest: Number.NaN,
    unmatched: 0,
    revised: 0,
  };
}

function findingOf({ state, p, effect, moved, counts, nullHypothesis, reason }: Verdict): StreamFinding {
  return {
    state,
    p,
    effect: effect?.name ?? null,
    value: effect?.value ?? null,
    moved: moved.slice(0, 3).map(({ name }) => name),
    units: counts.units,
    nullHypothesis,
    ...(reason && { reason }),
  };
}
