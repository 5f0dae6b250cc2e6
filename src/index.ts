import type { Engine } from './flows/engine.ts';
import { NeighborSearch } from './flows/open-index.ts';
import { createEngine } from './main.ts';

/** The library's exports: the engine of this machine, and the flows that people call. */
export type { Manifest } from './core/artifact.ts';
export type { FeatureContract } from './core/contract.ts';
export { AssayerError, ERRORS, type ErrorCode } from './core/errors.ts';
export type { Engine } from './flows/engine.ts';
export { appendToIndex, buildIndex, type IndexChange, type IndexRequest } from './flows/index-build.ts';
export { compactIndex, deleteFromIndex } from './flows/index-edit.ts';
export { exportIndex } from './flows/index-export.ts';
export type { LineageRecord } from './flows/lineage.ts';
export { listModels, type ModelEntry, readManifest, readModel } from './flows/models.ts';
export { findNeighbors, type NeighborsRequest, type NeighborsSummary } from './flows/neighbors.ts';
export type { Neighbor, QueryOptions } from './flows/neighbors-answer.ts';
export type { NeighborSearch, Queries, QueryAnswer } from './flows/open-index.ts';
export { type ScreenRequest, type ScreenSummary, screen } from './flows/screen.ts';
export { recipeOf, type TrainRequest, type TrainSummary, train } from './flows/train.ts';
export { createEngine } from './main.ts';

/**
 * Opens an index for search on this machine; `await using` frees it.
 * @throws ERR_INDEX_NOT_FOUND, ERR_INDEX_CORRUPT, ERR_INDEX_VERSION, ERR_NO_BACKEND, ERR_OUT_OF_MEMORY, ERR_CANCELLED
 */
export function openIndex(
  path: string,
  { engine = createEngine(), signal }: { readonly engine?: Engine; readonly signal?: AbortSignal } = {},
): Promise<NeighborSearch> {
  return NeighborSearch.open(engine, path, { ...(signal && { signal }) });
}
