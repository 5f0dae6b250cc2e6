import { type ChunkTask, featurizeChunk, movable } from '../chemistry/featurize-chunk.ts';
import { Toolkit } from '../chemistry/toolkit.ts';
import type { FeatureBatch } from '../core/compound.ts';

const toolkit = await Toolkit.load();

/** Entry of a featurizing thread: one toolkit, one chunk at a time. */
export default async function featurize(task: ChunkTask): Promise<FeatureBatch> {
  return movable(await featurizeChunk(toolkit, task));
}
