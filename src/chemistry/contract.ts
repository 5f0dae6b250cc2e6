import type { FeatureContract } from '../core/contract.ts';
import { DESCRIPTOR_NAMES } from '../core/descriptors.ts';
import { LEVEL_BITS, MORGAN_BITS } from '../core/fingerprint.ts';
import { LIMITS, type Limits } from './limits.ts';
import { MORGAN_RADIUS } from './morgan.ts';
import { STANDARDIZATION_RULES } from './standardize.ts';
import { TOOLKIT_PACKAGE, toolkitVersion } from './toolkit-version.ts';

/** The contract of this engine's features. Cheap: RDKit itself is not loaded. */
export function featureContract(limits: Limits = LIMITS): FeatureContract {
  return {
    schema: 'assayer.feature-contract/1',
    toolkit: { name: 'RDKit', package: TOOLKIT_PACKAGE, version: toolkitVersion() },
    standardization: STANDARDIZATION_RULES,
    fingerprint: {
      kind: 'morgan',
      radius: MORGAN_RADIUS,
      bits: MORGAN_BITS,
      chirality: false,
      levels: { bits: LEVEL_BITS, from: 2, hash: 'murmur3 fmix32 of bucket + 2048 * level, low 10 bits' },
    },
    descriptors: { dtype: 'float32', names: DESCRIPTOR_NAMES },
    limits: { smilesBytes: limits.smilesBytes, heavyAtoms: limits.heavyAtoms },
  };
}
