import { median } from '../machine.ts';
import type { Limit } from './limits.ts';
import type { DeviceTime, TimedContext } from './timed-context.ts';

/** One run of an operation. */
export interface TimedRun {
  readonly wallSeconds: number;
  readonly device: DeviceTime;
}

/** A figure with all that it was made from. */
export interface Timing {
  readonly name: string;
  readonly unit: string;
  /** How much of the unit one run does. */
  readonly amount: number;
  /** Amount a second, by what `by` says. */
  readonly rate: number;
  /** The median of the kernels' time on the device; or wall time, with transfers, the host's share and all waits. */
  readonly by: 'kernels' | 'wall';
  readonly kernelMilliseconds: number;
  readonly wallMilliseconds: number;
  readonly limit?: Limit;
  /** The rate over the limit. */
  readonly share?: number;
  readonly aim?: Aim;
  readonly runs: readonly TimedRun[];
}

/** What issue 4 asks of one H200. */
export interface Aim {
  readonly text: string;
  readonly reached: boolean;
}

export interface Skipped {
  readonly name: string;
  readonly skipped: string;
  /** Skipped because its answer was wrong at this size. */
  readonly isWrong?: true;
}

export type Figure = Timing | Skipped;

export interface Work {
  readonly name: string;
  readonly unit: string;
  readonly amount: number;
  readonly by: 'kernels' | 'wall';
  readonly limit?: Limit | undefined;
  readonly aim?: ((timing: Pick<Timing, 'rate' | 'kernelMilliseconds' | 'share'>) => Aim) | undefined;
  readonly run: () => Promise<unknown>;
}

export interface Effort {
  readonly runs: number;
  readonly secondsPerFigure: number;
  /** As performance.now(): nothing begins past it. */
  readonly deadline: number;
}

/** Warms up once and times; fewer runs than asked for where one takes long, and at least one. */
export async function timeWork(
  context: TimedContext,
  { name, unit, amount, by, limit, aim, run }: Work,
  { runs, secondsPerFigure, deadline }: Effort,
): Promise<Figure> {
  if (performance.now() > deadline) return { name, skipped: 'the time of the bench was used up' };
  await run();
  await context.take();
  const samples: TimedRun[] = [];
  const start = performance.now();
  const mayGoOn = () =>
    samples.length < runs &&
    performance.now() - start < secondsPerFigure * 1000 &&
    performance.now() < deadline;
  do {
    const from = performance.now();
    await run();
    const wallSeconds = (performance.now() - from) / 1000;
    samples.push({ wallSeconds, device: await context.take() });
  } while (mayGoOn());
  const kernelMilliseconds = median(samples.map(({ device }) => device.kernelMilliseconds));
  const wallMilliseconds = median(samples.map(({ wallSeconds }) => wallSeconds * 1000));
  const rate = (amount / (by === 'wall' ? wallMilliseconds : kernelMilliseconds)) * 1000;
  const measured = { rate, kernelMilliseconds, ...(limit && { share: rate / limit.value }) };
  return {
    name,
    unit,
    amount,
    by,
    ...measured,
    wallMilliseconds,
    ...(limit && { limit }),
    ...(aim && { aim: aim(measured) }),
    runs: samples,
  };
}
