import type { Verdict } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import {
  type ConformalMonitor,
  openConformalMonitor,
  startConformalMonitor,
} from '../../statistics/conformal-martingale.ts';
import { planLooks } from '../../statistics/planned-looks.ts';
import type { SequentialLook } from '../../statistics/shared-capital.ts';
import { openWorkspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import { COMPOUND_STREAMS, compoundStreams } from './compound-streams.ts';
import type { DriftCheck, DriftSettings } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { modelNamed } from './model-named.ts';
import { besideModel } from './model-sample.ts';
import { cutPeriods, type PeriodLength } from './periods.ts';
import { type Reading, readingOf, readReference } from './read-reference.ts';
import { readSample } from './read-sample.ts';
import { inKnownOrder, takeRows } from './take-rows.ts';
import { type TrainingDistances, trainingDistances } from './training-distances.ts';

export interface ReplayRequest extends DriftSettings, Reading {
  /** A dated or ordered file of compounds. */
  readonly stream: string;
  /** A file or a model; null takes the stream's first period. */
  readonly reference: string | null;
  readonly by: PeriodLength;
  /** Column of dates; not read where rows are counted. */
  readonly dateColumn: string;
  readonly modelsFolder: string;
  readonly workspace: string;
}

/** One look at a stream. */
export interface ReplayLook {
  readonly period: string;
  readonly rows: number;
  readonly verdicts: readonly Verdict[];
  /** The sequential test of distances, which may be looked at as often as one likes; null where nothing can be held out. */
  readonly sequential: (SequentialLook & { readonly alarm: boolean }) | null;
}

export interface Replay {
  readonly schema: 'assayer.replay/1';
  readonly settings: DriftSettings & { readonly cluster: string };
  /** Level of each stream at each look: alpha over both. */
  readonly level: number;
  readonly looks: readonly ReplayLook[];
  /** The first period in which each stream, and the sequential test, fired; null where it never did. */
  readonly firstAlarm: Readonly<Record<string, string | null>>;
}

/**
 * Plays a stream back, period by period, and shows when each statistic fires. The looks share alpha: each stream has a
 * fixed part at each look (planned looks). The sequential test has the same alpha for its whole life; it is another way to
 * watch, not one more part of the plan.
 * @throws as checkDrift; ERR_USAGE where the stream has fewer than two periods, or a date that cannot be read
 */
export async function replay(
  engine: Engine,
  request: ReplayRequest,
  options: { signal?: AbortSignal; onLook?: (look: ReplayLook) => void } = {},
): Promise<Replay> {
  const { signal, onLook } = options;
  const workspace = await openWorkspace(request.workspace);
  const { cluster, by, dateColumn, alpha, seed } = request;
  const reading = readingOf(request, [], signal);
  const covariates = typeof by === 'number' ? [] : [dateColumn];
  const whole = await readSample(engine, request.stream, workspace, { ...reading, covariates });
  const periods = cutPeriods(whole.ids, by, whole.covariates.get(dateColumn) ?? []);
  const looked = request.reference === null ? periods.slice(1) : periods;
  if (looked.length === 0) {
    const problem = `${request.stream} has ${periods.length} periods. Give at least two, or a reference and one.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const trained = request.reference
    ? await modelNamed(engine, request.reference, request.modelsFolder)
    : null;
  const undated: DriftSample = { ...whole, covariates: new Map() };
  const stream = trained ? besideModel(undated, trained) : undated;
  const partOf = ({ rows, name }: (typeof periods)[number]) => inKnownOrder(takeRows(stream, rows, name));
  const reference =
    request.reference === null
      ? partOf(periods[0])
      : await readReference(engine, request.reference, trained, workspace, reading);

  const plan = planLooks(looked.length * COMPOUND_STREAMS.length, alpha);
  const settings = { alpha, seed, permutations: Math.max(request.permutations, plan.leastPermutations) };
  const base = {
    reference,
    ofModel: trained !== null,
    settings,
    streamAlpha: plan.level,
    backends: engine.backends,
    ...(signal && { signal }),
  };
  let monitor: ConformalMonitor | null = null;
  const looks: ReplayLook[] = [];
  for (const period of looked) {
    const check: DriftCheck = { ...base, batch: partOf(period) };
    const distances = await trainingDistances(check, workspace);
    const { verdicts } = await compoundStreams(check, distances);
    if (distances) monitor ??= openMonitor(check, distances);
    const sequential = monitor?.observe(distances?.batch ?? [], check.batch.clusters ?? undefined);
    const look: ReplayLook = {
      period: period.name,
      rows: period.rows.length,
      verdicts,
      sequential: sequential ? { ...sequential, alarm: sequential.anytimeP <= alpha } : null,
    };
    looks.push(look);
    onLook?.(look);
  }
  return {
    schema: 'assayer.replay/1',
    settings: { ...settings, cluster },
    level: plan.level,
    looks,
    firstAlarm: firstAlarms(looks),
  };
}

/**
 * The sequential test, its history the distances of what was held out. A cluster that the training set holds is no news:
 * it lies nearer than any that was held out, and never enters.
 */
function openMonitor(
  { reference: { clusters }, settings }: DriftCheck,
  { heldOut, calibration }: TrainingDistances,
): ConformalMonitor {
  const names = clusters && { clusters: Array.from(heldOut, (row) => clusters[row]) };
  const state = startConformalMonitor(settings.seed, { values: calibration, ...names });
  return openConformalMonitor({ ...state, clusters: [...new Set([...state.clusters, ...(clusters ?? [])])] });
}

function firstAlarms(looks: readonly ReplayLook[]): Record<string, string | null> {
  const first = (fires: (look: ReplayLook) => boolean) => looks.find(fires)?.period ?? null;
  const byStream = COMPOUND_STREAMS.map((stream): [string, string | null] => [
    stream,
    first(({ verdicts }) => verdicts.some((one) => one.stream === stream && one.state === 'drift')),
  ]);
  return Object.fromEntries([...byStream, ['sequential', first(({ sequential }) => !!sequential?.alarm)]]);
}
