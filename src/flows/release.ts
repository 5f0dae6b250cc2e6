import { contractHash } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import { identity } from '../core/hash.ts';
import {
  type CheckResult,
  currentRelease,
  type ReleaseDecision,
  type ReleaseRecord,
} from '../core/release.ts';
import { policyHash, type ReleasePolicy } from '../core/release-policy.ts';
import {
  appendRelease,
  type ReleaseStep,
  readReleaseRecords,
  repairReleaseState,
} from '../store/release-records.ts';
import { openWorkspace } from '../store/workspace.ts';
import type { Engine } from './engine.ts';
import { adviceOn } from './gate/advice.ts';
import { requireApprover } from './gate/approver.ts';
import { notMeasured, SEE_INTEGRITY } from './gate/gate-input.ts';
import { runGate } from './gate/run-gate.ts';
import { parseWaivers } from './gate/waivers.ts';
import { type ModelEntry, selectModels } from './models.ts';
import { openCandidate, openCurrent } from './release-candidate.ts';
import { type EvaluationSet, evaluationRows } from './release-evaluation.ts';

export interface ReleaseRequest {
  /** `endpoint` (its newest version) or `endpoint@version` */
  readonly model: string;
  readonly modelsFolder: string;
  readonly workspace: string;
  readonly policy: ReleasePolicy;
  /** `Name <mail>` */
  readonly approver: string;
  /** `check=reason` each. */
  readonly waivers: readonly string[];
  /** Check and tell, record nothing. */
  readonly dryRun: boolean;
}

/** What the gate found, and where it is recorded. */
export interface ReleaseSummary {
  readonly decision: ReleaseDecision;
  /** null for a dry run, and where `standing` is not null */
  readonly record: ReleaseRecord | null;
  /** The record of the current release where the decision says nothing that it does not say; no other is written. */
  readonly standing: ReleaseRecord | null;
}

/**
 * Takes a model artifact through the release gate and records what came of it: released, or refused with every reason. A
 * refusal is recorded too and changes nothing of what the endpoint answers with; `requireReleased` makes an error of it. A
 * model that is the current release already is checked again, and recorded again only if that says something new.
 * @param evaluate  makes the set that the model is judged on: evaluationOfRecipe, or evaluationOfTable
 * @throws ERR_USAGE without an approver, ERR_MODEL_NOT_FOUND, ERR_RELEASE_WAIVER, ERR_RELEASE_CONFLICT, ERR_RELEASE_CORRUPT, ERR_OUTPUT_BUSY,
 *   ERR_WORKSPACE, and what `evaluate` throws
 */
export async function release(
  engine: Engine,
  request: ReleaseRequest,
  evaluate: (entry: ModelEntry) => Promise<EvaluationSet>,
  onStep?: (step: ReleaseStep) => void,
): Promise<ReleaseSummary> {
  const approver = requireApprover(request.approver);
  const waivers = parseWaivers(request.waivers, request.policy);
  const [entry] = await selectModels(request.modelsFolder, [request.model]);
  const { endpoint, version } = entry;
  const workspace = await openWorkspace(request.workspace, engine.clock);
  if (!request.dryRun) await repairReleaseState(workspace);
  const records = await readReleaseRecords(workspace, endpoint);
  const current = currentRelease(records);
  const evaluation = await evaluate(entry);
  const candidate = await openCandidate(engine, entry, evaluation);
  const input = {
    policy: request.policy,
    contract: engine.contract,
    evaluation,
    approver,
    candidate,
    current: await openCurrent(engine, request.modelsFolder, endpoint, current, evaluation),
  };
  const checks = await runGate(input, waivers, (fingerprints) => engine.createNeighborIndex(fingerprints));
  const { manifest } = candidate;
  const decision: ReleaseDecision = {
    schema: 'assayer.release/1',
    endpoint,
    version,
    outcome: checks.some(({ outcome }) => outcome === 'failed') ? 'refused' : 'released',
    artifact: manifest?.hash ?? null,
    contract: manifest ? contractHash(manifest.contract) : null,
    engine: { contract: contractHash(engine.contract), environment: engine.environment },
    evaluation: { hash: evaluation.hash, rows: evaluationRows(evaluation), source: evaluation.source },
    policy: { hash: policyHash(request.policy), content: request.policy },
    checks,
    waivers,
    approver,
    replaces: current?.artifact ?? null,
    time: new Date(engine.clock.now()).toISOString(),
  };
  const last = current && records[current.sequence - 1];
  if (last && meaning(last) === meaning(decision)) return { decision, record: null, standing: last };
  const record = request.dryRun ? null : await appendRelease(workspace, decision, current, onStep);
  return { decision, record, standing: null };
}

/** What a decision says about a model: equal for two of the same artifact, rows, policy, waivers and approver. */
function meaning({ outcome, artifact, evaluation, policy, waivers, approver }: ReleaseDecision): string {
  return identity({ outcome, artifact, rows: evaluation.hash, policy: policy.hash, waivers, approver });
}

/**
 * Makes an error of a refusal.
 * @throws ERR_RELEASE_REFUSED naming the checks that failed
 */
export function requireReleased({ decision, record }: ReleaseSummary): void {
  if (decision.outcome === 'released') return;
  const failed = decision.checks.filter(({ outcome }) => outcome === 'failed');
  const namesOf = (checks: readonly CheckResult[]) => checks.map(({ check }) => check);
  // Checks that only point at damaged files need nothing of their own.
  const own = failed.filter(({ check, words }) => words !== notMeasured(check, SEE_INTEGRITY).words);
  throw new AssayerError('ERR_RELEASE_REFUSED', {
    model: `${decision.endpoint}@${decision.version}`,
    checks: `${namesOf(failed).join(', ')} failed`,
    record: record
      ? `Record ${record.sequence} says what was measured.`
      : 'This was a dry run: nothing was recorded.',
    advice: adviceOn(namesOf(own), decision.policy.content),
  });
}
