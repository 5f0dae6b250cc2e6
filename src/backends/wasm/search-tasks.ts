import type { Hits } from '../../core/ops.ts';
import type { Neighbors } from '../../core/ports.ts';
import { type NearestTask, nearestInShard } from './nearest.ts';
import type { Shard } from './search-shard.ts';
import { type WithinTask, withinShard } from './within.ts';

/** What one thread does at a time: one batch of queries against one shard. */
export type SearchTask = NearestTask | WithinTask;

/** A task as it is sent to a thread. */
export interface SearchMessage {
  readonly task: SearchTask;
  readonly shard: number;
  /** The thread's workspace in that shard. */
  readonly workspace: number;
  readonly workspaceBytes: number;
  /** Not 0 once the caller has given up. int32 [1], shared */
  readonly cancelled: Int32Array;
}

/** What a thread starts with. */
export interface SearchThreadData {
  readonly shards: readonly Shard[];
}

/** Runs one task on the thread that it is called from. */
export function runSearchTask(shards: readonly Shard[], message: SearchMessage): Neighbors | Hits {
  const { task, workspace, workspaceBytes, cancelled } = message;
  const shard = shards[message.shard];
  const stop = () => Atomics.load(cancelled, 0) !== 0;
  return task.kind === 'nearest'
    ? nearestInShard(shard, workspace, task, stop)
    : withinShard(shard, workspace, workspaceBytes, task, stop);
}
