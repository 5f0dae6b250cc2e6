import { contractDifference, contractHash } from '../../core/contract.ts';
import type { CheckResult } from '../../core/release.ts';
import { type GateInput, judged, notMeasured, SEE_INTEGRITY } from './gate-input.ts';

/** The model was trained on the features that the serving engine makes. */
export function checkContract({ candidate, contract }: GateInput): CheckResult {
  const { manifest } = candidate;
  if (!manifest) return notMeasured('contract', SEE_INTEGRITY);
  const serving = contractHash(contract);
  const trained = contractHash(manifest.contract);
  const measurements = [
    {
      name: 'feature contract',
      value: trained,
      bound: `${serving}, the serving engine's`,
      holds: trained === serving,
    },
    {
      name: 'contract hash in the manifest',
      value: manifest.contractHash,
      bound: 'that of its contract',
      holds: manifest.contractHash === trained,
    },
  ];
  const words =
    trained === serving
      ? 'The model was trained on the same features as the engine makes.'
      : `The model was trained on other features than the engine makes: ${contractDifference(manifest.contract, contract)}. Its answers on them would mean nothing; train it again.`;
  return judged('contract', measurements, words);
}
