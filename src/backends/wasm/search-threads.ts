import { Worker } from 'node:worker_threads';
import { AssayerError, describeCause } from '../../core/errors.ts';
import type { Hits } from '../../core/ops.ts';
import type { Neighbors } from '../../core/ports.ts';
import type { SearchMessage, SearchTask, SearchThreadData } from './search-tasks.ts';

/** A task for whichever thread is free. @param workspaces where each thread's workspace is in the task's shard */
export interface QueuedTask {
  readonly task: SearchTask;
  readonly shard: number;
  readonly workspaces: readonly number[];
  readonly workspaceBytes: number;
}

/** Threads that search the same shards; each is started when there is work for it. */
export class SearchThreads {
  readonly #url: URL;
  readonly #data: SearchThreadData;
  readonly #threads: number;
  readonly #workers: Worker[] = [];
  #closed = false;

  /** @param url the worker entry file, workers/search */
  constructor(url: URL, data: SearchThreadData, threads: number) {
    this.#url = url;
    this.#data = data;
    this.#threads = threads;
  }

  get threads(): number {
    return this.#threads;
  }

  /**
   * Runs tasks, each on one thread. Only one call at a time: workspaces are the threads' own.
   * @returns results in the order of the tasks
   * @throws ERR_CANCELLED, ERR_INTERNAL
   */
  async run(tasks: readonly QueuedTask[], signal?: AbortSignal): Promise<(Neighbors | Hits)[]> {
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const cancel = () => void Atomics.store(cancelled, 0, 1);
    if (this.#closed)
      throw new AssayerError('ERR_USAGE', { problem: 'This index was closed. Open it again.' });
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    signal?.addEventListener('abort', cancel, { once: true });
    const results: (Neighbors | Hits)[] = new Array(tasks.length);
    let next = 0;
    let failed = false;
    const work = async (thread: number) => {
      while (next < tasks.length && !failed && Atomics.load(cancelled, 0) === 0) {
        const at = next++;
        const { workspaces, ...rest } = tasks[at];
        try {
          results[at] = await this.#ask(thread, { ...rest, workspace: workspaces[thread], cancelled });
        } catch (cause) {
          failed = true;
          throw cause;
        }
      }
    };
    try {
      const count = Math.min(this.#threads, tasks.length);
      const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, i) => work(i)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    return results;
  }

  /** One message to one thread, and its answer. An idle thread does not keep the process alive. */
  #ask(thread: number, message: SearchMessage): Promise<Neighbors | Hits> {
    this.#workers[thread] ??= this.#start(thread);
    const worker = this.#workers[thread];
    worker.ref();
    return new Promise((resolve, reject) => {
      const settle = () => {
        worker.off('message', answer).off('error', fail).off('exit', end);
        worker.unref();
      };
      const answer = (result: Neighbors | Hits) => {
        settle();
        resolve(result);
      };
      const fail = (cause: unknown) => {
        settle();
        const problem = `a search thread failed: ${describeCause(cause)}`;
        reject(new AssayerError('ERR_INTERNAL', { problem }, { cause }));
      };
      const end = (code: number) => fail(new Error(`it ended with code ${code}`));
      worker.on('message', answer).on('error', fail).on('exit', end);
      worker.postMessage(message);
    });
  }

  /** Starts a thread; one that ends while it is idle is forgotten, and another is started for the next task. */
  #start(thread: number): Worker {
    const worker = new Worker(this.#url, { workerData: this.#data });
    const forget = () => {
      if (this.#workers[thread] === worker) delete this.#workers[thread];
    };
    return worker.on('error', forget).on('exit', forget);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.splice(0).map((worker) => worker?.terminate()));
  }
}
