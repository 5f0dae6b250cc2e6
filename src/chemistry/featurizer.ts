import { Piscina } from 'piscina';
import type { FeatureBatch } from '../core/compound.ts';
import type { FeatureContract } from '../core/contract.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import type { FeaturizeOptions, Featurizer } from '../core/ports.ts';
import { rejectReason } from '../core/rejects.ts';
import { featureContract } from './contract.ts';
import { emptyBatch, placeBatch } from './feature-batch.ts';
import type { ChunkTask } from './featurize-chunk.ts';
import type { InputKind } from './featurize-molecule.ts';
import { LIMITS, type Limits } from './limits.ts';

export interface FeaturizerOptions {
  /** The worker entry file, workers/featurize. */
  readonly workerUrl: URL;
  readonly threads: number;
  /** Compounds sent to a thread at once. */
  readonly chunkSize?: number;
  /** Longest time that one compound may take at each of two tries; the thread that it holds is then replaced. */
  readonly moleculeTimeoutMs?: number;
  readonly limits?: Limits;
}

/** How often a running chunk is looked at within the time that one molecule may take. */
const LOOKS = 8;
/** A thread that has had nothing to do for so long ends, but for one. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * A pool of threads that featurize. The first starts at once, the others when there is work for them.
 * @throws ERR_CHEMISTRY (from `featurize`) when the threads cannot run
 */
export function createFeaturizer(options: FeaturizerOptions): Featurizer {
  return new PooledFeaturizer(options);
}

class PooledFeaturizer implements Featurizer {
  readonly contract: FeatureContract;
  readonly #limits: Limits;
  readonly #chunkSize: number;
  readonly #lookEveryMs: number;
  readonly #pool: Piscina<ChunkTask, FeatureBatch>;

  constructor({
    workerUrl,
    threads,
    chunkSize = 128,
    moleculeTimeoutMs = 10_000,
    limits = LIMITS,
  }: FeaturizerOptions) {
    this.contract = featureContract(limits);
    this.#limits = limits;
    this.#chunkSize = chunkSize;
    this.#lookEveryMs = moleculeTimeoutMs / LOOKS;
    this.#pool = new Piscina({
      filename: workerUrl.href,
      minThreads: 1,
      maxThreads: threads,
      idleTimeout: IDLE_TIMEOUT_MS,
    });
    // A thread that fails while it starts takes no task with it: without this, the pool would start it for ever.
    this.#pool.on('error', () => void this.#pool.destroy());
  }

  async featurize(
    inputs: readonly string[],
    { kind = 'smiles', signal }: FeaturizeOptions = {},
  ): Promise<FeatureBatch> {
    const batch = emptyBatch(inputs.length);
    const failure = new AbortController();
    const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
    const chunks: Promise<void>[] = [];
    for (let start = 0; start < inputs.length; start += this.#chunkSize) {
      const chunk = inputs.slice(start, start + this.#chunkSize);
      chunks.push(this.#fill(batch, start, chunk, kind, stop));
    }
    try {
      await Promise.all(chunks);
    } catch (cause) {
      failure.abort();
      await Promise.allSettled(chunks);
      if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {}, { cause });
      throw new AssayerError('ERR_CHEMISTRY', { problem: describeCause(cause) }, { cause });
    }
    return batch;
  }

  /**
   * Featurizes a chunk into the rows from `start`. When its thread is lost or stalls, the molecule under way is tried
   * once more by itself, on another thread: the fault may have been the machine's. Only then is it refused.
   */
  async #fill(
    batch: FeatureBatch,
    start: number,
    inputs: readonly string[],
    kind: InputKind,
    stop: AbortSignal,
    isRetry = false,
  ): Promise<void> {
    if (inputs.length === 0) return;
    const progress = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
    const stalled = new AbortController();
    const watch = this.#watch(progress, inputs.length, stalled);
    let culprit: number;
    try {
      const task = { inputs, kind, limits: this.#limits, progress };
      const part = await this.#pool.run(task, { signal: AbortSignal.any([stop, stalled.signal]) });
      placeBatch(batch, part, start);
      return;
    } catch (cause) {
      culprit = Atomics.load(progress, 0);
      if (stop.aborted || culprit < 0 || culprit >= inputs.length) throw cause;
      if (isRetry) {
        batch.reasons[start] = stalled.signal.aborted
          ? rejectReason('TIMEOUT', `${(this.#lookEveryMs * LOOKS) / 1000} s`)
          : rejectReason('TOOLKIT_FAILED', describeCause(cause));
        return;
      }
    } finally {
      clearInterval(watch);
    }
    await this.#fill(batch, start, inputs.slice(0, culprit), kind, stop);
    await this.#fill(batch, start + culprit, [inputs[culprit]], kind, stop, true);
    await this.#fill(batch, start + culprit + 1, inputs.slice(culprit + 1), kind, stop);
  }

  /**
   * Gives up on a chunk whose molecule under way is the same at LOOKS looks. Looks are counted, not time, so that
   * neither a suspended process nor a busy main thread makes a molecule late; neither waiting in the queue nor the
   * start of a thread counts, since no molecule is under way then.
   */
  #watch(progress: Int32Array, length: number, stalled: AbortController): NodeJS.Timeout {
    let seen = -1;
    let looks = 0;
    return setInterval(() => {
      const now = Atomics.load(progress, 0);
      looks = now === seen && now >= 0 && now < length ? looks + 1 : 0;
      seen = now;
      if (looks >= LOOKS) stalled.abort();
    }, this.#lookEveryMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}
