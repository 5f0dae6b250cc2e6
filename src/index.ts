import type { Engine } from './flows/engine.ts';
import { NeighborSearch } from './flows/open-index.ts';
import { createEngine } from './main.ts';

/**
 * The library's exports: the engine of this machine, and the flows behind the commands. Statistics by themselves are
 * `assayer/statistics`.
 */
export type { Manifest } from './core/artifact.ts';
export { type Backend, type BackendAnswer, type BackendSource, runOnFirst } from './core/backend.ts';
export type { FeatureContract } from './core/contract.ts';
export type { DriftReport, DriftSide, DriftStream, Moved, NotEvaluable, Verdict } from './core/drift.ts';
export { AssayerError, ERRORS, type ErrorCode } from './core/errors.ts';
export type { Operations, PackedRows } from './core/ops.ts';
export type { Approver, CheckResult, ReleaseDecision, ReleaseRecord, Waiver } from './core/release.ts';
export { DEFAULT_RELEASE_POLICY, parseReleasePolicy, type ReleasePolicy } from './core/release-policy.ts';
export {
  type BridgeReport,
  type BridgeRequest,
  type BridgeState,
  checkBridge,
} from './flows/drift/bridge.ts';
export { checkDrift, type DriftRequest } from './flows/drift/check-drift.ts';
export type { PeriodLength } from './flows/drift/periods.ts';
export { type Replay, type ReplayLook, type ReplayRequest, replay } from './flows/drift/replay.ts';
export type { Engine } from './flows/engine.ts';
export { type ImportRequest, type ImportSummary, importModel } from './flows/import-model.ts';
export { appendToIndex, buildIndex, type IndexChange, type IndexRequest } from './flows/index-build.ts';
export { compactIndex, deleteFromIndex } from './flows/index-edit.ts';
export { exportIndex } from './flows/index-export.ts';
export { type IndexInfo, readIndexInfo } from './flows/index-info.ts';
export type { LineageRecord } from './flows/lineage.ts';
export {
  listModels,
  type ModelArtifact,
  type ModelEntry,
  readCard,
  readManifest,
  readModel,
  selectModels,
} from './flows/models.ts';
export { findNeighbors, type NeighborsRequest, type NeighborsSummary } from './flows/neighbors.ts';
export type { Neighbor, QueryOptions } from './flows/neighbors-answer.ts';
export type { NeighborSearch, Queries, QueryAnswer } from './flows/open-index.ts';
export { type ReleaseRequest, type ReleaseSummary, release, requireReleased } from './flows/release.ts';
export { type EvaluationSet, evaluationOfRecipe } from './flows/release-evaluation.ts';
export { findRelease, listReleases } from './flows/release-list.ts';
export { type EvaluationTable, evaluationOfTable } from './flows/release-table.ts';
export { type ScreenRequest, type ScreenSummary, screen } from './flows/screen.ts';
export { recipeOf, type TrainRequest, type TrainSummary, train } from './flows/train.ts';
export { type ValidateRequest, type ValidateSummary, validate } from './flows/validate.ts';
export { plotsOf } from './flows/validation/plots/plots.ts';
export type { Validation } from './flows/validation/report-schema.ts';
export { attachValidation, readValidation, writeValidation } from './flows/validation/validation-files.ts';
export { type Verification, verifyArtifact } from './flows/verify-artifact.ts';
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
