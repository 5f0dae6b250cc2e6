import type { NeighborIndex } from '../../core/ports.ts';
import type { CheckResult, Waiver } from '../../core/release.ts';
import { checkApprover } from './approver.ts';
import { checkBaseline } from './baseline.ts';
import { checkCalibration } from './calibration.ts';
import { checkCard } from './card.ts';
import { checkContract } from './contract.ts';
import { checkDefinition } from './definition.ts';
import { derivedParts, withDerivedParts } from './derived-parts.ts';
import type { GateInput } from './gate-input.ts';
import { checkIntegrity } from './integrity.ts';
import { checkLabels } from './labels.ts';
import { checkLeakage } from './leakage.ts';
import { nearestBaseline } from './nearest-baseline.ts';
import { checkNoWorse } from './no-worse.ts';

/**
 * Every check of the release gate, in the order of core/release.ts; none is left out because another failed, so that one
 * refusal tells everything.
 * @param waivers  what the approver takes on; it changes what failed, and nothing else
 */
export async function runGate(
  input: GateInput,
  waivers: readonly Waiver[],
  createNeighborIndex: (fingerprints: Uint8Array) => Promise<NeighborIndex>,
): Promise<CheckResult[]> {
  const { scored, artifact } = input.candidate;
  const nearest = scored
    ? await nearestBaseline(scored.artifact, input.evaluation.rows, createNeighborIndex)
    : null;
  const derived = artifact ? await derivedParts(artifact, input.evaluation, createNeighborIndex) : [];
  const results = [
    withDerivedParts(checkIntegrity(input), derived),
    checkContract(input),
    checkDefinition(input),
    checkLeakage(input),
    checkLabels(input),
    checkBaseline(input, nearest),
    checkNoWorse(input),
    checkCalibration(input),
    checkCard(input),
    checkApprover(input),
  ];
  return results.map((result) => {
    const waiver = waivers.find(({ check }) => check === result.check);
    if (!waiver || result.outcome === 'passed') return result;
    return { ...result, outcome: 'waived', waiver: waiver.reason };
  });
}
