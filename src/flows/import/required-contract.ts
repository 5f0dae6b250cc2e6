import { contractDifference, contractHash, type FeatureContract } from '../../core/contract.ts';
import { AssayerError } from '../../core/errors.ts';
import { readJson } from './read-json.ts';

/**
 * Refuses a model that was trained on other features than this engine makes.
 * @param named     `current`, or a JSON file with the contract, or with a `contract` as a manifest has it
 * @param contract  the engine's
 * @param model     what the model is called in messages
 * @throws ERR_CONTRACT_MISMATCH, ERR_USAGE where the file holds no contract, ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE
 */
export async function requireNamedContract(
  named: string,
  contract: FeatureContract,
  model: string,
): Promise<void> {
  if (named === 'current') return;
  const given = contractOf(await readJson(named));
  if (given === null) {
    const problem = `${named} holds no feature contract. Give one as JSON (assayer models show MODEL --json has it), or current.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const [expected, actual] = [contractHash(given), contractHash(contract)];
  if (expected === actual) return;
  throw new AssayerError('ERR_CONTRACT_MISMATCH', {
    model,
    expected: expected.slice(0, 12),
    actual: actual.slice(0, 12),
    difference: contractDifference(given, contract),
  });
}

function contractOf(value: unknown): FeatureContract | null {
  const inner = value as { readonly contract?: unknown } | null;
  const contract = (inner?.contract ?? inner) as FeatureContract | null;
  return contract?.schema === 'assayer.feature-contract/1' ? contract : null;
}
