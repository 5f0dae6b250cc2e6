import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AssayerError, describeCause } from '../../core/errors.ts';
import type { MmdLayout } from './mmd-layout.ts';
import { type MmdPart, MmdSweep, type MmdTask } from './mmd-sweep.ts';

/** What a thread starts with. */
export interface MmdThreadData {
  readonly layout: MmdLayout;
  readonly workspace: number;
}

/** Answers tasks, one at a time. */
export interface MmdThread extends AsyncDisposable {
  run(task: MmdTask): Promise<MmdPart>;
}

/** Works on the caller's thread, which gets a turn between tasks. */
export function callingThread({ layout, workspace }: MmdThreadData): MmdThread {
  const sweep = new MmdSweep(layout, workspace);
  return {
    async run(task) {
      await nextTurn();
      return sweep.run(task);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Works on a worker thread. @param url the worker entry file, workers/mmd */
export function workerThread(url: URL, data: MmdThreadData): MmdThread {
  const worker = new Worker(url, { workerData: data });
  let pending: { resolve(part: MmdPart): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  const fail = (cause: unknown) => {
    const problem = `a thread of MMD failed: ${describeCause(cause)}`;
    failure ??= new AssayerError('ERR_INTERNAL', { problem }, { cause });
    pending?.reject(failure);
  };
  worker.on('message', (part: MmdPart) => pending?.resolve(part));
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`it ended with code ${code}`)));
  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        pending = { resolve, reject };
        worker.postMessage(task);
      }),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/**
 * Runs tasks on whichever thread is free, and takes their parts in the order of the tasks, so that sums are the same bytes with any
 * number of threads.
 * @throws ERR_CANCELLED, ERR_INTERNAL
 */
export async function runInOrder<Task extends MmdTask>(
  threads: readonly MmdThread[],
  tasks: readonly Task[],
  take: (part: MmdPart, task: Task) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const early = new Map<number, MmdPart>();
  let next = 0;
  let taken = 0;
  let failed = false;
  const work = async (thread: MmdThread) => {
    while (next < tasks.length && !failed) {
      if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
      const at = next++;
      early.set(at, await thread.run(tasks[at]));
      for (let part = early.get(taken); part; part = early.get(taken)) {
        take(part, tasks[taken]);
        early.delete(taken++);
      }
    }
  };
  const guarded = async (thread: MmdThread) => {
    try {
      await work(thread);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const outcomes = await Promise.allSettled(threads.map(guarded));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
