import type { DriftStream, Verdict } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import { planLooks } from '../../statistics/planned-looks.ts';
import { openWorkspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { dayAt } from './calendar-day.ts';
import type { DriftCheck, DriftSettings } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { judgeStreams, testingStreams } from './judge-streams.ts';
import { readLabelFile } from './label-file.ts';
import { askModels, takeAnswers } from './model-answers.ts';
import { modelNamed } from './model-named.ts';
import { besideModel } from './model-sample.ts';
import { cutPeriods, type Period, type PeriodLength } from './periods.ts';
import { labelsOf, requireMatch } from './read-labels.ts';
import { type Reading, readingOf, readReference } from './read-reference.ts';
import { readSample } from './read-sample.ts';
import { type SequentialDistances, SplitMonitors } from './sequential-distances.ts';
import { inKnownOrder, knownOrder, takeRows } from './take-rows.ts';
import { distancesOfRows, trainingDistances } from './training-distances.ts';
import { type Watching, watchedModels } from './watched-models.ts';

export interface ReplayRequest extends DriftSettings, Reading, Watching {
  /** A dated or ordered file of compounds. */
  readonly stream: string;
  /** A file or a model; null takes the stream's first period. */
  readonly reference: string | null;
  readonly by: PeriodLength;
  /** Column of dates; not read where rows are counted. */
  readonly dateColumn: string;
  readonly workspace: string;
}

/**
 * Tests that a stream combines at most: the kernels of chemistry. The least p that it can be relied on to reach is that many
 * times the least of one test; one more, so that it lies below the level.
 */
const MOST_COMBINED = 5;

/** One look at a stream. */
export interface ReplayLook {
  readonly period: string;
  readonly rows: number;
  readonly verdicts: readonly Verdict[];
  /** The sequential test of distances, which may be looked at as often as one likes; null where nothing can be held out. */
  readonly sequential: (SequentialDistances & { readonly alarm: boolean }) | null;
}

export interface Replay {
  readonly schema: 'assayer.replay/1';
  readonly settings: DriftSettings & { readonly cluster: string };
  /** The streams that test at each look. */
  readonly streams: readonly DriftStream[];
  /** Level of each stream at each look: alpha over both. */
  readonly level: number;
  readonly looks: readonly ReplayLook[];
  /** The first period in which each stream, and the sequential test, fired; null where it never did. */
  readonly firstAlarm: Readonly<Record<string, string | null>>;
}

/**
 * Plays a stream back, period by period, and shows when each statistic fires. The looks share alpha: each stream has a
 * fixed part at each look (planned looks). The sequential test has the same alpha for its whole life; it is another way to
 * watch, not one more part of the plan. Labels are taken as they were known when each period ended.
 * @throws as checkDrift; ERR_USAGE where the stream has fewer than two periods, or a date that cannot be read
 */
export async function replay(
  engine: Engine,
  request: ReplayRequest,
  options: { signal?: AbortSignal; onLook?: (look: ReplayLook) => void } = {},
): Promise<Replay> {
  const { signal, onLook } = options;
  const workspace = await openWorkspace(request.workspace);
  const { cluster, by, dateColumn, alpha, seed, labels: labelsPath } = request;
  requireDated(request);
  const trained = request.reference
    ? await modelNamed(engine, request.reference, request.modelsFolder)
    : null;
  const artifacts = await watchedModels(engine, request, trained);
  const reading = readingOf(request, [], signal);
  const covariates = typeof by === 'number' ? [] : [dateColumn];
  const whole = await readSample(engine, request.stream, workspace, { ...reading, covariates });
  requireComparable(whole);
  const periods = cutPeriods(whole.ids, by, whole.covariates.get(dateColumn) ?? []);
  const looked = request.reference === null ? periods.slice(1) : periods;
  if (looked.length === 0) {
    const problem = `${request.stream} has ${periods.length === 1 ? 'one period' : 'no period'}. Give at least two, or a reference and one.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const undated: DriftSample = { ...whole, covariates: new Map() };
  const stream = trained ? besideModel(undated, trained) : undated;
  const labels =
    labelsPath && trained
      ? await readLabelFile(labelsPath, trained.manifest.endpoint, workspace, {
          today: dayAt(engine.clock.now()),
          ...(signal && { signal }),
        })
      : null;
  if (labels && labelsPath) requireMatch(labelsPath, labels, stream);
  const reference =
    request.reference === null
      ? inKnownOrder(takeRows(stream, periods[0].rows, periods[0].name))
      : await readReference(engine, request.reference, trained, workspace, reading);
  requireComparable(reference);

  const streams = testingStreams(artifacts.length > 0, labels !== null);
  const plan = planLooks(looked.length * streams.length, alpha);
  const settings = {
    alpha,
    seed,
    permutations: Math.max(request.permutations, MOST_COMBINED * plan.leastPermutations),
  };
  const all: DriftCheck = {
    reference,
    batch: stream,
    ofModel: trained !== null,
    settings,
    streamAlpha: plan.level,
    backends: engine.backends,
    ...(signal && { signal }),
  };
  // Distances and answers go by compound: they are found once, for all looks.
  const distances = await trainingDistances(all, workspace);
  const answered = await askModels(engine, {
    artifacts,
    reference,
    batch: undated,
    trained: trained && distances,
    workspace,
    ...(signal && { signal }),
  });
  const monitor = distances && new SplitMonitors(all, distances);
  const looks: ReplayLook[] = [];
  for (const period of looked) {
    const rows = orderedRows(stream, period);
    const batch = takeRows(stream, rows, period.name);
    const own = distances && distancesOfRows(distances, rows);
    const models = answered.map((one) => ({ ...one, batch: takeAnswers(one.batch, rows) }));
    const known =
      labels && labelsPath ? labelsOf(labelsPath, labels, batch, period.lastDay ?? undefined) : null;
    const { verdicts } = await judgeStreams(
      { ...all, batch },
      { distances: own, models, trained, labels: known },
    );
    const sequential = own ? (monitor?.observe(own, batch.clusters ?? undefined) ?? null) : null;
    const look: ReplayLook = {
      period: period.name,
      rows: period.rows.length,
      verdicts,
      sequential: sequential && { ...sequential, alarm: sequential.anytimeP <= alpha },
    };
    looks.push(look);
    onLook?.(look);
  }
  return {
    schema: 'assayer.replay/1',
    settings: { ...settings, cluster },
    streams,
    level: plan.level,
    looks,
    firstAlarm: firstAlarms(looks, streams),
  };
}

/** Labels are known by the day: periods of so many rows have none. */
function requireDated({ by, labels }: ReplayRequest): void {
  if (labels === undefined || typeof by !== 'number') return;
  const problem = `Labels are taken as they were known when a period ended, and periods of ${by} rows have no days. Replay by day, week or month.`;
  throw new AssayerError('ERR_USAGE', { problem });
}

/** @throws ERR_USAGE where no row of a side was made under the engine's contract */
function requireComparable({ mismatch }: DriftSample): void {
  if (mismatch) throw new AssayerError('ERR_USAGE', { problem: `${mismatch}.` });
}

/** A period's rows of the stream, in an order that is not the file's. */
function orderedRows(stream: DriftSample, { rows, name }: Period): number[] {
  return knownOrder(takeRows(stream, rows, name)).map((at) => rows[at]);
}

function firstAlarms(
  looks: readonly ReplayLook[],
  streams: readonly DriftStream[],
): Record<string, string | null> {
  const first = (fires: (look: ReplayLook) => boolean) => looks.find(fires)?.period ?? null;
  const byStream = streams.map((stream): [string, string | null] => [
    stream,
    first(({ verdicts }) => verdicts.some((one) => one.stream === stream && one.state === 'drift')),
  ]);
  return Object.fromEntries([...byStream, ['sequential', first(({ sequential }) => !!sequential?.alarm)]]);
}
